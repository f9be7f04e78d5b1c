"""Pairing of the items of lists, and the identities that the models declare."""

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from reconciler.manifests.model_paths import item_identity
from reconciler.resources.assistants import canonical
from reconciler.resources.assistants.shared import NAMED_TOOL
from reconciler.resources.list_items import IdentifiedBy, Items, in_order, sources_of
from reconciler.resources.registry import kinds

SEARCH, REFUND = {"type": "function", "name": "search"}, {"type": "function", "name": "refund"}
LOOKUP, WEB = {"type": "function", "name": "lookup"}, {"type": "web_search"}


@pytest.mark.parametrize(
    ("old", "new", "sources"),
    [
        ([SEARCH, REFUND], [{**REFUND, "strict": True}, LOOKUP], [1, None]),
        ([SEARCH, WEB], [{**WEB, "mode": "live"}, SEARCH], [1, 0]),
        ([SEARCH, SEARCH], [SEARCH], [0]),
        ([], [SEARCH], [None]),
    ],
)
def test_items_with_an_identity_are_paired_by_it(old: list[Any], new: list[Any], sources: list[int | None]) -> None:
    assert sources_of(old, new, NAMED_TOOL.of) == sources


def test_a_text_is_short_for_the_first_field() -> None:
    by_path = IdentifiedBy(("path",))
    assert by_path.of("kb/faq.md") == by_path.of({"path": "kb/faq.md", "attributes": {}}) != by_path.of("kb/a.md")
    assert by_path.of({"attributes": {}}) is None
    assert sources_of(["kb/a.md", "kb/faq.md"], [{"path": "kb/faq.md", "attributes": {}}], by_path.of) == [1]


@pytest.mark.parametrize(
    ("old", "new", "sources"),
    [
        (["a", "b", "a"], ["b", "a"], [1, 2]),
        (["a", "b"], ["a", "c"], [0, None]),
        ([{"x": 1, "y": 1}, {"x": 2, "y": 2}], [{"x": 2, "y": 3}], [1]),
        ([{"x": 1}, {"x": 2}], [{"x": 1}, {"x": 3}], [0, 1]),
        ([{"x": 1}, {"x": 2}], [{"x": 3}], [None]),
        ([[1, 2], [3, 4]], [[3, 5]], [1]),
        ([1, 2, 3], [3, 1], [2, 0]),
    ],
)
def test_items_without_an_identity_are_paired_by_value_and_likeness(
    old: list[Any], new: list[Any], sources: list[int | None]
) -> None:
    assert sources_of(old, new) == sources


@pytest.mark.parametrize(
    ("sources", "stay"),
    [
        ([], set()),
        ([None], set()),
        ([0, None, 1], {0, 2}),
        ([1, 0], {1}),
        ([2, 0, 1], {1, 2}),
        ([0, 3, 1, 2], {0, 2, 3}),
    ],
)
def test_in_order_returns_the_most_items_in_their_old_order(sources: list[int | None], stay: set[int]) -> None:
    assert in_order(sources) == stay


def test_items_is_a_list_with_sources() -> None:
    items = Items.of([("a", 1), ("b", None)])
    assert (list(items), items.sources) == (["a", "b"], (1, None))


def test_long_lists_are_paired_by_value_and_by_identity() -> None:
    old = [{"path": f"kb/{number}.md", "size": 1} for number in range(3000)]
    new = [{**item, "size": 2} for item in reversed(old)]
    assert sources_of(old, new, IdentifiedBy(("path",)).of) == list(reversed(range(3000)))


@pytest.mark.parametrize("tool", canonical.IDENTIFIED_BY)
def test_tools_have_the_same_identity_in_a_manifest_and_in_canonical_form(tool: str) -> None:
    name = canonical.IDENTIFIED_BY[tool]
    assert name in NAMED_TOOL.fields
    assert NAMED_TOOL.of({"type": tool, name: "a"}) != NAMED_TOOL.of({"type": tool, name: "b"})


def lists(model: type[BaseModel], seen: set[Any]) -> Iterator[tuple[str, Any]]:
    """Yield the name of each field that is a list of models, with the type of its items."""
    if model in seen:
        return
    seen.add(model)
    for name, info in model.model_fields.items():
        for inner in of_shape(info.annotation):
            if get_origin(inner) in (list, tuple) and any(map(is_model, of_shape(get_args(inner)[0]))):
                yield f"{model.__name__}.{name}", get_args(inner)[0]
            if is_model(inner):
                yield from lists(inner, seen)


def of_shape(shape: Any) -> Iterator[Any]:
    """Yield a type and all types in it."""
    yield shape
    if get_origin(shape) is Annotated:
        yield from of_shape(get_args(shape)[0])
    elif get_origin(shape) in (Union, types.UnionType, list, tuple, dict):
        for one in get_args(shape):
            yield from of_shape(one)


def is_model(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, BaseModel)


def test_every_list_of_models_declares_the_identity_of_its_items() -> None:
    seen: set[Any] = set()
    found = [one for kind in kinds().values() for model in kind.models.values() for one in lists(model, seen)]
    names = {name for name, _ in found}
    assert {"AgentsSpec.tools", "Namespace.tools", "VectorStoreSpec.files", "PipelineSpec.edges"} <= names
    declared = {name for name, item in found for extra in getattr(item, "__metadata__", ()) if is_identity(extra)}
    assert names - declared == set()


def is_identity(extra: Any) -> bool:
    return isinstance(extra, IdentifiedBy)


@pytest.mark.parametrize(
    ("kind", "target", "path", "spec", "fields"),
    [
        ("Assistant", "agents", ("tools",), {"tools": []}, NAMED_TOOL.fields),
        ("Assistant", "responses", ("tools", 0, "tools"), {"tools": [{"type": "namespace"}]}, NAMED_TOOL.fields),
        (
            "Assistant",
            "responses",
            ("tool_choice", "tools"),
            {"tool_choice": {"type": "allowed_tools"}},
            NAMED_TOOL.fields,
        ),
        (
            "Assistant",
            "responses",
            ("tools", 0, "filters", "filters", 0, "filters"),
            {"tools": [{"type": "file_search", "filters": {"type": "and", "filters": [{"type": "or"}]}}]},
            ("key",),
        ),
        (
            "Assistant",
            "responses",
            ("tools", 0, "environment", "skills"),
            {"tools": [{"type": "shell", "environment": {"type": "local"}}]},
            ("skill_id", "name"),
        ),
        ("VectorStore", "", ("files",), {"files": []}, ("path",)),
        ("Pipeline", "", ("edges",), {"edges": []}, ("from", "to")),
        ("Pipeline", "", ("nodes", "first", "tools"), {"nodes": {"first": {"type": "llm"}}}, NAMED_TOOL.fields),
        ("Pipeline", "", ("nodes", "first", "keywords"), {"nodes": {"first": {"type": "router"}}}, None),
        ("Assistant", "agents", ("tools", 0, "parameters", "required"), {"tools": [{"type": "function"}]}, None),
    ],
)
def test_item_identity_follows_the_models(
    kind: str, target: str, path: tuple[str | int, ...], spec: Any, fields: tuple[str, ...] | None
) -> None:
    found = item_identity(kinds()[kind].models[target], path, spec)
    assert (found.fields if found else None) == fields
