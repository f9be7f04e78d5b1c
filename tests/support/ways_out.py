"""The commands in hints and remedies, run as a user would paste them."""

import re
import shlex
from collections.abc import Iterator
from typing import Any, Final

from tests.support.cli import Cli, Done

_COMMAND: Final = re.compile(r"`reconciler ([^`]+)`")
_TEXTS: Final = ("hint", "text")


def commands(document: Any) -> list[list[str]]:
    """Return the commands in all hints, remedies and warnings of a JSON document, each once."""
    found = (command for text in _texts(document) for command in _COMMAND.findall(text))
    return [shlex.split(command) for command in dict.fromkeys(found)]


def run(cli: Cli, words: list[str]) -> Done:
    """Run a command; `apply` and `adopt` are confirmed."""
    return cli(*words, *(["--yes"] if words[0] in ("apply", "adopt") else []))


def refused_for(document: Any) -> set[tuple[str, str]]:
    """Return the code of every error with its message, the rule of every refusal with its address, and the code of
    every warning with its address.
    """
    problems = {(one["code"], one["message"]) for one in document.get("problems", ()) if one["severity"] == "error"}
    refusals = {(one["rule"], one["address"]) for one in document.get("refusals", ())}
    return problems | refusals | {(one["code"], one.get("address", "")) for one in document.get("warnings", ())}


def _texts(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        yield from (document[key] for key in _TEXTS if isinstance(document.get(key), str))
    for item in document.values() if isinstance(document, dict) else document if isinstance(document, list) else ():
        yield from _texts(item)
