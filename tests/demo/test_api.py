"""The app as other programs see it: over HTTP, by gradio_client and as MCP tools."""

import ast
import asyncio
import json
import re
import shutil
import urllib.request
import wave
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio_client
import numpy as np
import pytest
import torch
from gradio_client import handle_file
from PIL import Image

import vqcore
from app import speaks_mcp
from demo import blocks, endpoints, guard, models
from demo import document as documents
from demo.models import foreign
from demo.train import runs
from demo.train import work as training
from demo.train.pictures import lay_out
from tests.patience import wait_until
from tests.stepped import writer
from tests.tiny import draw_picture
from vqcore.data.images import open_picture
from vqcore.data.labelled import read_labelled
from vqcore.data.sounds import open_wav, write_wav
from vqcore.priors import new_prior
from vqcore.priors.sequence import Grid, Layout, Words
from vqcore.priors.stored import save_prior
from vqcore.priors.text import Text
from vqcore.priors.transformer import TransformerConfig
from vqcore.retrieval.contrastive import Contrastive, ContrastiveConfig
from vqcore.retrieval.known import Known
from vqcore.tokenizers.pixels import to_pixels, to_tensor

ROOT = Path(__file__).parent.parent.parent
README = ROOT / "demo" / "README.md"


@pytest.fixture(scope="module")
def address(tiny_default, tiny_sound, any_size_prior, tmp_path_factory):
    """The app, with priors of pictures that were never trained, on a port of its own."""
    torch.manual_seed(0)
    layout = Layout(Words.of(["cat", "dog"]), 1, (Grid(64, (4, 5)),))
    prior = new_prior(layout, TransformerConfig(layers=1, width=16, heads=2), tiny_default.name, ["cat", "dog"])
    folder = save_prior(prior, tmp_path_factory.mktemp("priors") / "photos-prior")
    larger = shutil.copytree(any_size_prior, folder.with_name("photos-anysize"))
    patch = pytest.MonkeyPatch()
    for name, where in zip(("PRIORS", "SOUND", "SPEAKER"), (f"{folder},{larger}", *tiny_sound)):
        patch.setattr(models, name, str(where))
    caches = models._priors, models.sound_tokenizer, models.speaker
    for cache in caches:
        cache.cache_clear()
    app = blocks.build()
    _, url, _ = app.launch(prevent_thread_lock=True, quiet=True, mcp_server=speaks_mcp(), server_name="127.0.0.1", **guard.served())
    yield url
    app.close()
    patch.undo()
    for cache in caches:
        cache.cache_clear()


@pytest.fixture(scope="module")
def call(address):
    """Asks an endpoint by its name."""
    client = gradio_client.Client(address, verbose=False)
    return lambda name, *args, **settings: client.predict(*args, api_name=f"/{name}", **settings)


@pytest.fixture
def picture(tmp_path):
    Image.fromarray(draw_picture(5, 40, 32)).save(tmp_path / "drawn.png")
    return handle_file(str(tmp_path / "drawn.png"))


def pixels(path):
    return np.asarray(Image.open(path))


def test_the_public_endpoints_are_these_typed_and_described(address):
    info = json.load(urllib.request.urlopen(f"{address}gradio_api/info"))["named_endpoints"]
    assert sorted(info) == sorted(f"/{function.__name__}" for function in endpoints.ENDPOINTS)
    for endpoint in info.values():
        assert endpoint["description"] and all(entry["type"] != {} for entry in endpoint["parameters"] + endpoint["returns"])


def test_a_picture_becomes_a_document_and_a_picture_again(call, picture, tiny_default):
    document = call("encode", image=picture)
    tokens = tiny_default.encode(to_tensor(draw_picture(5, 40, 32)))
    assert (documents.from_json(document).grids[0] == tokens[0][0].numpy()).all()
    assert (pixels(call("decode", document)) == to_pixels(tiny_default.decode(tokens))[0]).all()
    rebuilt, figures = call("reconstruct", picture)
    assert (pixels(rebuilt) == pixels(call("decode", document))).all()
    assert figures["tokens"] == 20 and figures["bits"] == 120 and 5 < figures["psnr"] < 60 and 0 < figures["ssim"] < 1


