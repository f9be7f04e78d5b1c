"""`response_format` as `text.format`: one level flatter, and less of it for agents."""

import re
from collections.abc import Iterator
from typing import Final

from reconciler.migration.model import Case, Part, changed, left_out, lost, mapped, mapping_of, text_of
from reconciler.resources.values import JSON

FIELD: Final = "response_format"
KEYS: Final = ("text", "format")
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def response_format(case: Case, value: JSON) -> Iterator[Part]:
    kind = value if isinstance(value, str) else text_of(mapping_of(value).get("type"))
    if value is None or kind in ("auto", "text"):
        yield left_out(FIELD, "free text, the default")
    elif kind == "json_object":
        yield _json_mode(case)
    elif kind == "json_schema" and isinstance(value, dict):
        yield _structured(case, {**value, **mapping_of(value.get("json_schema"))})
    else:
        yield lost(FIELD, f"no format that is known: {str(value)[:80]}", "write `text: {format: …}` by hand")


def _json_mode(case: Case) -> Part:
    if case.target == "responses":
        return mapped(FIELD, KEYS, {"type": "json_object"})
    hint = "describe the answer as a json_schema, or use target responses"
    return lost(FIELD, "agents have no JSON mode", hint)


def _structured(case: Case, given: dict[str, JSON]) -> Part:
    schema = given.get("schema")
    if not isinstance(schema, dict):
        return lost(FIELD, "there is no schema in it", "write it as `text: {format: {type: json_schema, schema: …}}`")
    if case.target == "agents":
        gone = [key for key in ("name", "strict", "description") if given.get(key) is not None]
        resource_type: dict[str, JSON] = {"type": "json_schema", "schema": schema}
        note = f"agents keep the schema alone; gone: {', '.join(gone)}" if gone else ""
        return changed(FIELD, KEYS, resource_type, note) if gone else mapped(FIELD, KEYS, resource_type)
    name = _name(given.get("name"))
    rest = {key: given[key] for key in ("description", "strict") if given.get(key) is not None}
    resource_type = {"type": "json_schema", "name": name, "schema": schema, **rest}
    if name != given.get("name"):
        return changed(
            FIELD, KEYS, resource_type, f"the name is `{name}`: letters, digits, `_` and `-` only, and required"
        )
    return mapped(FIELD, KEYS, resource_type)


def _name(value: JSON) -> str:
    text = text_of(value)
    return text if _NAME.fullmatch(text) else re.sub(r"[^A-Za-z0-9_-]+", "_", text)[:64].strip("_") or "answer"
