"""Each row of the canonical forms is needed: without it, a plan says something where nothing is, or the reverse.

The plan is asked four questions about one estate that has every kind of value a row is about. The emulator knows none
of these tables.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

import pytest

from reconciler.resources.assistants import agent_form, canonical
from reconciler.resources.kinds import vector_store
from tests.support.world import Document, World, is_silent, manifest, world

HTTP = {"type": "http", "server_url": "https://mcp.example.com"}
STDIO = {"type": "stdio", "command": "server", "cwd": "/workspace"}
CONTENT: Document = {"include": ["b", "a"]}
"""Lists that nobody may sort, in a field that is called like a set."""
SCHEMA = {"type": "object", "default": CONTENT}

SPARSE: Document = {
    "target": "agents",
    "model": "gpt-5",
    "text": {},
    "reasoning": {"effort": None},
    "service_tier": None,
    "multi_agent": None,
    "compaction": {},
    "experimental": {},
    "metadata": None,
    "tools": [
        {"type": "function", "name": "create", "description": "d", "parameters": {"type": "object"}},
        {"type": "programmatic_tool_calling"},
        {"type": "web_search", "location": {"country": None}},
        {"type": "computer_use"},
        {"type": "mcp", "server_label": "http", "transport": HTTP},
        {"type": "mcp", "server_label": "stdio", "transport": STDIO},
    ],
}
FULL: Document = {
    "target": "agents",
    "model": "gpt-5",
    "multi_agent": {"enabled": True},
    "text": {"format": {"type": "json_schema", "schema": SCHEMA}},
    "tools": [
        {"type": "function", "name": "find", "description": "d", "parameters": SCHEMA},
        {"type": "function", "name": "keep", "description": "d", "parameters": {"type": "object"}},
        {"type": "web_search", "allowed_domains": ["a.org", "b.org"]},
        {
            "type": "mcp",
            "server_label": "crm",
            "transport": {**STDIO, "env_vars": ["A", "B"]},
            "allowed_tools": ["a", "b"],
            "request_metadata": CONTENT,
        },
        {"type": "mcp", "server_label": "docs", "transport": HTTP},
    ],
}
REQUEST: Document = {
    "target": "responses",
    "model": "gpt-5",
    "include": ["file_search_call.results", "reasoning.encrypted_content"],
    "tools": [
        {"type": "file_search", "vector_store_ids": ["handbook", "vs_1"]},
        {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file-a", "file-b"]}},
        {"type": "web_search_preview", "search_content_types": ["text", "image"]},
        {"type": "mcp", "server_label": "crm", "tunnel_id": "t", "allowed_tools": {"tool_names": ["a", "b"]}},
        {"type": "mcp", "server_label": "docs", "tunnel_id": "t", "server_description": "d"},
        {"type": "custom", "name": "sql", "description": "d"},
        {"type": "custom", "name": "xml", "description": "d"},
        {"type": "namespace", "name": "one", "description": "d", "tools": []},
        {"type": "namespace", "name": "two", "description": "d", "tools": []},
        {
            "type": "function",
            "name": "find",
            "parameters": SCHEMA,
            "output_schema": SCHEMA,
            "strict": None,
            "allowed_callers": ["direct", "programmatic"],
        },
    ],
}
STORE: Document = {
    "files": [{"path": "guide.md", "chunking_strategy": {"type": "auto"}}],
    "expires_after": {"days": 7},
    "metadata": None,
}
ESTATE = [
    manifest("Assistant", "sparse", SPARSE),
    manifest("Assistant", "full", FULL),
    manifest("Assistant", "request", REQUEST),
    manifest("VectorStore", "handbook", STORE),
]


@pytest.fixture(scope="module")
def estate(tmp_path_factory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("estate")) as made:
        made.file("guide.md", "# Guide")
        made.wants(*ESTATE)
        made.apply()
        yield made


def changed(value: Any, edit: Callable[[str, Any], Any], name: str = "") -> Any:
    """`value` with `edit` made of every member, by its name."""
    if isinstance(value, dict):
        return {key: changed(edit(key, item), edit, key) for key, item in value.items()}
    return [changed(item, edit, name) for item in value] if isinstance(value, list) else value


def paths(estate: World, edit: Callable[[str, Any], Any]) -> list[str]:
    """What the plan reports after an edit of all manifests."""
    estate.wants(*({**document, "spec": changed(deepcopy(document["spec"]), edit)} for document in ESTATE))
    plan = estate.plan()
    return sorted(f"{change.address} {item.path}" for change in plan.changes for item in change.fields)


def as_written(estate: World) -> bool:
    estate.wants(*ESTATE)
    return is_silent(estate.plan())


UNORDERED = frozenset(
    {
        "allowed_callers",
        "allowed_domains",
        "allowed_tools",
        "env_vars",
        "file_ids",
        "search_content_types",
        "tool_names",
        "vector_store_ids",
    }
)


def in_any_order(estate: World) -> bool:
    """Lists of which the order means nothing, reversed; those called `include` only where they are the API's."""
    reverse = {**REQUEST, "include": REQUEST["include"][::-1]}
    estate.wants(*ESTATE, manifest("Assistant", "request", reverse))
    return not estate.plan().changes and not paths(
        estate, lambda name, value: value[::-1] if name in UNORDERED and isinstance(value, list) else value
    )


