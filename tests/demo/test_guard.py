"""The app over HTTP as nobody means it: questions that are too large, uploads that break off, callers who leave, what Gradio can't read."""

import json
import logging
import os
import shutil
import socket
import threading
import time
from urllib.parse import urlsplit

import httpx
import pytest

from demo import blocks, connections, guard, models, uploads
from demo.kit import writing
from demo.visitors import Visitor
from demo.workers import MISUNDERSTOOD, Busy, writers
from tests.patience import PATIENCE, wait_until


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the app keeps uploads."""
    patch, folder = pytest.MonkeyPatch(), tmp_path_factory.mktemp("uploads")
    patch.setenv("GRADIO_TEMP_DIR", str(folder))
    yield folder
    patch.undo()


@pytest.fixture(scope="module")
def page(tiny_default, folder):
    app = blocks.build()
    app.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **guard.served())
    yield app
    app.close()


@pytest.fixture(scope="module")
def address(page):
    return page.local_url.rstrip("/")


@pytest.fixture(scope="module")
def client(address):
    with httpx.Client(base_url=address, timeout=PATIENCE) as client:
        yield client


@pytest.fixture(scope="module")
def canvas(client):
    """The canvas' number among the components."""
    components = client.get("/config").json()["components"]
    return next(each["id"] for each in components if each["props"].get("elem_id") == "token-canvas")


def ask(client, component, function, question, session="test", **settings):
    body = {"data": question, "component_id": component, "fn_name": function, "session_hash": session}
    return client.post("/gradio_api/component_server", json=body, **settings)


def test_an_ordinary_question_is_answered(client, canvas):
    assert ask(client, canvas, "read_codebook", {}).json()["model"] == models.tokenizer().name


def test_no_page_leaves_a_state_behind(client, canvas, page):
    states = {id(page.state_holder[session]) for session in ("a", "b")}
    for session in ("c", "d"):
        assert ask(client, canvas, "read_codebook", {}, session).status_code == 200
        client.post("/gradio_api/run/list_models", json={"data": [], "session_hash": session})
    assert len(states) == 1 and not page.state_holder.session_data
    with pytest.raises(TypeError, match="No page has a state"):
        page.state_holder["a"][canvas] = None


