"""What the cards of the Models tab say of each tokenizer, and how far a download is."""

import threading

import pytest

from demo import models
from demo.models import foreign, page, work
from tests.vqgan import small_vqgan_folder
from vqcore import hub


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    return small_vqgan_folder(tmp_path_factory.mktemp("theirs") / "vqvae")


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(foreign, "ALLOWED", None)
    monkeypatch.setattr(work, "_looked_up", {})
    foreign._loaded.clear()
    yield
    foreign._loaded.clear()


def test_each_tokenizer_of_the_page_has_a_card_without_being_loaded(tiny_default, tiny_folder, monkeypatch):
    monkeypatch.setattr(models, "_load", lambda name: tiny_default if name == models.DEFAULT else pytest.fail(f"{name} was loaded"))
    answer = page.read_models({})
    cards = {card["name"]: card for card in answer["own"]}
    assert list(cards) == models.names() and answer["home"] == tiny_default.name and answer["offered"] == list(foreign.OFFERED)
    own, two = cards[tiny_default.name], cards["photos-2level"]
    assert (own["codes"], own["downsampling"], own["licence"]) == ([64], [8], None)
    assert own["bytes"] == (tiny_folder / "model.safetensors").stat().st_size
    assert two["licence"] == "apache-2.0", "which its card says"
    assert two["comparable"] and not cards["fashion"]["comparable"]
    assert (two["codes"], two["downsampling"]) == ([512, 512], [8, 4]) and two["said"]


def test_a_model_of_the_hub_has_its_facts_before_it_is_fetched_and_is_asked_for_once(theirs, monkeypatch):
    asked = []

    def look(id, noun):
        asked.append(id)
        return hub.Found(theirs, {"model.safetensors": 290_000_000, "README.md": 2_000_000}, "openrail++")

    monkeypatch.setattr(work, "look", look)
    id = foreign.OFFERED[0]
    for _ in range(2):
        card = page.describe_model({"id": id})
        assert (card["codes"], card["downsampling"], card["bytes"], card["licence"]) == ([40], [8], 292_000_000, "openrail++")
        assert "VQGAN" in card["what"]
    assert asked == [id]
    monkeypatch.setattr(hub, "download", lambda id, check, progress=None: theirs)
    monkeypatch.setattr(hub, "cached", lambda id: theirs)
    page.open_id(id)
    answer = page.read_models({})
    assert id not in answer["offered"] and answer["own"][-1]["name"] == id and answer["own"][-1]["licence"] == "openrail++"


@pytest.mark.parametrize("id", ["eve/model", "photos", "../..", 7])
def test_what_is_not_offered_is_not_asked_for(id, monkeypatch):
    monkeypatch.setattr(work, "look", lambda *_: pytest.fail("the Hub was asked"))
    assert "doesn't offer" in page.describe_model({"id": id})["error"]


def test_the_cards_are_those_of_a_list_where_there_is_one_and_say_where_the_hub_can_not_be_asked(monkeypatch):
    def look(id, noun):
        raise hub.Unreachable("the Hub can't be asked")

    monkeypatch.setattr(foreign, "ALLOWED", "ada/model")
    monkeypatch.setattr(work, "look", look)
    assert page.read_models({})["offered"] == ["ada/model"]
    assert "can't be asked" in page.describe_model({"id": "ada/model"})["error"]


def test_the_person_is_told_how_much_is_here_until_it_is_open(theirs, monkeypatch):
    goes_on = threading.Event()

    def download(id, check, progress):
        progress(120_000_000, 292_000_000)
        assert goes_on.wait(60)
        return theirs

    monkeypatch.setattr(hub, "download", download)
    monkeypatch.setattr(page, "GLANCE", 0.01)
    told = page.follow_asked({"id": "ada/model", "press": 1})
    assert next(told) == ("Fetching ada/model: 120 of 292 MB, 41%.", "")
    goes_on.set()
    *_, last = told
    assert "ada/model is open: 40 codes" in last[0] and last[1] == "ada/model"


@pytest.mark.parametrize("asked", [None, 7, {}, {"id": 7}, "ada/model"])
def test_a_button_that_asks_for_nothing_is_told_what_an_id_is(asked):
    assert "OWNER/NAME" in list(page.follow_asked(asked))[-1][0]