def content_keeps_its_order(estate: World) -> bool:
    return paths(estate, lambda _name, value: {"include": ["a", "b"]} if value == CONTENT else value) == [
        "assistant/full text.format.schema.default.include",
        "assistant/full tools.function:find.parameters.default.include",
        "assistant/full tools.mcp:crm.request_metadata.include",
        "assistant/request tools.function:find.output_schema.default.include",
        "assistant/request tools.function:find.parameters.default.include",
    ]


def tools_are_known_by_their_names(estate: World) -> bool:
    """An edit of one tool is told as an edit of that tool, and of no other."""
    edited = {"find": "keep", "docs": "crm", "sql": "xml", "one": "two"}

    def edit(_name: str, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        names = [tool.get("name", tool.get("server_label")) if isinstance(tool, dict) else None for tool in value]
        described = ("description", "server_description", "required")
        return [
            {**tool, **{field: "new" for field in described if field in tool}} if name in edited else tool
            for tool, name in zip(value, names, strict=True)
        ]

    return paths(estate, edit) == [
        "assistant/full tools.function:find.description",
        "assistant/request tools.custom:sql.description",
        "assistant/request tools.mcp:docs.server_description",
        "assistant/request tools.namespace:one.description",
    ]


class Row(NamedTuple):
    """One entry of a table, and the question that goes wrong without it."""

    name: str
    table: Mapping[str, Any]
    key: str
    question: Callable[[World], bool]


def rows() -> Iterator[Row]:
    """Every row of a mapping."""
    tables: dict[str, Mapping[str, Any]] = {
        "completed": agent_form.COMPLETE,
        "subagents": agent_form.SUBAGENTS,
        "auto": vector_store.AUTO,
        **{f"tool {kind}": table for kind, table in agent_form.TOOLS.items()},
        **{f"transport {kind}": table for kind, table in agent_form.TRANSPORTS.items()},
        **{field: value for field, value in agent_form.DEFAULTS.items() if isinstance(value, dict)},
    }
    for name, table in tables.items():
        yield from (Row(f"{name} {key}", table, key, as_written) for key in table)
    for key in canonical.IDENTIFIED_BY:
        yield Row(f"identified {key}", canonical.IDENTIFIED_BY, key, tools_are_known_by_their_names)


@pytest.mark.parametrize(
    "question", [as_written, in_any_order, content_keeps_its_order, tools_are_known_by_their_names]
)
def test_with_all_rows_the_plan_is_right(estate, question):
    assert question(estate)


def is_right(question: Callable[[World], bool], estate: World) -> bool:
    """A plan that breaks down is not right either."""
    try:
        return question(estate)
    except (AttributeError, KeyError, TypeError):
        return False


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row.name)
def test_without_a_row_it_is_wrong(estate, monkeypatch, row):
    monkeypatch.delitem(row.table, row.key)
    assert not is_right(row.question, estate)


@pytest.mark.parametrize("name", sorted(canonical.SETS))
def test_without_a_set_order_matters(estate, monkeypatch, name):
    monkeypatch.setattr(canonical, "SETS", canonical.SETS - {name})
    assert not in_any_order(estate)


@pytest.mark.parametrize("name", sorted(canonical.OPAQUE))
def test_without_an_opaque_field_its_lists_are_sorted(estate, monkeypatch, name):
    monkeypatch.setattr(canonical, "OPAQUE", canonical.OPAQUE - {name})
    assert not content_keeps_its_order(estate)
