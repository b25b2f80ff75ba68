"""ES modules joined into one script."""

import gzip
import importlib
import re
from pathlib import Path

import gradio as gr
import pytest

from demo import blocks
from demo.kit import modules
from demo.kit.component import Bench

ROOT = Path(__file__).parent.parent.parent / "demo"


def written(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.js").write_text(text)
    return folder / "main.js"


def test_each_module_comes_once_and_after_what_it_imports(tmp_path):
    main = written(
        tmp_path,
        main='import { left } from "./left.js";\nimport { right } from "./right.js";\n\nexport function start() {\n  left(right);\n}\n',
        left='import { base } from "./base.js";\nexport const left = () => base;\n',
        right='import { base } from "./base.js";\nexport async function right() {}\n',
        base="// What both need.\nexport const base = 1;\n",
    )
    script = modules.join(main, "start();")
    places = [script.index(words) for words in ("const base = 1", "const left", "async function right", "function start", ".start();")]
    assert places == sorted(places) and script.count("const base = 1") == 1
    assert "What both need" not in script and "\nimport" not in script and "\nexport" not in script


def test_comments_go_and_what_stands_beside_them_stays(tmp_path):
    text = "/**\n * Long.\n */\n/** @type {any} */ (1).one();\n// Short.\nconst two = 2; // Here.\n/** Last. */\nexport const three = 3;\n"
    script = modules.join(written(tmp_path, main=text), "three;")
    assert all(words in script for words in ("(1).one()", "const two = 2;", "const three = 3;"))
    assert not any(words in script for words in ("Long", "Short", "Last"))


def test_what_benches_share_comes_once_with_the_canvas(tmp_path):
    kit = tmp_path / "kit"
    kit.mkdir()
    words = 'import { base } from "./base.js";\nexport const words = () => base;\n'
    written(kit, words=words, base="export const base = 1;\n", types="// Types.\n")
    main = written(tmp_path, main='import { words } from "./kit/words.js";\nexport function start() {\n  words();\n}\n')
    assert "types" not in modules.share(kit) and all(name in modules.share(kit) for name in ("words: module", "base: module"))
    script = modules.join(main, "start();", kit)
    assert "const base" not in script and "const { words } = vqKit.words;" in script
    parts = [part for part in blocks.build().blocks.values() if isinstance(part, Bench)]
    assert ["window.vqKit = " in part.js_on_load for part in parts] == [type(part).__name__ == "TokenCanvas" for part in parts]


def test_a_circle_is_told_with_its_files(tmp_path):
    main = written(tmp_path, main='import { a } from "./a.js";\n', a='import { b } from "./b.js";\n', b='import { a } from "./a.js";\n')
    with pytest.raises(ValueError, match="a.js → b.js → a.js"):
        modules.join(main, "start();")


@pytest.mark.parametrize("line", [
    "export default 1;", "export { start };", 'import all from "./a.js";', 'import "./a.js";', "export let x = 1;",
])
def test_other_forms_are_told(tmp_path, line):
    with pytest.raises(ValueError, match="main.js says"):
        modules.join(written(tmp_path, main=f"const start = 1;\n{line}\n"), "start();")


def test_the_page_s_own_code_and_style_are_small():
    parts = [part for part in blocks.build().blocks.values() if type(part).__module__.startswith("demo.")]
    own = "".join(part.js_on_load + part.css_template for part in parts) + blocks.STYLE.read_text()
    assert len(parts) > 7 and len(gzip.compress(own.encode())) < 140_000


def test_no_template_literal_goes_over_a_line_whose_indentation_would_be_lost():
    lines = [(path, line) for path in ROOT.glob("**/*.js") for line in path.read_text().splitlines()]
    assert [(path.name, line) for path, line in lines if not line.lstrip().startswith(("//", "*")) and line.count("`") % 2] == []


def test_what_the_browser_keeps_goes_through_the_one_door_that_survives_a_refusal():
    users = [path for path in ROOT.glob("**/*.js") if re.search("(local|session)Storage[.[]", path.read_text())]
    assert users == []
    assert "catch" in (ROOT / "kit/js/storage.js").read_text()


@pytest.mark.parametrize("bench", sorted(path.parent.parent.name for path in ROOT.glob("*/js/main.js") if path.parent.parent.name != "kit"))
def test_a_bench_is_asked_for_what_it_answers(bench):
    """By its own script and by all that this imports: `ask("name", …)` is one of the functions that its view registers."""
    view = importlib.import_module(f"demo.{bench}.view")
    parts = [each for each in vars(view).values() if isinstance(each, type) and issubclass(each, Bench)]
    part = next(each for each in parts if each.__module__ == view.__name__)
    asked = set(re.findall(r"\bask\(\s*\"(\w+)\"", modules.join(ROOT / bench / "js" / "main.js", "start();")))
    with gr.Blocks():
        answered = {function.__name__ for function in part().server_fns}
    assert asked and not asked - answered
