"""What is known of a tokenizer before it is loaded or fetched: what its card on the page says."""

from dataclasses import dataclass

from demo import models
from demo.kit.cards import first_paragraph, licence_of, text_of
from demo.models import foreign
from vqcore import hub
from vqcore.checkpoints import Description, describe, look
from vqcore.files import weights_among


@dataclass(frozen=True)
class Card:
    """size: bytes of its files, None where they aren't known;  licence: as its owner declares it, None where they don't."""

    description: Description
    size: int | None
    licence: str | None = None


_looked_up: dict[str, Card] = {}


def own(name: str) -> tuple[Card, str]:
    """Of a tokenizer that is here: its card, and the first paragraph of its model card. ValueError where its config can't be read."""
    folder = hub.cached(name) if hub.is_id(name) else models.folder(name)
    if folder is None:
        raise ValueError(f"{name} isn't in the Hub's cache any more.")
    size = sum((folder / file).stat().st_size for file in weights_among(path.name for path in folder.iterdir()))
    said = "" if hub.is_id(name) else first_paragraph(text_of(folder))
    return Card(describe(folder, name), size, _looked_up[name].licence if name in _looked_up else licence_of(folder)), said


def of_hub(id: str) -> Card:
    """Of one that this page offers and the Hub has. ValueError says why the Hub can't tell."""
    if id not in foreign.offered():
        raise ValueError("This page doesn't offer that model. Type its Hub id to open it.")
    if id not in _looked_up:
        found = look(id, "tokenizer")
        _looked_up[id] = Card(describe(found.folder, id), found.size, found.licence)
    return _looked_up[id]