def test_why_a_token_is_its_code_is_told(call, picture, tiny_default):
    document = call("encode", picture)
    why, others = call("explain_token", document, 2, 3, picture)
    (z_e,), (level,) = tiny_default.latents(to_tensor(draw_picture(5, 40, 32))), tiny_default.levels
    apart = (level.codebook.double() - z_e[0, :, 2, 3].double()).norm(dim=1)
    assert np.allclose(why["z_e"], z_e[0, :, 2, 3]) and np.allclose(why["e_k"], level.codebook[why["code"]])
    assert why["nearest"] == apart.argsort(stable=True)[:8].tolist() and np.allclose(why["distances"], apart.sort().values[:8])
    assert why["code"] == why["nearest"][0] and why["rank"] == 0 and np.isclose(why["margin"], apart.sort().values[:2].diff()[0])
    assert pixels(others).shape == (24 + 4, 3 * (16 + 8 + 4), 3)
    alone, _ = call("explain_token", document, 2, 3)
    assert alone["z_e"] is None and alone["nearest"][0] == why["code"]
    with pytest.raises(gradio_client.exceptions.AppError, match="4 rows"):
        call("explain_token", document, 4, 3, picture)


def test_better_tokens_are_found_for_a_picture(call, picture, tmp_path):
    document = call("encode", picture)
    refined, after = call("refine", picture, document, 2)
    drawn = draw_picture(5, 40, 32).astype(float)
    errors = [((pixels(each).astype(float) - drawn) ** 2).mean() for each in (call("decode", document), after)]
    assert errors[1] < 0.99 * errors[0] and refined["width"] == document["width"] and refined["grids"] != document["grids"]
    Image.fromarray(draw_picture(5, 48, 32)).save(tmp_path / "other.png")
    with pytest.raises(gradio_client.exceptions.AppError, match="another size"):
        call("refine", handle_file(str(tmp_path / "other.png")), document)


def test_a_picture_is_compared_under_settings_and_with_codecs(call, picture, tmp_path):
    rebuilt, figures = call("compare", picture)
    again, known = call("reconstruct", picture)
    assert (pixels(rebuilt) == pixels(again)).all() and {name: figures[name] for name in known} == pytest.approx(known)
    rebuilt, smaller = call("compare", picture, codes=16, scale=0.5)
    assert pixels(rebuilt).shape == (32, 40, 3) and (smaller["tokens"], smaller["bits"]) == (6, 24)
    Image.new("RGB", (512, 512), "teal").save(tmp_path / "plain.png")
    webp = call("compare", handle_file(str(tmp_path / "plain.png")))[1]["webp"]
    assert 0 < webp["bytes"] <= 64 * 64 * 6 / 8 and webp["psnr"] > 30 and webp["ssim"] > 0.9


def test_an_edit_writes_its_codes_and_no_others(call, picture, tiny_default):
    document = call("encode", image=picture)
    before = np.array(call("read_codes", document))
    edited, seen = call("edit", document, 1, 2, [[7, 8], [9, 10]])
    after = np.array(call("read_codes", edited))
    assert after[1:3, 2:4].tolist() == [[7, 8], [9, 10]] == call("read_codes", edited, 1, 2, 2, 2)
    after[1:3, 2:4] = before[1:3, 2:4]
    assert (after == before).all()
    assert (pixels(seen) == pixels(call("decode", edited))).all()


def test_codes_have_neighbours_and_ways_between(call, tiny_default):
    near = call("nearest_codes", 5, 4)
    assert near[0] == 5 and len(set(near)) == 4
    way = call("codes_between", 5, 9, 6)
    assert (way[0], way[-1], len(way)) == (5, 9, 6)


def test_a_codebook_is_described_and_mapped(call, tiny_default):
    about, sheet = call("describe_codebook")
    assert (about["codes"], about["code_dim"], about["downsampling"]) == (64, 8, 8)
    assert about["usage"] == tiny_default.levels[0].usage.tolist()
    assert pixels(sheet).shape == (8, 64 * 8, 3)
    places = call("map_codebook")
    assert len(places["principal"]) == 64 and 0 < places["share"] <= 1 and places["neighbourhood"] is None


def test_a_level_alone_of_one_level_is_the_picture(call, picture):
    document = call("encode", picture)
    assert (pixels(call("decode_level", document)) == pixels(call("decode", document))).all()


def test_tokens_are_drawn_each_for_itself(call, tiny_default):
    drawn, together = call("draw_tokens", "photos-prior", "marginal", 2, 5)
    assert len(drawn) == 2 and pixels(together).shape == (32, 80, 3)
    used = tiny_default.levels[0].usage > 0
    assert all(used[code] for document in drawn for row in call("read_codes", document) for code in row)


