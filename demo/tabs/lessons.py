"""The Lessons tab: what the canvas above rests on, as six things to move. `?lesson=3` opens the third."""

import gradio as gr

from demo.lessons import Lessons

OPEN = """() => {
  const asked = new URLSearchParams(location.search).has("lesson");
  return asked ? {selected: "lessons", __type__: "update"} : {__type__: "update"};
}"""


def build() -> None:
    """Lay out the tab, which opens itself where the address asks for a lesson. The lessons leave the canvas alone."""
    with gr.Tab("Lessons", id="lessons") as tab:
        Lessons(elem_id="lessons")
    gr.on(None, None, None, tab.parent, js=OPEN, show_progress="hidden", api_visibility="private")