@pytest.mark.parametrize("question, words", [
    (b'"' + b"x" * 1_000_001 + b'"', guard.TOO_MUCH), (b"[" + b"[]," * guard.MOST_PARTS + b"[]]", guard.TOO_MANY),
])
@pytest.mark.parametrize("path", ["component_server", "queue/join", "call/encode", "run/encode"])
def test_a_question_that_is_too_large_is_refused_before_it_is_read(client, path, question, words, monkeypatch):
    monkeypatch.setattr(guard, "MOST_BYTES", 1_000_000)
    body, headers = b'{"data": ' + question + b"}", {"Content-Type": "application/json"}
    for content in (body, iter([body[:1000], body[1000:]])):  # with its length told, and without
        answer = client.post(f"/gradio_api/{path}", content=content, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (413, words)


def test_an_upload_that_is_too_large_or_finds_no_room_is_refused_and_leaves_nothing(client, folder, monkeypatch):
    def send(data):
        return client.post("/gradio_api/upload", files={"files": ("a.bin", data)})

    assert send(b"whole").status_code == 200
    monkeypatch.setattr(guard, "MOST_UPLOADED", 1000)
    assert (send(bytes(2000)).status_code, send(bytes(2000)).json()["error"]) == (413, guard.TOO_LARGE)
    monkeypatch.setattr(uploads, "MOST_BYTES", 10)
    assert (send(b"again").status_code, send(b"again").json()["error"]) == (507, guard.FULL)
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["a.bin"]


def test_an_upload_that_breaks_off_leaves_nothing(address, folder, client):
    place = urlsplit(address)
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="half.bin"\r\n\r\n'
    with socket.create_connection((place.hostname, place.port)) as wire:
        told = b"POST /gradio_api/upload HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        wire.sendall(told + b"Content-Length: 900000\r\n\r\n" + head + bytes(300_000))
        wait_until(lambda: list(folder.glob(uploads.UNFINISHED)), "the first half")
    wait_until(lambda: not list(folder.glob(uploads.UNFINISHED)), "the sweeping")


def test_the_folder_of_uploads_lets_the_oldest_go_and_never_what_has_just_come(folder, monkeypatch):
    for each in folder.iterdir():
        shutil.rmtree(each)
    monkeypatch.setattr(uploads, "MOST_BYTES", 3000)
    monkeypatch.setattr(uploads, "_sent", uploads.deque())
    for name, age in (("new", 0), ("old", uploads.KEPT_SECONDS + 60), ("older", uploads.KEPT_SECONDS + 120)):
        (folder / name).mkdir()
        (folder / name / "file").write_bytes(bytes(900))
        os.utime(folder / name, (time.time() - age,) * 2)
    uploads.admit(Visitor("a"), 1000)
    assert {path.name for path in folder.iterdir()} == {"new", "old"}
    with pytest.raises(Busy):
        uploads.admit(Visitor("b"), 2500)
    assert [path.name for path in folder.iterdir()] == ["new"]
    with pytest.raises(Busy):
        uploads.admit(Visitor("a"), 1200)
    uploads.admit(Visitor("b"), 1200)


@pytest.mark.parametrize("path, body", [
    ("component_server", {"data": 1, "component_id": 99999, "fn_name": "a", "session_hash": "x"}),
    ("component_server", {"data": 1, "component_id": [], "fn_name": {}, "session_hash": None}),
    ("component_server", []), ("run/encode", {"data": []}), ("run/encode", {"data": [{"path": "/etc/passwd"}, ""]}),
    ("run/nothing", {"data": []}), ("call/nothing", {"data": []}), ("queue/join", {"data": [], "fn_index": 10**9, "session_hash": "x"}),
    ("run/decode", {"data": [{"model": "\ud800"}]}),
    ("run/decode", {"data": [{"version": 1, "grids": [], "width": 8, "height": 8, "model": "\ud800"}]}),
    ("call/v2/encode", {"no": 1}), ("reset", {}), ("cancel", {}),
])
def test_what_gradio_cannot_read_is_answered_in_words_and_logged_in_a_line(client, path, body, caplog, capfd):
    with caplog.at_level(logging.WARNING):
        answer = client.post(f"/gradio_api/{path}", content=json.dumps(body), headers={"Content-Type": "application/json"})
    told = answer.json()
    assert 400 <= answer.status_code < 500 and (told.get("error") or told["detail"])
    assert "Traceback" not in "".join(capfd.readouterr()) and not any(record.exc_info for record in caplog.records)


def test_a_stream_tells_in_words_what_gradio_leaves_out(client):
    event = client.post("/gradio_api/call/encode", json={"data": []}).json()["event_id"]
    told = client.get(f"/gradio_api/call/encode/{event}").text
    assert "event: error" in told and MISUNDERSTOOD in told


@pytest.mark.parametrize("way", ["component_server", "run", "call"])
def test_work_ends_when_its_caller_has_gone(client, address, way, monkeypatch):
    """A prior that would write for ever; its caller hangs up at the first token."""
    began, ended = threading.Event(), threading.Event()

    def endless(*_, **__):
        try:
            while True:
                writers.pass_on()
                began.set()
        finally:
            ended.set()

    name, prior = next(iter(models.priors().items()))
    monkeypatch.setattr(type(prior), "sample", endless)
    monkeypatch.setattr(writing, "check", lambda *_: None)
    components = client.get("/config").json()["components"]
    sampler = next(each["id"] for each in components if each["props"].get("elem_id") == "sampler")
    question = {"prior": name, "settings": {}, "count": 1, "tokens": "", "kept": 0, "until": 1}
    body = {"data": question, "component_id": sampler, "fn_name": "write_tokens", "session_hash": "x"}
    path, asked = (way, body) if way == "component_server" else (f"{way}/sample", {"data": [name, 1, "", None, 0, 1.0, 0, None]})
    with httpx.Client(base_url=address, timeout=httpx.Timeout(PATIENCE, read=2)) as other:
        with pytest.raises(httpx.ReadTimeout):
            answer = other.post(f"/gradio_api/{path}", json=asked)
            other.get(f"/gradio_api/call/sample/{answer.json()['event_id']}")
        assert began.wait(PATIENCE)
    assert ended.wait(PATIENCE)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n", b"GET /robots.txt HTTP/1.1\r\nHost: a\r\n\r\nGET /"])
def test_a_connection_that_is_only_held_open_is_closed(address, monkeypatch, sent):
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    place = urlsplit(address)
    with socket.create_connection((place.hostname, place.port), timeout=PATIENCE) as wire:
        wire.sendall(sent)
        while True:
            try:
                if not wire.recv(1 << 16):
                    break
            except ConnectionResetError:
                break


@pytest.mark.parametrize("path", [
    "/gradio_api/proxy=https://a.hf.space/", "/gradio_api/file=http://127.0.0.1:1/", "/gradio_api/deep_link?session_hash=a", "/monitoring",
    "/gradio_api/stream/a/b/1/playlist.m3u8", "/gradio_api/vibe-code", "/gradio_api/process_recording",
])
def test_what_no_page_asks_is_not_there(client, path):
    for answer in (client.get(path), client.post(path, json={})):
        assert (answer.status_code, answer.json()["error"]) == (404, guard.UNKNOWN)
