"""Checkpoints to and from a small Hub of our own, which speaks its protocol on this machine."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import huggingface_hub
import huggingface_hub.constants
import pytest

import vqcore
from tests.vqgan import small_vqgan_folder
from vqcore import checkpoints, hub
from vqcore.tokenizers.base import fingerprint

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def shelf(monkeypatch, tmp_path):
    """What the Hub has: {repository: {file: bytes}}. Files that were asked for are listed in `shelf.taken`."""

    class Shelf(dict):
        taken, sizes, tags = [], {}, []

    class Handler(BaseHTTPRequestHandler):
        def answer(self, body):
            parts = self.path.split("?")[0].strip("/").split("/")
            if parts[:2] == ["api", "models"]:
                repo = "/".join(parts[2:4])
                if repo not in shelf:
                    return self.send(404, b"", {"X-Error-Code": "RepoNotFound"}, body)
                files = [{"rfilename": name, "size": shelf.sizes.get(name, len(data))} for name, data in shelf[repo].items()]
                told = json.dumps({"id": repo, "sha": SHA, "siblings": files, "tags": shelf.tags}).encode()
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


def test_what_is_known_of_a_model_is_told_before_its_weights_are_fetched(shelf, tmp_path):
    shelf["ada/theirs"] = files_of(small_vqgan_folder(tmp_path / "theirs")) | {"notes.pdf": b"long", "model.fp16.safetensors": b"half"}
    shelf.tags = ["pytorch", "license:openrail++"]
    found = checkpoints.look("ada/theirs", "tokenizer")
    weights = len(shelf["ada/theirs"]["model.safetensors"])
    assert set(shelf.taken) == {"config.json"} and found.sizes == {"model.safetensors": weights} and found.licence == "openrail++"
    told = checkpoints.describe(found.folder, "ada/theirs")
    assert "VQGAN of taming-transformers" in told.what and (told.codes, told.downsampling) == ((40,), (8,))
    heard = []
    checkpoints.fetch("ada/theirs", "tokenizer", lambda done, total: heard.append((done, total)))
    assert heard == sorted(heard) and heard[-1] == (weights, weights) and len(heard) > 1
    shelf["ada/prior"] = {"config.json": b'{"kind": "prior", "version": 1}'}
    with pytest.raises(ValueError, match="not a tokenizer"):
        checkpoints.look("ada/prior", "tokenizer")


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
    with pytest.raises(ValueError, match="5.0. GB"):
        vqcore.load("ada/large")
    assert set(shelf.taken) == {"config.json"}


@pytest.mark.parametrize("config, words", [
    ({"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]}, "language model of text"),
    ({"model": {"target": "vqvae.RQVAE", "params": {}}}, "RQ-VAE"),
    ({"model": {"target": "x.VQModel", "params": {"ddconfig": {"double_z": 0}}}}, "has to be true or false"),
    ({"kind": "prior", "version": 1}, "not a tokenizer"), ({"kind": "zebra", "version": 1}, "zebra"), ([], "not written by"),
])
def test_of_what_does_not_open_nothing_but_config_json_is_fetched(shelf, config, words):
    shelf["ada/theirs"] = {"config.json": json.dumps(config).encode(), "model.safetensors": b"a gigabyte", "README.md": b"# It"}
    with pytest.raises(ValueError, match=words):
        vqcore.load("ada/theirs")
    assert set(shelf.taken) == {"config.json"}
    with pytest.raises(ValueError, match="config.json of ada/theirs has 0.01 GB"):
        shelf.sizes["config.json"] = 5 << 20
        vqcore.load("ada/theirs")


def test_a_hub_id_without_safetensors_says_what_it_has_in_their_place(shelf, tmp_path):
    config = files_of(small_vqgan_folder(tmp_path / "theirs"))["config.json"]
    shelf["ada/pickles"] = {"config.json": config, "pytorch_model.bin": b"", "README.md": b"", "optimizer.pt": b""}
    with pytest.raises(ValueError, match="ada/pickles has its weights as optimizer.pt, a pickle.* is never opened"):
        vqcore.load("ada/pickles")
    shelf["ada/lightning"] = {"last.ckpt": b"", "model.yaml": b""}
    with pytest.raises(ValueError, match="last.ckpt, a pickle.* no config.json either"):
        vqcore.load("ada/lightning")
    assert set(shelf.taken) == {"config.json"}


def test_a_pipelines_root_names_its_tokenizer(shelf, tmp_path):
    theirs = files_of(small_vqgan_folder(tmp_path / "theirs"))
    shelf["ada/pipeline"] = {f"{part}/{name}": data for part in ("transformer", "vqvae") for name, data in theirs.items()}
    shelf["ada/pipeline"]["model_index.json"] = b"{}"
    with pytest.raises(ValueError, match="Its tokenizer is ada/pipeline/vqvae: open that one"):
        vqcore.load("ada/pipeline")
    assert vqcore.load("ada/pipeline/vqvae").levels[0].codebook_size == 40


def test_of_weights_in_two_precisions_one_is_fetched_and_counted(shelf, tmp_path):
    theirs = files_of(small_vqgan_folder(tmp_path / "theirs"))
    weights = theirs.pop("model.safetensors")
    both = {"diffusion_pytorch_model.safetensors": weights, "diffusion_pytorch_model.fp16.safetensors": weights, "pytorch_model.bin": b""}
    shelf["ada/both"] = theirs | both
    shelf.sizes["diffusion_pytorch_model.fp16.safetensors"] = 1 << 30
    assert vqcore.load("ada/both").levels[0].codebook_size == 40
    assert set(shelf.taken) == {"config.json", "diffusion_pytorch_model.safetensors"}
    shelf["ada/half"] = theirs | {"model.fp16.safetensors": weights}
    assert vqcore.load("ada/half").levels[0].codebook_size == 40
    shelf["ada/shards"] = theirs | {"model-00001-of-00002.safetensors": weights}
    with pytest.raises(ValueError, match="of 2 shards of weights"):
        vqcore.load("ada/shards")


@pytest.mark.parametrize("size, words", [((1 << 30) + 1, "1.01 GB of weights; up to 1 GB"), (1 << 30, None)])
def test_a_gigabyte_is_fetched_and_a_byte_more_is_not(shelf, tmp_path, size, words):
    shelf["ada/large"] = files_of(small_vqgan_folder(tmp_path / "theirs"))
    shelf.sizes["model.safetensors"] = size
    if words is None:
        assert vqcore.load("ada/large").levels[0].codebook_size == 40
    else:
        with pytest.raises(ValueError, match=words):
            vqcore.load("ada/large")


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
