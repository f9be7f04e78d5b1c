"""Sixteen pairs of metadata into the twelve that are left, and the rest into the manifest's comment."""

import json
from collections.abc import Iterator

from reconciler.migration.model import Case, Part, changed, commented, left_out, lost, mapped
from reconciler.resources.metadata import KEY_LENGTH, PAIRS, RESERVED, USER_METADATA, VALUE_LENGTH
from reconciler.resources.values import JSON


def metadata(case: Case, value: JSON) -> Iterator[Part]:
    """The first twelve pairs that can be metadata, in their order."""
    if not isinstance(value, dict):
        if value is not None:
            yield lost("metadata", "expected pairs of key and value")
        return
    room = USER_METADATA
    for key, item in value.items():
        field = f"metadata.{key}"
        text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
        if item is None:
            yield left_out(field, "no value")
        elif key.startswith(RESERVED):
            yield lost(field, f"keys that begin with `{RESERVED}` are Reconciler's", "give it another name")
        elif not 1 <= len(key) <= KEY_LENGTH or len(text) > VALUE_LENGTH:
            yield lost(field, f"keys have 1 to {KEY_LENGTH} characters, values at most {VALUE_LENGTH}")
        elif not room:
            why = f"only {USER_METADATA} of {PAIRS} pairs are left: the others hold who owns the object"
            yield commented(field, f"metadata {key}: {text}", why)
        else:
            room -= 1
            yield _pair(case, key, text, is_text=isinstance(item, str))


def _pair(case: Case, key: str, text: str, *, is_text: bool) -> Part:
    field, keys = f"metadata.{key}", ("metadata", key)
    if not is_text:
        return changed(field, keys, text, "a value of metadata is text")
    return mapped(field, keys, text, "of every response" if case.target == "responses" else "")
