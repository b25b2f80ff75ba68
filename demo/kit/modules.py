"""One script out of ES modules, for a place that takes a script and no module: Gradio's `js_on_load`."""

import re
from pathlib import Path

KIT = Path(__file__).parent / "js"  # what benches share; it comes with the canvas, which every page has
IMPORT = re.compile(r'^import (\{[^}]*\}) from "(\.[^"]+)";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) (\w+))", re.MULTILINE)
COMMENT = re.compile(r"^ *(?://[^\n]*|/\*\*(?:(?!\*/).)*\*/)\n", re.MULTILINE | re.DOTALL)
BESIDE = re.compile(r"""(?<=[;,{}()\[\]]) +// [^\n"'`]*$|^\n""", re.MULTILINE)
INDENT = re.compile(r"^ +", re.MULTILINE)
SHARED = "vqKit"  # the global variable of what `share` puts there, and the event that tells of it
OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def share(folder: Path) -> str:
    """The script that puts what the modules of a folder export where those find it that are joined with the folder as `shared`, and
    says so to those that wait for it."""
    places: dict[Path, str] = {}
    parts: list[str] = []
    for module in sorted(folder.resolve().glob("*.js")):
        if EXPORT.search(module.read_text("utf-8")):  # others hold types alone
            _add(module, places, parts, ())
    names = ", ".join(f"{path.stem}: {place}" for path, place in places.items())
    told = f'window.{SHARED} = {{ {names} }};\ndispatchEvent(new Event("{SHARED}"));'
    return "\n".join(["(() => {", '"use strict";', *parts, told, "})();"])


def join(entry: Path, ending: str, shared: Path | None = None) -> str:
    """The script of a module and of all that it imports, each once, after what it imports itself; then the ending.

    Each module becomes a function that is called at once and answers what the module exports, so that two of them may
    declare the same name. Lines that are comments or empty are left out, comments without a quote after them, and the room
    before each line: keep a template literal on one line. The ending calls what the entry exports:
    `join(main, "start(element);")`.

    shared: a folder whose modules aren't in this script, but in that of `share`, which may come before it or after it.

    Raises ValueError for an import or export of a form that isn't used here, and for modules that import each other
    in a circle.
    """
    places: dict[Path, str] = {}
    parts: list[str] = []
    entry = entry.resolve()
    if shared is not None:
        places |= {module: f"{SHARED}.{module.stem}" for module in shared.resolve().glob("*.js")}
    _add(entry, places, parts, ())
    lines = ['"use strict";', *parts, f"{places[entry]}.{ending}"]
    if shared is not None:
        wait = f'window.{SHARED} ? begin() : addEventListener("{SHARED}", begin, {{ once: true }});'
        lines = ["const begin = () => {", *lines, "};", wait]
    return "\n".join([*lines, f"//# sourceURL={entry.parent.parent.name}.js"])


def _add(module: Path, places: dict[Path, str], parts: list[str], importers: tuple[Path, ...]) -> None:
    """Put a module's function behind those of its imports. places: of each module, the variable that holds its exports."""
    if module in importers:
        circle = " → ".join(path.name for path in (*importers[importers.index(module) :], module))
        raise ValueError(f"These modules import each other in a circle, and none can be the first: {circle}.")
    if module in places:
        return
    text = INDENT.sub("", BESIDE.sub("", COMMENT.sub("", module.read_text("utf-8"))))
    for _, path in IMPORT.findall(text):
        _add((module.parent / path).resolve(), places, parts, (*importers, module))
    body = IMPORT.sub(lambda found: f"const {found[1]} = {places[(module.parent / found[2]).resolve()]};", EXPORT.sub("", text))
    if unread := OTHER.search(body):
        raise ValueError(
            f'{module.name} says `{unread[0]}`. Import names, `import {{ a, b }} from "./file.js";`, and write `export` '
            "before the function, class or const that it exports."
        )
    places[module] = f"module{len(parts)}"
    exports = ", ".join(EXPORT.findall(text))
    parts.append(f"const {places[module]} = (() => {{\n{body}return {{ {exports} }};\n}})();")
