"""HTML, built of elements; all text in an element is escaped."""

from collections.abc import Iterable
from html import escape
from typing import Final, TypeAlias

from reconciler.reports.style import plain

_VOID: Final = frozenset({"meta", "link", "br", "input"})


class Markup(str):
    """HTML that is built already. Only `element` and `raw` make it."""

    __slots__ = ()


Child: TypeAlias = str | Iterable[str] | None
"""Text, markup, or several of them; None is nothing."""


def element(name: str, /, *children: Child, **attributes: str | bool | None) -> Markup:
    """`<name attributes>children</name>`; an attribute `class_` is `class`, `aria_label` is `aria-label`.

    True is an attribute without a value; False and None are none at all.
    """
    start = f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}>"
    return Markup(start if name in _VOID else f"{start}{join(*children)}</{name}>")


def join(*children: Child) -> Markup:
    """The children one after the other."""
    return Markup("".join(map(_child, children)))


def raw(text: str) -> Markup:
    """`text` as it is: for what this package has written itself, never for values."""
    return Markup(text)


def _child(child: Child) -> str:
    if child is None or isinstance(child, Markup):
        return child or ""
    return escape(plain(child)) if isinstance(child, str) else "".join(map(_child, child))


def _attribute(key: str, value: str | bool | None) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(plain(value))}"'
