"""Joined modules run, and keep what they declare to themselves."""

from demo.kit import modules


def test_modules_may_declare_the_same_name(chromium, tmp_path):
    (tmp_path / "other.js").write_text('const name = "other";\n\nexport class Told {\n  words = name;\n}\n')
    (tmp_path / "main.js").write_text(
        'import { Told } from "./other.js";\n\nconst name = "main";\n\n'
        "export function start({ heard }) {\n  return [heard, name, new Told().words];\n}\n"
    )
    page = chromium.new_page()
    script = modules.join(tmp_path / "main.js", "start({ heard });").replace("module1.start", "return module1.start")
    assert page.evaluate(f"Function('heard', {script!r})('ours')") == ["ours", "main", "other"]
    page.close()


def test_a_script_waits_for_what_is_shared_whichever_comes_first(chromium, tmp_path):
    kit = tmp_path / "kit"
    kit.mkdir()
    (kit / "words.js").write_text("export const words = [];\n")
    (tmp_path / "main.js").write_text('import { words } from "./kit/words.js";\n\nexport function start(name) {\n  words.push(name);\n}\n')
    scripts = [modules.join(tmp_path / "main.js", f'start("{name}");', kit) for name in ("before", "after")]
    page = chromium.new_page()
    for script in (scripts[0], modules.share(kit), scripts[1]):
        page.evaluate("(script) => Function(script)()", script)
    assert page.evaluate("vqKit.words.words") == ["before", "after"]
    page.close()
