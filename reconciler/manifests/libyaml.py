"""The events of a YAML text, from libyaml."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

# The C parser itself. ruamel.yaml would quietly use its own where it is missing; importing it here fails instead.
from _ruamel_yaml import CParser  # type: ignore[import-not-found]

_NO_BREAKS: Final = "\x85\u2028\u2029"
"""Line breaks to libyaml, which is of YAML 1.1; characters like others to YAML 1.2, to Git and to editors."""
_PRIVATE_USE: Final = range(0xE000, 0xF900)


def events(text: str) -> Iterator[Any]:
    """Events of `ruamel.yaml.events`, as they are parsed; raises `ruamel.yaml.error.YAMLError`. Never recurses.

    A line feed, a carriage return, or both end a line (YAML 1.2, 5.4), and nothing else does.
    """
    if text.isascii() or not any(char in text for char in _NO_BREAKS):
        return iter(CParser(text).get_event, None)
    return _without_odd_breaks(text)


def _without_odd_breaks(text: str) -> Iterator[Any]:
    """The events of a text that has such characters: the parser sees others in their places, which the text has not."""
    used = set(text)
    unused = islice((code for code in _PRIVATE_USE if chr(code) not in used), len(_NO_BREAKS))
    there = dict(zip(map(ord, _NO_BREAKS), map(chr, unused), strict=False))  # a text with all of them keeps its own
    back = {ord(stand_in): chr(char) for char, stand_in in there.items()}
    for event in iter(CParser(text.translate(there)).get_event, None):
        if isinstance(getattr(event, "value", None), str):
            event.value = event.value.translate(back)
        yield event
