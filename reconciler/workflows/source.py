"""The source that workflows install Reconciler from: an action, a wheel in the repository, or a version of an index."""

import hashlib
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Final

from reconciler import DISTRIBUTION
from reconciler.git.command import run
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.workflows.model import CI

_PACKAGES: Final = (
    "--source PATH.whl (a wheel that is kept in this repository), "
    f"--source '{DISTRIBUTION}==VERSION --hash=sha256:DIGEST' (a version of the package index, with its hashes)."
)
EXPLAINED: Final[Mapping[CI, str]] = {
    "github": "Pass one of: --source OWNER/REPO/setup@COMMIT (the action of a repository that contains Reconciler, "
    f"with the full commit), {_PACKAGES}",
    "gitlab": f"Pass one of: {_PACKAGES}",
}
"""The forms of `--source`, by CI system."""
_ACTION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)+@(?P<commit>\S+)")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_INDEX: Final = re.compile(
    rf"{DISTRIBUTION}==(?P<version>[0-9][0-9A-Za-z.+!-]*)(?P<hashes>(?:\s+--hash=sha256:[0-9a-f]{{64}})*)"
)
_WHEEL: Final = re.compile(r"assistant_reconciler-(?P<version>[^-]+)-py3-none-any\.whl")
_PLAIN: Final = re.compile(r"[A-Za-z0-9._+/-]+")
"""Paths that mean the same in a requirements file."""
_COMMENT: Final = re.compile(r"^#.*\n", re.MULTILINE)
_LOCKS: Final = "reconciler/workflows/requirements/"
"""The folder of the hashes in a wheel."""


@dataclass(frozen=True)
class Source:
    """Either an action, or requirements with hashes."""

    uses: str = ""
    """The action, as a workflow names it; empty for requirements."""
    requirement: str = ""
    """The line of Reconciler itself in a requirements file."""
    locks: dict[str, str] = field(default_factory=dict)
    """Requirements files of the dependencies, by name: `base`, or an extra."""

    def requirements(self, extras: Iterable[str]) -> str:
        """Return a requirements file in which every package has a hash."""
        dependencies = "".join(_COMMENT.sub("", self.locks[name]) for name in ("base", *sorted(extras)))
        return (
            f"# Reconciler and its dependencies. Written by `reconciler init --ci`.\n{self.requirement}\n{dependencies}"
        )


def parse_source(written: str | None, repository: Path, ci: CI) -> Source:
    """Parse `--source`; raises ReconcilerError if it is missing, not fixed to one content, or not of this version."""
    if not written:
        raise _error("the workflows need a source to install Reconciler from", EXPLAINED[ci])
    text = written.strip()
    action, index = _ACTION.fullmatch(text), _INDEX.fullmatch(text)
    if action:
        if not _COMMIT.fullmatch(action["commit"]):
            message = f"the action {text} is not fixed to a commit: {action['commit']!r} can be moved"
            raise _error(message, "Write the full commit, of 40 digits, after the @.")
        return Source(uses=text)
    if index:
        return _of_index(text, index)
    if text.endswith(".whl"):
        return _of_wheel(text, repository)
    raise _error(f"{text!r} is not a source", EXPLAINED[ci])


def _of_index(text: str, found: re.Match[str]) -> Source:
    if not found["hashes"]:
        message = f"{text} has no hash: whoever controls the index could replace it"
        hint = (
            f"Add the hashes of the release: --source '{text} --hash=sha256:DIGEST'. `pip hash FILE` prints the hash."
        )
        raise _error(message, hint)
    _check_version(found["version"])
    hashes = re.findall(r"--hash=\S+", found["hashes"])
    line = " \\\n  ".join((f"{DISTRIBUTION}=={found['version']}", *hashes))
    return Source(requirement=line, locks={file.stem: file.read_text(encoding="utf-8") for file in _installed()})


def _of_wheel(text: str, repository: Path) -> Source:
    path = (Path.cwd() / text).resolve()
    named = _WHEEL.fullmatch(path.name)
    if not named:
        raise _error(f"{path.name} is not a wheel of {DISTRIBUTION}", "Build one: pip wheel --no-deps CHECKOUT")
    if not path.is_relative_to(repository.resolve()):
        raise _error(
            f"{text} is not in the repository {repository}", "Copy the wheel into the repository and commit it."
        )
    inside = path.relative_to(repository.resolve()).as_posix()
    if not _PLAIN.fullmatch(inside):
        raise _error(
            f"pip cannot read the path {inside!r} in a requirements file", "Use letters, digits, `.`, `_` and `-`."
        )
    if run(repository, "ls-files", "--others", "--ignored", "--exclude-standard", "--", inside).text.strip():
        hint = f"Move it to a folder that is not ignored, or add it: git add --force {inside}"
        raise _error(f"{inside} is ignored by Git, so that a checkout in CI does not contain it", hint)
    try:
        content = path.read_bytes()
        with zipfile.ZipFile(path) as files:
            names = [name for name in files.namelist() if name.startswith(_LOCKS) and name.endswith(".txt")]
            locks = {Path(name).stem: files.read(name).decode() for name in names}
    except (OSError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise _error(
            f"{text} cannot be read as a wheel: {error}", "Build it again: pip wheel --no-deps CHECKOUT"
        ) from error
    if "base" not in locks:
        raise _error(f"{text} does not contain the hashes of its dependencies", "Use a wheel of this version or later.")
    return Source(requirement=f"./{inside} \\\n  --hash=sha256:{hashlib.sha256(content).hexdigest()}", locks=locks)


def _check_version(written: str) -> None:
    """The hashes of the dependencies are those of the running version."""
    if written != version(DISTRIBUTION):
        message = f"version {written} is not the running one, {version(DISTRIBUTION)}, whose dependencies are known"
        raise _error(message, f"Install {DISTRIBUTION}=={written}, and run the command again with it.")


def _installed() -> list[Path]:
    """Return the files with the hashes, in the installed package or in a checkout."""
    package = Path(__file__).parent / "requirements"
    folder = package if package.is_dir() else Path(__file__).parents[2] / "setup" / "requirements"
    return sorted(folder.glob("*.txt"))


def _error(message: str, hint: str) -> ReconcilerError:
    return ReconcilerError(Problem("source", f"{message}; nothing was written", hint=hint))
