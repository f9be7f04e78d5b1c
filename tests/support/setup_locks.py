"""`python -m tests.support.setup_locks`: write setup/requirements/, the packages that the action in setup/, the
Containerfile and `make demo` install.

`base.txt` has the dependencies of the package, one file for each extra the further packages of the extra, `build.txt`
the build backend, and `editable.txt` what it needs to install the checkout in place, as `make demo` does. Versions and
hashes are those of .ci/requirements.txt, with which the tests run.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[2]
LOCKS: Final = ROOT / "setup" / "requirements"
EXTRAS: Final = ("emulator", "postgres", "s3")
PLATFORMS: Final[tuple[dict[str, str], ...]] = (
    {},
    {"sys_platform": "linux", "python_version": "3.13", "python_full_version": "3.13.0"},
)
"""Environments whose packages are locked: the one of the tests, and the one of the action."""
_HEAD: Final = "# {what}, with hashes. Written by `python -m tests.support.setup_locks`.\n"
_PINNED: Final = re.compile(r"[\w.-]+(?===)")


def main() -> None:
    for name, text in locks().items():
        LOCKS.joinpath(f"{name}.txt").write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {LOCKS / name}.txt\n")


def locks() -> dict[str, str]:
    """Return the texts of the files by name, without `.txt`."""
    project: Mapping[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    base = closure(project["project"]["dependencies"])
    extras = {name: closure(project["project"]["optional-dependencies"][name]) - base for name in EXTRAS}
    build = closure(project["build-system"]["requires"])
    return {
        "base": lock("The dependencies of Reconciler", base),
        **{name: lock(f"The further packages of the extra `{name}`", found) for name, found in extras.items()},
        "build": lock("The build backend", build),
        "editable": lock("What the build backend needs to install a checkout in place", closure(["editables"])),
    }


def lock(what: str, names: Iterable[str]) -> str:
    """Return a requirements file; raises KeyError if a package is not in .ci/requirements.txt."""
    pinned = entries((ROOT / ".ci" / "requirements.txt").read_text(encoding="utf-8"))
    return _HEAD.format(what=what) + "".join(pinned[name] for name in sorted(names))


def entries(text: str) -> dict[str, str]:
    """Return the entries of a requirements file with hashes, by the normalized name of the package."""
    found = re.findall(r"^[\w.-]+==.*\n(?:[ \t]+--hash=.*\n)*", text, flags=re.MULTILINE)
    return {canonicalize_name(_name(entry)): entry for entry in found}


def closure(requirements: Iterable[str]) -> set[str]:
    """Return the names of the packages that `requirements` install, which must be installed here."""
    found: set[str] = set()
    waiting = list(requirements)
    while waiting:
        requirement = Requirement(waiting.pop())
        key = f"{canonicalize_name(requirement.name)}{sorted(requirement.extras)}"
        if key not in found:
            found.add(key)
            waiting += _needed(requirement)
    return {key.partition("[")[0] for key in found}


def _needed(requirement: Requirement) -> Iterator[str]:
    try:
        further = requires(requirement.name) or []
    except PackageNotFoundError:  # of another platform
        further = []
    for text in further:
        found = Requirement(text)
        for platform in PLATFORMS:
            environments = [{**platform, "extra": extra} for extra in (requirement.extras or {""})]
            if not found.marker or any(found.marker.evaluate(one) for one in environments):
                found.marker = None
                yield str(found)
                break


def _name(entry: str) -> str:
    found = _PINNED.match(entry)
    assert found, entry
    return found[0]


if __name__ == "__main__":
    main()
