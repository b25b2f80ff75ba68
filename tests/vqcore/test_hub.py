"""Checkpoints to and from a small Hub of our own, which speaks its protocol on this machine."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import huggingface_hub
import huggingface_hub.constants
import pytest

import vqcore
from vqcore import hub
from vqcore.tokenizers.base import fingerprint

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def shelf(monkeypatch, tmp_path):
    """What the Hub has: {repository: {file: bytes}}. Files that were asked for are listed in `shelf.taken`."""

    class Shelf(dict):
        taken, sizes = [], {}

    class Handler(BaseHTTPRequestHandler):
        def answer(self, body):
            parts = self.path.split("?")[0].strip("/").split("/")
            if parts[:2] == ["api", "models"]:
                repo = "/".join(parts[2:4])
                if repo not in shelf:
                    return self.send(404, b"", {"X-Error-Code": "RepoNotFound"}, body)
                files = [{"rfilename": name, "size": shelf.sizes.get(name, len(data))} for name, data in shelf[repo].items()]
                told = json.dumps({"id": repo, "sha": SHA, "siblings": files}).encode()
                return self.send(200, told, {"Content-Type": "application/json"}, body)
            repo, name = "/".join(parts[:2]), "/".join(parts[4:])
            if name not in shelf.get(repo, {}):
                return self.send(404, b"", {}, body)
            shelf.taken.append(name)
            data = shelf[repo][name]
            self.send(200, data, {"ETag": hashlib.sha1(data).hexdigest(), "X-Repo-Commit": SHA}, body)

        def send(self, status, data, headers, body):
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            if body:
                self.wfile.write(data)

        def do_GET(self):
            self.answer(True)

        def do_HEAD(self):
            self.answer(False)

        def log_message(self, *_):
            pass

    shelf = Shelf()
    shelf.taken = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    yield shelf
    server.shutdown()


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_checkpoint_is_loaded_by_its_hub_id_without_files_that_are_not_read(shelf, tiny_folder):
    shelf["ada/tiny"] = files_of(tiny_folder) | {"pytorch_model.bin": b"a pickle", "evil.py": b"", "extra.safetensors": b""}
    model, expected = vqcore.from_pretrained("ada/tiny"), vqcore.load(tiny_folder)
    assert model.name == "ada/tiny"
    assert fingerprint(model) == fingerprint(expected)
    assert not {"pytorch_model.bin", "evil.py", "extra.safetensors"} & set(shelf.taken)


def test_a_folder_of_a_repository_is_a_model_too_and_the_hint_names_it(shelf, tiny_folder):
    shelf["ada/pipeline"] = {f"vq/{name}": data for name, data in files_of(tiny_folder).items()}
    assert vqcore.load("ada/pipeline/vq").levels[0].codebook_size == 64
    with pytest.raises(ValueError, match="ada/pipeline/vq"):
        vqcore.load("ada/pipeline")


def test_what_was_fetched_once_is_there_without_the_network(shelf, tiny_folder, monkeypatch):
    shelf["ada/tiny"] = files_of(tiny_folder)
    vqcore.load("ada/tiny")
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    assert vqcore.load("ada/tiny").name == "ada/tiny"
    with pytest.raises(ValueError, match="can't be asked") as told:
        vqcore.load("ada/other")
    assert "Errno" not in str(told.value)


def test_what_can_not_be_fetched_says_why(shelf, tiny_folder):
    with pytest.raises(ValueError, match="no public model 'ada/none'"):
        vqcore.load("ada/none")
    shelf["ada/large"] = files_of(tiny_folder)
    shelf.sizes["model.safetensors"] = 5 << 30
    with pytest.raises(ValueError, match="5.0 GB"):
        vqcore.load("ada/large")
    assert shelf.taken == []


@pytest.mark.parametrize("name, known", [
    ("ada/tiny", True), ("ada/tiny/vqvae", True), ("photos", False), ("/etc/passwd", False), ("../ada/tiny", False),
    ("ada/../../etc", False), ("./tiny/x", False), ("ada/", False), ("ada/ti ny", False),
])
def test_only_ids_are_taken_for_ids(name, known):
    assert hub.is_id(name) == known


def test_a_folder_that_is_not_there_is_not_looked_for_on_the_hub(shelf):
    with pytest.raises(ValueError, match="no config.json there"):
        vqcore.load("checkpoints/nothing")
    assert shelf.taken == []


def test_a_push_uploads_the_checkpoint_with_a_card_and_nothing_else(tiny_folder, tmp_path, monkeypatch):
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, data in files_of(tiny_folder).items():
        (folder / name).write_bytes(data)
    (folder / "README.md").unlink(missing_ok=True)
    (folder / "training.pt").write_bytes(b"private")
    shown = {"atlas.safetensors", "metrics.jsonl", "samples.webp"}
    for name in shown:
        (folder / name).write_bytes(b"")
    calls = []
    for name in ("create_repo", "upload_file", "upload_folder"):
        monkeypatch.setattr(huggingface_hub.HfApi, name, lambda self, *a, _name=name, **k: calls.append((_name, self.token, a, k)))
    assert vqcore.push_to_hub(folder, "ada/mine", private=True, token="t").endswith("/ada/mine")
    assert [(name, token) for name, token, *_ in calls] == [("create_repo", "t"), ("upload_file", "t"), ("upload_folder", "t")]
    assert calls[0][3]["private"]
    card = calls[1][3]["path_or_fileobj"].decode()
    assert calls[1][3]["path_in_repo"] == "README.md" and 'from_pretrained("ada/mine")' in card and card.startswith("---\n")
    sent = calls[2][3]["allow_patterns"]
    assert {"config.json", "model.safetensors"} | shown <= set(sent) and "training.pt" not in sent
    (folder / "README.md").write_text("# My own card")
    calls.clear()
    vqcore.push_to_hub(folder, "ada/mine")
    assert [name for name, *_ in calls] == ["create_repo", "upload_folder"] and "README.md" in calls[1][3]["allow_patterns"]
    with pytest.raises(ValueError, match="OWNER/NAME"):
        vqcore.push_to_hub(folder, "mine")