def test_a_prior_samples_completes_and_judges(call):
    assert call("list_models")["priors"] == ["photos-prior", "photos-anysize"]
    several, together = call("sample", prior="photos-prior", n=2, condition="cat", seed=3)
    assert (pixels(together) == np.hstack([pixels(call("decode", document)) for document in several])).all()
    assert len(several) == 2 and pixels(together).shape == (32, 80, 3)
    assert several == call("sample", prior="photos-prior", n=2, condition="cat", seed=3)[0] != call("sample", "photos-prior", 2, "cat")[0]
    document = several[0]
    total, each = call("bits", document, "photos-prior", "cat")
    assert np.shape(each) == (4, 5) and total == pytest.approx(np.sum(each), abs=0.01) and total > 0
    completed, _ = call("complete", document, "photos-prior", 1, 1, 2, 3, seed=9)
    before, after = np.array(call("read_codes", document)), np.array(call("read_codes", completed))
    assert (after[1:3, 1:4] != before[1:3, 1:4]).any()
    after[1:3, 1:4] = before[1:3, 1:4]
    assert (after == before).all()


def test_pictures_are_ranked_by_a_text_and_drawings_find_their_like(call, picture, monkeypatch):
    torch.manual_seed(0)
    config = ContrastiveConfig(side=16, text_length=4, width=8, text_layers=1, heads=2, channels=(4, 4))
    judge = Contrastive(Text.of(["cat"]), config, name="judge").eval().requires_grad_(False)
    several, _ = call("sample", prior="photos-prior", n=3, seed=3)
    with pytest.raises(gradio_client.exceptions.AppError, match="known with texts"):
        call("rank", several, "photos-prior", "cat")
    monkeypatch.setattr(models, "contrastive_of", lambda _: judge)
    fits = call("rank", several, "photos-prior", "cat")
    each = [judge.fit("cat", models.tokenizer().decode([torch.tensor(call("read_codes", document))[None]]))[0] for document in several]
    assert fits == pytest.approx([float(fit) for fit in each], abs=1e-3)
    known = Known(["here"], torch.ones(1, 8), torch.zeros(1, 4, 5, dtype=torch.int64))
    monkeypatch.setattr(models, "known_pictures", lambda _: known)
    assert [each["text"] for each in call("find_nearest", picture, "photos-prior")] == ["here"]


def test_answers_say_what_was_done_to_a_file(call, picture, tmp_path, monkeypatch):
    dark = np.arange(64 * 64).reshape(64, 64).astype(np.uint16)  # 12 bits in a file of 16
    Image.fromarray(dark).save(tmp_path / "dark.png")
    (stretched,) = open_picture(str(tmp_path / "dark.png")).notes
    file = handle_file(str(tmp_path / "dark.png"))
    document = call("encode", file)
    assert document["note"] == stretched and call("encode", picture)["note"] is None
    assert pixels(call("decode", document)).shape == (64, 64, 3)
    assert call("reconstruct", file)[1]["note"] == call("compare", file)[1]["note"] == stretched
    judge = Contrastive(Text.of(["cat"]), ContrastiveConfig(side=16, text_length=4, width=8, text_layers=1, heads=2, channels=(4, 4)))
    monkeypatch.setattr(models, "contrastive_of", lambda _: judge.eval())
    monkeypatch.setattr(models, "known_pictures", lambda _: Known(["here"], torch.ones(1, 8), torch.zeros(1, 4, 5, dtype=torch.int64)))
    assert [each["note"] for each in call("find_nearest", file, "photos-prior")] == [stretched]
    hum = np.sin(np.arange(4000) / 14) / 2
    stereo = (np.stack([hum, -hum], 1) * 32767).astype("<i2").tobytes()
    with wave.open(str(tmp_path / "stereo.wav"), "wb") as out:
        out.setparams((2, 2, 8000, 0, "NONE", ""))
        out.writeframes(stereo)
    told = call("describe_sound", handle_file(str(tmp_path / "stereo.wav")))
    assert "cancel" in told["note"] and told["seconds"] == 0.5 and told["loudest"] > 0.4
    assert np.abs(open_wav(call("encode_sound", handle_file(str(tmp_path / "stereo.wav")))[1]).samples).max() > 0.1


