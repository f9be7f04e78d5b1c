"""Commands of `reconciler` in messages: each can be copied into a shell, and names the environment that it is about."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

_OF_ONE_ENVIRONMENT: Final = {
    *("plan", "apply", "drift", "pull", "status", "adopt", "rollback", "destroy"),
    *("consent", "graph", "inventory", "state"),
}
"""Verbs that require the environment if a project has several."""
_QUOTED: Final = re.compile(r"`reconciler ([^`]+)`")
_WORD: Final = r"(?:[^\s.;,]|[.;,](?=\S))+"
_AFTER_COLON: Final = re.compile(rf"(?:: |^ +|\d\. )reconciler ({_WORD}(?: (?!and |or |then ){_WORD})*)")
_FILE: Final = re.compile(r"\S+\.json\b|--out (?:FILE|\S+)")


def commands(text: str) -> Iterator[str]:
    """Yield the words of each command in a text, without `reconciler`."""
    joined = re.sub(r" \\\n +", " ", text)
    yield from (" ".join(found.split()) for found in _QUOTED.findall(joined))
    for line in joined.splitlines():
        if "`reconciler" not in line:
            yield from _AFTER_COLON.findall(line)


def lacking_environment(text: str) -> list[str]:
    """Return the commands that would fail, or act on another environment, in a project that has environments."""
    return [one for one in commands(text) if _lacks(one)]


def _lacks(command: str) -> bool:
    verb, *words = command.split()
    is_complete = "--env" in words or bool(_FILE.search(command)) or "--help" in words
    former = command == "state rm --all"  # with the project.yaml from before it had environments
    return verb in _OF_ONE_ENVIRONMENT and bool(words or verb != "state") and not is_complete and not former


def has_environments(folder: Path) -> bool:
    """Return True if the project in a folder has environments."""
    file = folder / "project.yaml"
    try:
        document = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
        return bool(document["spec"]["environments"])
    except (OSError, UnicodeError, YAMLError, KeyError, TypeError):
        return False
