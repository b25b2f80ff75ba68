"""Under which licence each package comes that requirements.txt installs: python -m tests.licences"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REQUIREMENTS = Path(__file__).parent.parent / "requirements.txt"
OSI = "License :: OSI Approved :: "


def installed(requirements: Path = REQUIREMENTS) -> list[Distribution]:
    """Every package that these requirements bring, those that others of them need too, by name."""
    lines = [line.split("#")[0].strip() for line in requirements.read_text().splitlines()]
    waiting, found = [(Requirement(line), "") for line in lines if line], {}
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        try:
            package = found.get(name) or distribution(name)
        except PackageNotFoundError:
            continue  # for another platform, or an extra that isn't asked for
        if name not in found or requirement.extras:
            found[name] = package
            needs = [Requirement(need) for need in package.requires or []]
            waiting += [(need, each) for need in needs for each in ("", *requirement.extras)]
    return [found[name] for name in sorted(found)]


def licence(package: Distribution) -> str:
    """As the package's metadata has it: an SPDX expression, the names of its classifiers, or the first line of its text."""
    about = package.metadata
    classified = [line.removeprefix(OSI) for line in about.get_all("Classifier", []) if line.startswith(OSI)]
    written = (about.get("License") or "").strip().splitlines()
    return about.get("License-Expression") or " or ".join(classified) or (written[0].strip() if written else "not said")


def rows() -> Iterator[str]:
    for package in installed():
        yield f"{package.metadata['Name']} {package.version}: {licence(package)}"


if __name__ == "__main__":
    print("\n".join(rows()))
    sys.exit()
