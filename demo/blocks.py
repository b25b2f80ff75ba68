"""The page: the canvas, and the tabs below it."""

import json
from pathlib import Path

import gradio as gr

from demo import endpoints
from demo.canvas.view import TokenCanvas
from demo.codebook import view as codebook
from demo.compare import view as compare
from demo.lessons import view as lessons
from demo.models import view as models
from demo.sample import view as sample
from demo.sound import view as sound
from demo.text import view as text
from demo.tokens import view as tokens
from demo.train import view as train

STYLE = Path(__file__).parent / "style.css"
SANS = ["Inter", "Helvetica Neue", "ui-sans-serif", "system-ui", "sans-serif"]
MONO = ["JetBrains Mono", "ui-monospace", "SFMono-Regular", "Menlo", "monospace"]
OPEN = """() => {
  const address = new URLSearchParams(location.search);
  const asked = address.get("tab") ?? (address.has("lesson") ? "lessons" : "");
  return NAMES.includes(asked) ? {selected: asked, __type__: "update"} : {__type__: "update"};
}"""
"""Opens the tab that the address asks for: ?tab=sample, ?lesson=3."""
DAY = 24 * 60 * 60

THEME = gr.themes.Base(
    primary_hue=gr.themes.colors.blue,
    neutral_hue=gr.themes.colors.stone,
    radius_size=gr.themes.sizes.radius_sm,
    font=SANS,
    font_mono=MONO,
)


def build() -> gr.Blocks:
    """The whole page. Loads the default model, so that the first visitor doesn't wait for it."""
    with gr.Blocks(title="VQ Explorer", analytics_enabled=False, fill_width=True, delete_cache=(DAY, DAY)) as blocks:
        canvas = TokenCanvas(elem_id="token-canvas")
        with gr.Tabs(elem_id="benches") as tabs:
            tokens.build(canvas)
            sample.build()
            text.build()
            sound.build()
            codebook.build()
            compare.build()
            train.build()
            lessons.build()
            models.build()
        names = json.dumps([tab.id for tab in tabs.children if isinstance(tab, gr.Tab)])
        gr.on(None, None, None, tabs, js=OPEN.replace("NAMES", names), show_progress="hidden", api_visibility="private")
        endpoints.build()
    return blocks
