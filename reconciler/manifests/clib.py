"""The events of a YAML text, from libyaml."""

from collections.abc import Iterator
from typing import Any

# The C parser itself. ruamel.yaml would quietly use its own where it is missing; importing it here fails instead.
from _ruamel_yaml import CParser  # type: ignore[import-not-found]


def events(text: str) -> Iterator[Any]:
    """Events of `ruamel.yaml.events`, as they are parsed; raises `ruamel.yaml.error.YAMLError`. Never recurses."""
    return iter(CParser(text).get_event, None)