def test_a_sentence_of_a_scene_is_rendered(call):
    path, said = call("draw_scene", "a small red ball on sand", side=48, seed=2)
    again = np.array(Image.open(call("draw_scene", "a small red ball on sand", side=48, seed=2)[0]))
    assert (pixels(path) == again).all() and pixels(path).shape == (48, 48, 3) and "red" in said
    with pytest.raises(gradio_client.exceptions.AppError, match="cube"):
        call("draw_scene", "a red qube")


def test_a_sentence_is_read_and_its_words_weighed(call, tiny_text_prior, monkeypatch):
    prior = vqcore.load_prior(tiny_text_prior)
    monkeypatch.setattr(models, "_priors", lambda: {prior.name: (prior, tiny_text_prior)})
    assert call("read_prompt", prior.name, "Red bar")["tokens"] == 2
    (document,), _ = call("sample", prior.name, 1, "red bar", seed=4)
    whole, words = call("weigh_words", document, prior.name, "red bar")
    assert whole == pytest.approx(call("bits", document, prior.name, "red bar")[0], rel=1e-4)
    assert [each["word"] for each in words] == ["red", "bar"]
    assert words[0]["bits"] == pytest.approx(call("bits", document, prior.name, "bar")[0], rel=1e-4)


def test_a_table_becomes_tokens(call, tmp_path):
    (tmp_path / "tides.csv").write_text("level,wind\n" + "".join(f"{np.sin(t / 5)},{t % 7}\n" for t in range(200)))
    found = call("encode_table", handle_file(str(tmp_path / "tides.csv")))
    assert found["names"] == ["level", "wind"]
    assert len(found["tokens"]) == -(-200 // found["steps"]) and max(found["tokens"]) < found["codes"]
    assert found["rmse"][0] < 0.5


def test_a_token_file_goes_out_and_comes_in(call, picture):
    document = call("encode", image=picture)
    file = call("export", document, "vqt")
    assert file.endswith(".vqt") and Path(file).stat().st_size < 50
    assert call("read_token_file", handle_file(file))["grids"] == document["grids"]


def test_a_sound_becomes_tokens_and_tokens_a_sound(call, tmp_path):
    samples = 0.5 * np.sin(np.arange(16000 * 11) / 14)
    (tmp_path / "hum.wav").write_bytes(write_wav(samples, 16000))
    tokens, rebuilt = call("encode_sound", handle_file(str(tmp_path / "hum.wav")))
    heard = open_wav(rebuilt)
    tokenizer = models.sound_tokenizer()
    assert heard.rate == 8000
    assert len(tokens) * tokenizer.levels[0].downsampling == len(heard.samples) == 80000, "after 10 seconds it is cut"
    assert np.abs(heard.samples - tokenizer.decode([torch.tensor(tokens)[None]])[0, 0].numpy().clip(-1, 1)).max() < 1e-3
    assert np.abs(open_wav(call("decode_sound", tokens[:40])).samples[:200] - heard.samples[:200]).max() < 1e-3


def test_a_word_is_spoken_as_the_prior_has_it(call):
    prior = models.speaker()
    word = prior.conditions[0]
    tokens, spoken = call("speak", word, 1.0, 5)
    assert tokens == prior.sample(1, word, seed=5)[0][0].tolist()
    assert len(open_wav(spoken).samples) == models.sound_tokenizer().levels[0].downsampling * len(tokens)


def test_the_lessons_compute_for_other_programs(call):
    linear, coded, figures = call("compress_patches", numbers=192, bits=8)
    assert pixels(linear).shape == pixels(coded).shape and figures["linear_psnr"] > 30
    found = call("look_up_points", [[0, 0], [1, 0]], [[0.2, 0], [0.5, 0]], 0.01)
    assert found["tokens"] == [0, 0] and found["tied"] == [[0], [0, 1]] and found["soft"][1] == pytest.approx([0.5, 0])
    slopes = call("find_slopes", [[0, 0], [1, 0]], [0.2, 0.1], [0.6, 0.6])
    assert slopes["plain"] == [0, 0] and slopes["estimated"] == pytest.approx([-0.6, -0.6])
    assert pixels(call("decode_latent", [0, 0])[0]).ndim == 3


def test_a_plane_trained_in_two_calls_is_the_plane_trained_in_one(call):
    whole, told = call("train_plane", steps=6, seed=3)
    half, first = call("train_plane", steps=3, seed=3)
    again, second = call("train_plane", steps=3, start=half)
    assert again == whole and first + second == told
    assert told[-1]["losses"]["reconstruction"] < told[0]["losses"]["reconstruction"]


def test_a_sentence_is_continued_and_judged(call):
    length = models.priors()["photos-prior"].layout.length
    codes = call("write_sentence", "cat", [3, 4], seed=1)
    assert codes[:2] == [3, 4] and len(codes) == length
    following = call("next_codes", "cat", [3, 4])
    assert following["words"] == ["cat"] and len(following["next"]) == 8 and call("next_codes", "cat", codes)["next"] is None
    assert set(call("judge_sentence", codes)) == {"cat", "dog", ""}
    assert call("draw_latents", "uniform")[1]["cost"] == pytest.approx(6)


def test_captions_and_lists_sent_singly_find_their_pictures(call, tmp_path, monkeypatch):
    begun = []

    def begin(files, settings):
        (tmp_path / str(len(begun))).mkdir()
        begun.append(lay_out(files, tmp_path / str(len(begun))))
        return runs.Run("id", tmp_path, begun[-1].folder, begun[-1].count, "", settings)

    monkeypatch.setattr(training, "begin", begin)
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        for number, text in ((1, f"a cat {folder}"), (2, f"a dog {folder}")):
            Image.fromarray(draw_picture(number, 16, 16)).save(tmp_path / folder / f"a {number}.png")
            (tmp_path / folder / f"a {number}.txt").write_text(text)
    rows = [json.dumps({"file_name": f"a {number}.png", "text": f"listed {number}"}) for number in (2, 1)]
    (tmp_path / "metadata.jsonl").write_text("\n".join(rows))

    def send(*names):
        call("train", [handle_file(str(tmp_path / name)) for name in names])
        return begun[-1].folder

    one, two = ([f"{folder}/a {n}.{kind}" for n in (1, 2) for kind in ("png", "txt")] for folder in ("one", "two"))
    assert read_labelled(send(*one), "train").labels == ["a cat one", "a dog one"]
    assert sorted(read_labelled(send(*one, *two), "train").labels) == ["a cat one", "a cat two", "a dog one", "a dog two"]
    assert read_labelled(send("metadata.jsonl", one[0], one[2]), "train").labels == ["listed 2", "listed 1"]


@pytest.mark.slow
def test_a_run_of_training_is_begun_followed_and_used(call, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "write_run", writer(20))
    for number in range(12):
        Image.fromarray(draw_picture(number, 40, 32)).save(tmp_path / f"{number}.png")
    files = [handle_file(str(path)) for path in sorted(tmp_path.iterdir())]
    run, count = call("train", files, codes=16, code_dim=4)
    assert count == 12
    wait(call, run)
    assert len(call("encode", files[0], call("open_trained", run))["grids"]) == 1
    call("train_prior", run)
    assert wait(call, run)["ready"] == ["tokenizer", "prior"]
    assert len(call("sample_trained", run)) == 12
    with zipfile.ZipFile(call("download_trained", run)) as archive:
        assert {"mine/model.safetensors", "mine-prior/model.safetensors"} <= set(archive.namelist())
    call("continue_training", run)
    call("stop_training", run)
    assert wait(call, run)["problem"] in (None, "It was stopped before it had begun.")


def wait(call, run):
    """What is told of a run once it has ended."""
    return wait_until(lambda: None if (told := call("follow_training", run))["running"] else told, "the end of the training")


def test_someone_elses_tokenizer_is_opened_by_its_id(call, picture, monkeypatch):
    opened = vqcore.load(models.DEFAULT)
    opened.name = "someone/theirs"
    monkeypatch.setattr(foreign, "open_id", lambda id: foreign._loaded.setdefault(id, foreign.Open(opened, 1, "")).tokenizer)
    assert call("open_model", "someone/theirs") == {"name": "someone/theirs", "levels": [{"codes": 64, "code_dim": 8, "downsampling": 8}]}
    assert call("encode", picture, "someone/theirs")["model"] == "someone/theirs"
    foreign._loaded.clear()


@pytest.mark.parametrize("name, arguments, words", [
    ("open_model", {"id": "nothing"}, "OWNER/NAME"),
    ("decode_sound", {"tokens": [70000]}, "lie in 0"),
    ("decode_sound", {"tokens": []}, "between 1 and"),
    ("speak", {"word": "banana"}, "banana"),
    ("compress_patches", {"picture": "../app"}, "no example called"),
    ("look_up_points", {"codes": [[0, 99]], "points": [[0, 0]]}, "out of sight"),
    ("train_plane", {"steps": 1_000_000}, "1 to 200"),
    ("train_plane", {"start": {"x": []}}, "don't understand"),
    ("write_sentence", {"tokens": [64]}, "0 to 63"),
    ("train", {"bundled": "../.."}, "no set called"),
    ("train", {"pictures": [{"path": "/etc/passwd"}]}, "handle_file"),
    ("train", {"codes": 17}, "from their lists"),
    ("follow_training", {"run": "mine"}, "no longer here"),
    ("describe_codebook", {"level": 3}, "no level 3"),
    ("draw_tokens", {"prior": "photos-prior", "by": "marginal", "n": 99}, "16"),
    ("read_prompt", {"prior": "photos-prior", "text": "a cat"}, "no sentence"),
    ("encode", {"image": {"path": "/etc/passwd"}}, "handle_file"),
    ("decode", {"document": {"version": 1}}, "isn't a token document"),
    ("nearest_codes", {"code": 64}, "0 to 63"),
    ("nearest_codes", {"code": 1, "model": "none"}, "no model called"),
    ("compare", {"image": {"path": "/etc/passwd"}}, "handle_file"),
    ("sample", {"prior": "none"}, "no prior called"),
    ("sample", {"prior": "photos-prior", "n": 999}, "16"),
    ("sample", {"prior": "photos-prior", "condition": "fish"}, "fish"),
])
def test_what_makes_no_sense_is_answered_in_words(call, name, arguments, words):
    with pytest.raises(gradio_client.exceptions.AppError, match=words):
        call(name, **arguments)


@pytest.mark.parametrize("change, words", [
    ((9, 0, [[1]]), "beyond"), ((0, -1, [[1]]), "beyond"), ((0, 0, [[64]]), "0 to 63"),
    ((0, 0, [[1], [1, 2]]), "one length"), ((0, 0, []), "one length"),
])
def test_an_edit_outside_the_grid_or_the_codebook_is_refused(call, picture, change, words):
    with pytest.raises(gradio_client.exceptions.AppError, match=words):
        call("edit", call("encode", picture), *change)


def test_a_file_of_the_server_can_not_be_asked_for(address):
    """gradio_client would upload the path itself; someone else would not."""
    file = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
    question = urllib.request.Request(
        f"{address}gradio_api/call/read_token_file", json.dumps({"data": [file]}).encode(), {"Content-Type": "application/json"}
    )
    event = json.load(urllib.request.urlopen(question))["event_id"]
    answer = urllib.request.urlopen(f"{address}gradio_api/call/read_token_file/{event}").read().decode()
    assert "event: error" in answer and "isn't a token file" not in answer


def test_the_readme_example_runs(address, monkeypatch):
    example = next(block for block in re.findall(r"```python\n(.*?)```", README.read_text(), re.S) if "gradio_client" in block)
    monkeypatch.chdir(ROOT)
    names = {}
    exec(example.replace("http://127.0.0.1:7860", address), names)
    assert names["again"]["grids"] == names["document"]["grids"] and Path(names["picture"]).is_file() and len(names["samples"]) == 4
    assert names["larger"]["width"] == 63 * 8


@pytest.mark.skipif(not speaks_mcp(), reason="This test needs pip install 'gradio[mcp]'.")
def test_an_assistant_finds_the_endpoints_as_tools_and_uses_them(address):
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def talk():
        async with streamable_http_client(f"{address}gradio_api/mcp/") as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            tools = (await session.list_tools()).tools
            sampled = await session.call_tool("sample", {"prior": "photos-prior", "seed": 1})
            document = ast.literal_eval(sampled.content[0].text)[0]  # Gradio writes Python's own form
            edited = await session.call_tool("edit", {"document": document, "row": 0, "column": 0, "codes": [[3]]})
            return tools, sampled, edited

    with ThreadPoolExecutor(1) as pool:  # a browser test before this one leaves a running loop on the main thread
        tools, sampled, edited = pool.submit(asyncio.run, talk()).result()
    by_name = {tool.name: tool for tool in tools}
    assert sorted(by_name) == sorted(function.__name__ for function in endpoints.ENDPOINTS)
    assert "picture" in by_name["encode"].description
    assert by_name["edit"].inputSchema["properties"]["codes"]["type"] == "array"
    assert not sampled.isError and not edited.isError
    assert all(any(part.type == "image" for part in result.content) for result in (sampled, edited))
