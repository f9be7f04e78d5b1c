"""Variables `${var.name}` in JSON values. A text that is a single variable is replaced by its value of any type."""

import re
from collections.abc import Mapping
from typing import Final

from reconciler.resources.values import JSON

PREFIX: Final = "${var."
VARIABLE: Final = re.compile(r"\$(?P<escaped>\$\{var\.)|\$\{var\.(?P<name>[^{}\s]*)\}")
"""A variable, or the escape `$${var.`, whose first `$` is removed."""


def names_in(value: JSON) -> frozenset[str]:
    """Return the names of the variables in `value`, except in keys of mappings."""
    if isinstance(value, str):
        return frozenset(found["name"] for found in VARIABLE.finditer(value) if found["name"] is not None)
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return frozenset[str]().union(*map(names_in, items))


def substituted(value: JSON, values: Mapping[str, JSON], texts: Mapping[str, str]) -> JSON:
    """Replace the variables of `value`; raises KeyError if one is not in `values`. `texts` are their texts in other
    text, where these differ from `as_text`.
    """
    if isinstance(value, str):
        return _substituted(value, values, texts) if PREFIX in value else value
    if isinstance(value, Mapping):
        return {key: substituted(item, values, texts) for key, item in value.items()}
    return [substituted(item, values, texts) for item in value] if isinstance(value, list) else value


def _substituted(text: str, values: Mapping[str, JSON], texts: Mapping[str, str]) -> JSON:
    single = VARIABLE.fullmatch(text)
    if single and single["name"] is not None:
        return values[single["name"]]

    def inserted(name: str) -> str:
        return texts.get(name) or as_text(values[name])

    return VARIABLE.sub(lambda found: found["escaped"] or inserted(found["name"]), text)


def as_text(value: JSON) -> str:
    """Return the text of a variable's value inside a text, if the source of the value has no other."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
