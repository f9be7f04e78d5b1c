"""Sentences from codes and arguments. Everything that a plan or a result says in words is made by `sentence`."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias, TypeVar

from reconciler.resources.name_lists import few
from reconciler.resources.values import JSON

Code = TypeVar("Code", bound=str)
Args: TypeAlias = Mapping[str, Any]
Phrase: TypeAlias = str | Callable[[Args], str]
"""A template with the arguments in braces, or a function of the arguments."""
_UNUSABLE: Final = (AttributeError, LookupError, TypeError, ValueError)


def sentence(phrases: Mapping[Code, Phrase], code: Code, args: Args) -> str:
    """Return the sentence for `code`; the code itself where a document has another code or other arguments."""
    phrase: Phrase = phrases.get(code, code)
    try:
        if callable(phrase):
            return phrase(args)
        return phrase.format(**{name: _value(item) for name, item in args.items()})
    except _UNUSABLE:
        return code


def object_text(id_: str, name: str) -> str:
    """Return a live object as `agent_1 (Support Bot)`, or its id if it has no name."""
    return f"{id_} ({name})" if name else id_


def number(amount: int, noun: str) -> str:
    """Return `1 file` or `2 files`."""
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"


def _value(item: JSON) -> object:
    return few(item) if isinstance(item, list | tuple) else item
