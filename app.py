"""Run the app: `python app.py`, then open the address that it prints."""

from importlib.metadata import PackageNotFoundError, version

from starlette.middleware import Middleware

from demo import blocks, guard, heap
from demo.canvas import first

heap.settle()
app = blocks.build()


def speaks_mcp() -> bool:
    """Whether the endpoints can be tools of assistants too: what that needs comes with `pip install "gradio[mcp]"`."""
    try:
        return version("mcp").startswith("1.")
    except PackageNotFoundError:
        return False


if __name__ == "__main__":
    app.queue(default_concurrency_limit=2).launch(
        theme=blocks.THEME, css_paths=blocks.STYLE, footer_links=["api", "gradio", "settings"], run_history=False,
        mcp_server=speaks_mcp(), **guard.served(Middleware(first.FirstPaint, head=first.head())),
    )
