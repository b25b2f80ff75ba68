"""The Tokens tab: what this picture's tokens cost, what they kept, and which codes they are."""

import gradio as gr
import numpy as np

from demo import models
from demo.document import Document, Fidelity, Workspace
from demo.figures import usage_histogram
from vqcore.metrics import perplexity

BY_INDEX, BY_RANK = "By index", "By rank"
HINT = """Code usage. Point at a code to see where it is; click to choose it.
<button type="button" data-where>All places of the chosen code</button>"""
THIS, ALL = "This picture", "All pictures"


def build(canvas: gr.HTML) -> None:
    """Lay out the tab and keep it in step with the canvas."""
    with gr.Tab("Tokens", id="tokens"):
        figures = gr.HTML(_figures(Workspace((), 0, ())), elem_id="figures", apply_default_css=False)
        with gr.Row(elem_id="histogram-controls"):
            scope = gr.Radio([THIS, ALL], value=THIS, show_label=False, container=False, elem_id="histogram-scope")
            order = gr.Radio([BY_INDEX, BY_RANK], value=BY_RANK, show_label=False, container=False)
            gr.HTML(HINT, elem_id="histogram-hint")
        plot = gr.Plot(show_label=False, container=False, elem_id="usage-histogram", elem_classes="shows-codes")
    gr.on(
        [canvas.change, scope.change, order.change],
        refresh,
        [canvas, scope, order],
        [figures, plot],
        show_progress="hidden",
        trigger_mode="always_last",
        concurrency_limit=4,
        api_visibility="private",
    )


def refresh(workspace: Workspace, scope: str, order: str):
    """The figures of the picture on the stage, and the histogram of it or of all pictures: of the level at hand."""
    if not workspace.documents:
        return _figures(workspace), None
    active = workspace.documents[workspace.active]
    shown = [active]
    if scope == ALL:
        shown = [document for document in workspace.documents if document.tokenizer is active.tokenizer]
    counts = np.sum([document.usage[workspace.level] for document in shown], axis=0)
    training = models.usage(active.tokenizer.levels[workspace.level])
    return _figures(workspace), usage_histogram(counts, training, order == BY_RANK)


def figures_of(document: Document, fidelity: Fidelity | None, level: int = 0) -> list[tuple[str, str, str]]:
    """(name, figure, what it means) of each figure, as a person reads them; those of the codes are of one level."""
    counts, rate = document.usage[level], document.bits_per_pixel
    levels = document.tokenizer.levels
    sizes = [each.codebook_size for each in levels]
    size = sizes[level]
    shapes = " and ".join(f"{grid.shape[0]} rows × {grid.shape[1]} columns" for grid in document.grids)
    costs = " and ".join(dict.fromkeys(f"log₂ {each:,}" for each in sizes))
    figures = [
        ("Tokens", f"{document.tokens:,}", shapes),
        ("Size", f"{document.bits / 8 / 1024:.2f} KB", f"{document.bits:,.0f} bits: {costs} a token"),
        ("Rate", f"{rate:.4f}", "bits a pixel"),
        ("Against raw", f"{24 / rate:,.0f}×", "smaller than 24 bits a pixel"),
    ]
    if document.original:
        ratio = document.original.bytes * 8 / document.bits
        figures.append(("Against the file", f"{ratio:,.1f}×", f"smaller than its {document.original.bytes / 1024:,.0f} KB"))
    if fidelity:
        psnr = "∞" if fidelity.psnr is None else f"{fidelity.psnr:.2f} dB"
        figures.append(("PSNR", psnr, "of the whole picture; higher is nearer"))
        figures.append(("SSIM", f"{fidelity.ssim:.4f}", "of the whole picture; 1 is equal"))
    used = int((counts > 0).sum())
    which = f" of the {levels[level].name} level" if len(sizes) > 1 else ""
    figures.append(("Codes used", f"{used:,}", f"{100 * used / size:.1f} % of {size:,}{which}"))
    figures.append(("Perplexity", f"{float(perplexity(counts)):,.0f}", "codes, were they used equally"))
    return figures


def _figures(workspace: Workspace) -> str:
    """HTML of the figures: fixed words and numbers only, nothing that a person typed."""
    if not workspace.documents:
        entries = [("Tokens", "…", "")]
    else:
        active = workspace.active
        entries = figures_of(workspace.documents[active], workspace.fidelity[active], workspace.level)
    cells = (f"<div><dt>{name}</dt><dd>{figure}<small>{note}</small></dd></div>" for name, figure, note in entries)
    return f"<dl>{''.join(cells)}</dl>"
