"""The fields of an assistant, or of a flat prompt: one mapper each. Unknown fields are passed on or reported."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from reconciler.manifests.drafts import unique_name
from reconciler.migration import prompts
from reconciler.migration.agent_tools import agent_resources, agent_tools
from reconciler.migration.model import (
    Case,
    Entry,
    Part,
    changed,
    commented,
    left_out,
    lost,
    mapped,
    mapping_of,
    text_of,
)
from reconciler.migration.resources import resources
from reconciler.migration.tools import older_functions, tools
from reconciler.resources import model_retirements
from reconciler.resources.kinds.assistant import KIND
from reconciler.resources.labels import KEYS
from reconciler.resources.metadata import KEY_LENGTH, PAIRS, RESERVED, USER_METADATA, VALUE_LENGTH
from reconciler.resources.values import JSON

Mapper = Callable[[Case, JSON], Iterator[Part]]

NAME_LENGTH: Final = 128
"""Maximum length of the name of an agent; assistants had 256."""
_BOOKKEEPING: Final = frozenset({"id", "object", "created_at", "updated_at", "variables", "tool_resources", "file_ids"})
"""Fields without a meaning of their own, or that are mapped together with others."""
_DEFAULT_SAMPLING: Final = (None, 1)
_WITHOUT_REASONING: Final = ("gpt-3", "gpt-4", "chatgpt-")
"""Beginnings of names of models that have no reasoning effort."""
_EFFORT: Final = "if the assistant has one, set it as `reasoning: {effort: …}`"
_FORMAT: Final = "response_format"
_FORMAT_KEYS: Final = ("text", "format")
_FORMAT_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def parts_of(case: Case) -> Iterator[Part]:
    """Map every field of the export."""
    value = case.export.value
    for field, mapper in _MAPPERS.items():
        if field in value:
            yield from mapper(case, value[field])
    yield from _tools(case)
    if case.export.url and "reasoning_effort" not in value and _may_reason(value.get("model")):
        yield lost("reasoning_effort", "the Assistants API does not return it", _EFFORT)
    for field in value:
        if field not in _MAPPERS and field not in _BOOKKEEPING:
            yield from _other(case, field, value[field])
    if case.export.kind == "prompt":
        yield from prompts.variables(case)


def _may_reason(model: JSON) -> bool:
    return not text_of(model).startswith(_WITHOUT_REASONING)


def _model(_case: Case, value: JSON) -> Iterator[Part]:
    warning = model_retirements.warning(value) if isinstance(value, str) else ""
    if warning:
        hint = "set a model that is not being shut down, and test the assistant with it; the manifest keeps the old one"
        yield changed("model", ("model",), value, warning, hint, remark=warning)
    else:
        yield mapped("model", ("model",), value)


def _name(case: Case, value: JSON) -> Iterator[Part]:
    """Map the name to `metadata.name`, and for agents also to `name`."""
    text = text_of(value)
    if case.name != unique_name(text, ()):
        why = "the name is taken" if unique_name(text, (), "") else "the name contains no valid character"
        yield Part(
            Entry("name", "changed", "metadata.name", f"`{case.name}`: {why if text else 'the export has no name'}")
        )
    elif not text or case.target == "responses":
        yield Part(Entry("name", "mapped", "metadata.name"))
    if text and case.target == "agents":
        yield agent_name(text)


def agent_name(text: str) -> Part:
    if len(text) <= NAME_LENGTH:
        return mapped("name", ("name",), text)
    return changed("name", ("name",), text[:NAME_LENGTH], f"names of agents have at most {NAME_LENGTH} characters")


def _description(_case: Case, value: JSON) -> Iterator[Part]:
    if isinstance(value, str) and value:
        yield commented("description", f"Description: {value}", "the API no longer has this field")
    elif value:
        yield lost("description", "expected text")


def _instructions(case: Case, value: JSON) -> Iterator[Part]:
    if not value:
        yield left_out("instructions", "empty")
    elif not isinstance(value, str):
        yield lost("instructions", "expected text", "write them into the manifest")
    elif case.target == "agents":
        yield changed("instructions", ("instructions",), value, "agents append them to their base instructions")
    else:
        yield mapped("instructions", ("instructions",), value)


def _sampling(field: str) -> Mapper:
    def mapper(case: Case, value: JSON) -> Iterator[Part]:
        if value in _DEFAULT_SAMPLING and not isinstance(value, bool):
            yield left_out(field)
        elif case.target == "agents":
            yield lost(field, f"agents do not support {field}: {value}", "use target responses if you need it")
        else:
            yield mapped(field, (field,), value)

    return mapper


def _reasoning_effort(_case: Case, value: JSON) -> Iterator[Part]:
    if value is not None:
        yield mapped("reasoning_effort", ("reasoning", "effort"), value)


def _tokens(field: str) -> Mapper:
    def mapper(case: Case, value: JSON) -> Iterator[Part]:
        if value is not None and case.target == "responses":
            yield mapped(field, ("max_output_tokens",), value)
        elif value is not None:
            yield lost(field, "agents do not support this limit", "use target responses if you need it")

    return mapper


def _choice(field: str) -> Mapper:
    """Map a choice; that of a function has its name inside `function` in Assistants and Chat Completions, and alone in
    their older form.
    """

    def mapper(case: Case, value: JSON) -> Iterator[Part]:
        if value is None or value == "auto":
            yield left_out(field)
        elif case.target == "agents":
            yield lost(field, "agents do not support it", KIND.hints[case.target].get("tool_choice", ""))
        else:
            given = mapping_of(value)
            inner = next((given[key] for key in ("function", "custom") if isinstance(given.get(key), dict)), None)
            if inner is None and "type" not in given:
                inner = given
            chosen = (
                {"type": given.get("type", "function"), "name": inner["name"]} if inner and inner.get("name") else value
            )
            yield mapped(field, ("tool_choice",), chosen)

    return mapper


def _verbosity(_case: Case, value: JSON) -> Iterator[Part]:
    if value is not None:
        yield mapped("verbosity", ("text", "verbosity"), value)


def _other(case: Case, field: str, value: JSON) -> Iterator[Part]:
    """Keep arguments of requests, which prompts have; report unknown fields as lost."""
    if value is None:
        return
    if field in KIND.models[case.target].model_fields.keys() - {"target", "extra"}:
        yield mapped(field, (field,), value)
    else:
        yield lost(field, f"target {case.target} does not have this field", KIND.hints[case.target].get(field, ""))


def _tools(case: Case) -> Iterator[Part]:
    value = case.export.value.get("tools")
    given, older = [] if value is None else value, older_functions(case.export.value)
    if case.target == "agents":
        yield from agent_tools(given)
        yield from agent_tools(older, "functions")
        yield from agent_resources(case)
    else:
        usable = resources(case)
        yield from tools(given, usable)
        yield from tools(older, usable, "functions")
        yield from usable.parts


def metadata(case: Case, value: JSON) -> Iterator[Part]:
    yield from pairs(value, "sent with every request" if case.target == "responses" else "")


def pairs(value: JSON, note: str = "") -> Iterator[Part]:
    """Map the first pairs to metadata, as many as fit beside the labels; the others become comments. The labels of a
    managed object are left out: they name the owner of that object.
    """
    if not isinstance(value, dict):
        if value is not None:
            yield lost("metadata", "expected a mapping")
        return
    room = USER_METADATA
    for key, item in value.items():
        if key in KEYS:
            continue
        field = f"metadata.{key}"
        text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
        if item is None:
            yield left_out(field, "no value")
        elif key.startswith(RESERVED):
            yield lost(field, f"keys that begin with `{RESERVED}` are reserved", "use another key")
        elif not 1 <= len(key) <= KEY_LENGTH or len(text) > VALUE_LENGTH:
            yield lost(field, f"keys must have 1 to {KEY_LENGTH} characters, and values at most {VALUE_LENGTH}")
        elif not room:
            why = f"only {USER_METADATA} of {PAIRS} pairs are available; the others contain the labels of Reconciler"
            yield commented(field, f"metadata {key}: {text}", why)
        else:
            room -= 1
            made = mapped(field, ("metadata", key), text, note)
            yield made if isinstance(item, str) else changed(field, ("metadata", key), text, "converted to text")


def response_format(case: Case, value: JSON) -> Iterator[Part]:
    """Map `response_format` to `text.format`, which is one level flatter."""
    kind = value if isinstance(value, str) else text_of(mapping_of(value).get("type"))
    if value is None or kind in ("auto", "text"):
        yield left_out(_FORMAT, "free text, the default")
    elif kind == "json_object":
        yield _json_mode(case)
    elif kind == "json_schema" and isinstance(value, dict):
        yield _structured(case, {**value, **mapping_of(value.get("json_schema"))})
    else:
        yield lost(_FORMAT, f"unknown format: {str(value)[:80]}", "write `text: {format: …}` into the manifest")


def _json_mode(case: Case) -> Part:
    if case.target == "responses":
        return mapped(_FORMAT, _FORMAT_KEYS, {"type": "json_object"})
    hint = "define a json_schema, or use target responses"
    return lost(_FORMAT, "agents do not support JSON mode", hint)


def _structured(case: Case, given: dict[str, JSON]) -> Part:
    schema = given.get("schema", given.get("schema_"))  # some servers return it under its name in Python
    if not isinstance(schema, dict):
        return lost(_FORMAT, "the schema is missing", "write it as `text: {format: {type: json_schema, schema: …}}`")
    if case.target == "agents":
        removed = [key for key in ("name", "strict", "description") if given.get(key) is not None]
        resource_type: dict[str, JSON] = {"type": "json_schema", "schema": schema}
        if not removed:
            return mapped(_FORMAT, _FORMAT_KEYS, resource_type)
        note = f"agents support only the schema; removed: {', '.join(removed)}"
        return changed(_FORMAT, _FORMAT_KEYS, resource_type, note)
    name = _format_name(given.get("name"))
    rest = {key: given[key] for key in ("description", "strict") if given.get(key) is not None}
    resource_type = {"type": "json_schema", "name": name, "schema": schema, **rest}
    if name != given.get("name"):
        return changed(
            _FORMAT,
            _FORMAT_KEYS,
            resource_type,
            f"renamed to `{name}`: a name is required and consists of letters, digits, `_` and `-`",
        )
    return mapped(_FORMAT, _FORMAT_KEYS, resource_type)


def _format_name(value: JSON) -> str:
    text = text_of(value)
    return text if _FORMAT_NAME.fullmatch(text) else re.sub(r"[^A-Za-z0-9_-]+", "_", text)[:64].strip("_") or "answer"


_MAPPERS: Final[Mapping[str, Mapper]] = {
    "model": _model,
    "name": _name,
    "description": _description,
    "instructions": _instructions,
    "response_format": response_format,
    "temperature": _sampling("temperature"),
    "top_p": _sampling("top_p"),
    "reasoning_effort": _reasoning_effort,
    "max_tokens": _tokens("max_tokens"),
    "max_completion_tokens": _tokens("max_completion_tokens"),
    "tool_choice": _choice("tool_choice"),
    "function_call": _choice("function_call"),
    "verbosity": _verbosity,
    "metadata": metadata,
    "tools": lambda _case, _value: iter(()),
    "functions": lambda _case, _value: iter(()),
}
