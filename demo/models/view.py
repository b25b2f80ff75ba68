"""The Models tab: a card for each tokenizer that is here or opens, and a box for other people's."""

from pathlib import Path
from typing import Any

import gradio as gr

from demo.kit.component import Bench
from demo.models import foreign, page

HERE = Path(__file__).parent

TOLD = """\
Other people's tokenizers open here too, from `config.json` and safetensors: a diffusers `VQModel`, a VQGAN or GumbelVQ of
taming-transformers or latent diffusion, LlamaGen's and Janus's, FSQ; and checkpoints of this program. Pickles (`.ckpt`, `.bin`)
are never opened.
Most have attention and GroupNorm, by which each token reaches every pixel: pictures are at most 256 pixels wide then, and
each edit decodes the whole of one.
"""
SHOW = """async (name) => {
  if (!name) return;
  document.dispatchEvent(new Event("models-opened"));
  await window.canvas.useModel(name);
  window.canvas.scrollIntoView();
}"""


def build() -> None:
    """Lay out the tab. A model that opens is handed to the canvas, which tokenizes its picture with it."""
    with gr.Tab("Models", id="models"):
        chosen = gr.Textbox(visible=False)
        with gr.Row(elem_classes="side-by-side"):
            with gr.Column(min_width=320):
                gr.Markdown(TOLD, elem_id="models-told")
                gr.Textbox(
                    page.damaged(), label="Left out, since it is damaged", interactive=False, visible=bool(page.damaged()),
                    elem_id="models-damaged", elem_classes="boxed",
                )
                cards = ModelCards(elem_id="models-cards")
            with gr.Column(min_width=320, elem_id="models-side"):
                with gr.Row(elem_id="models-fetch"):
                    hub = gr.Textbox(
                        label="A model on the Hugging Face Hub", placeholder="amused/amused-512/vqvae", max_lines=1, max_length=200,
                        elem_id="models-hub", elem_classes="boxed", scale=1,
                    )
                    fetch = gr.Button("Open it", variant="primary", scale=0, min_width=110)
                folder = gr.File(
                    label="or a tokenizer's folder", file_count="directory", height=140, elem_id="models-folder",
                    elem_classes="boxed", visible=foreign.allowed() is None,
                )
                answer = gr.Textbox(label="What came of it", interactive=False, lines=3, elem_id="models-answer", elem_classes="boxed")
    slow = {"concurrency_limit": None, "api_visibility": "private", "show_progress_on": answer}  # openers are few, and shared out
    shown = {"fn": None, "inputs": chosen, "js": SHOW, "api_visibility": "private", "show_progress": "hidden"}
    gr.on([fetch.click, hub.submit], page.follow_id, hub, [answer, chosen], **slow).success(**shown)
    cards.change(page.follow_asked, cards, [answer, chosen], **slow).success(**shown)
    folder.upload(page.open_folder, folder, [answer, chosen, folder], **slow).success(**shown)


class ModelCards(Bench):
    """Its value is what a card's button asks to open, {"id", "press": how many there were}."""

    def __init__(self, **settings: Any):
        super().__init__(HERE, server_functions=page.SERVER_FUNCTIONS, **settings)
