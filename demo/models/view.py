"""The Models tab: what this page can tokenize with, and a box for other people's tokenizers."""

from html import escape

import gradio as gr

from demo import models
from demo.kit.cards import CARD, first_paragraph
from demo.models import foreign, page

TOLD = """\
Other people's tokenizers open here too, from `config.json` and safetensors: a diffusers `VQModel`, a VQGAN of
taming-transformers or latent diffusion, FSQ; and checkpoints of this program. Pickles (`.ckpt`, `.bin`) are never opened.
Most have attention and GroupNorm, by which each token reaches every pixel: pictures are at most 256 pixels wide then, and
each edit decodes the whole of one.
"""
SHOW = "async (name) => { if (name) (await window.canvas.useModel(name), window.canvas.scrollIntoView()) }"


def _own() -> str:
    """HTML of the page's own models: each a button that tokenizes with it, and what its card says first."""
    buttons = "".join(
        f'<button type="button" data-use-model="{escape(name)}"><b>{escape(name)}</b><span>{escape(_said(name))}</span></button>'
        for name in models.names()
    )
    return f'<h3>Models of this page</h3><div role="group" aria-label="Models of this page">{buttons}</div>'


def _said(name: str) -> str:
    path = models.folder(name) / CARD
    return first_paragraph(path.read_text("utf-8")) if path.is_file() else ""


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
                gr.HTML(_own(), elem_id="models-own")
            with gr.Column(min_width=320):
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
    gr.on([fetch.click, hub.submit], page.open_id, hub, [answer, chosen], **slow).success(**shown)
    folder.upload(page.open_folder, folder, [answer, chosen, folder], **slow).success(**shown)
