"""Any spec a manifest can hold, drawn from the models."""

import types
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from reconciler.emulator.resources.models import MODELS
from tests.support.shapes import members, object_options

JSON_SCHEMA = st.sampled_from(
    [
        {"type": "object", "properties": {"b": {"type": "number", "minimum": 1.0}, "a": {"enum": ["z", "y"]}}},
        {"type": "object", "properties": {}, "required": ["b", "a"], "additionalProperties": False},
    ]
)
TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=5)
KEY = TEXT.map("x{}".format)
"""Keys, without `$file` and names of secret headers."""
NUMBER = st.sampled_from([0.0, 0.25, 1.0, 1])
ENDING = {model.id for model in MODELS if model.shutdown_date}

# Values with rules that the types do not express.
BY_NAME: Mapping[str, st.SearchStrategy[Any]] = {
    "extra": st.just({}),
    "credential_id": st.sampled_from(["cred_1", "cred_2"]),
    "file_id": st.sampled_from(["data/prices.csv", "file-abc123"]),
    "file_ids": st.lists(st.sampled_from(["data/prices.csv", "kb/faq.md", "file-abc123"]), max_size=3),
    "frame_duration_ms": st.integers(1, 1000),
    "instructions": TEXT,
    "max_concurrent_subagents": st.integers(1, 9),
    "metadata": st.dictionaries(st.sampled_from(["tier", "team"]), TEXT),
    # Hypothesis takes constants from the program: a model with a shutdown date is refused from that day on.
    "model": TEXT.filter(lambda model: model not in ENDING),
    "name": st.sampled_from(["a", "b", "c-d_e"]),
    "output_schema": JSON_SCHEMA,
    "parameters": JSON_SCHEMA,
    "schema": JSON_SCHEMA,
    "score_threshold": NUMBER,
    "skill_id": st.sampled_from(["skill_1", "openai-slides"]),  # only an unmanaged skill may have a `version`
    "size": st.sampled_from(["auto", "1536x864"]),
    "temperature": NUMBER,
    "top_p": NUMBER,
    "vector_store_ids": st.lists(st.sampled_from(["handbook", "vectorstore/faq", "vs_1"]), min_size=1, max_size=3),
}


@cache  # Hypothesis validates each new strategy, which takes longer than a draw.
def specs(model: type[BaseModel], *, every: bool = False) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for valid specs of `model`, with tools of distinct types and names, as the API requires.

    With `every`, all fields are set, none to null, and there is a tool of each type.
    """
    return _object(model, every=every)


def _object(model: type[BaseModel], *, every: bool) -> st.SearchStrategy[dict[str, Any]]:
    required: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for name, (is_required, annotation) in members(model).items():
        into = required if is_required or every else optional
        into[name] = BY_NAME[name] if name in BY_NAME else _field(name, annotation, every=every)
    return st.fixed_dictionaries(required, optional=optional)


def _field(name: str, annotation: Any, *, every: bool) -> st.SearchStrategy[Any]:
    types_ = object_options(annotation) if every and name == "tools" else []
    return (
        st.tuples(*(_object(type_, every=every) for type_ in types_)).map(list)
        if types_
        else _value(annotation, every=every)
    )


def _value(annotation: Any, *, every: bool) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _integers(arguments[1:]) if arguments[0] is int else _value(arguments[0], every=every)
    if origin in (Union, types.UnionType):
        options = [option for option in arguments if not (every and option is type(None))]
        return st.one_of([_value(option, every=every) for option in options])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is list:
        return _list(_value(arguments[0], every=every))
    if origin is dict:
        return st.dictionaries(KEY, TEXT, max_size=2)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return st.deferred(lambda: _object(annotation, every=every))
    return _SCALARS[annotation]


def _list(items: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(items, max_size=4, unique_by=_identity)


def _identity(item: Any) -> Any:
    """Return the key by which tools are unique: type and name for functions, type for searches."""
    if not isinstance(item, dict):
        return item
    if isinstance(item.get("function"), dict):
        return (item["type"], item["function"].get("name"))
    once = item.get("type") in ("function", "custom", "tool_search", "web_search")
    return (item["type"], item.get("name")) if once else repr(item)


def _integers(notes: Iterable[Any]) -> st.SearchStrategy[int]:
    """Return a strategy for integers within `Field(ge=…, le=…)`."""
    bounds = [note for field in notes if isinstance(field, FieldInfo) for note in field.metadata]
    low = max((note.ge for note in bounds if hasattr(note, "ge")), default=0)
    return st.integers(low, min((note.le for note in bounds if hasattr(note, "le")), default=low + 100))


_SCALARS: Mapping[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(0, 100),
    float: NUMBER,
    bool: st.booleans(),
    type(None): st.none(),
    Any: TEXT,
}
