"""Strategies for complete projects: every kind, every target, and every field and tool of the models.

Strategies are created once, because Hypothesis validates each new one, which takes longer than a draw.
"""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from reconciler.resources.kinds.assistant import KIND
from reconciler.resources.labels import ADDRESS
from tests.support.specs import NUMBER, TEXT, specs
from tests.support.world import PROJECT, Document, World, manifest, world

FILES: Mapping[str, bytes] = {
    "data/a.csv": b"a,b\n1,2\n",
    "data/prices.csv": b"item,price\n",
    "kb/copy/guide.md": b"# Guide\n",
    "kb/faq.md": b"# Questions\n",
    "kb/guide.md": b"# Guide\n",
    "kb/notes.txt": b"Notes",
    "kb/rates/2026.md": b"# Rates\n",
    "prompts/long.md": b"Answer ${var.audience} shortly.\n\n",
}
"""Two files have equal content and base name: one upload for two addresses."""
ENVIRONMENTS = {"production": {"variables": {"audience": "customers", "warmth": 0.5}}}
FOLDERS = ("kb", "docs")
"""What the folder of knowledge is called."""
LITERAL = "vs_1"
NAMES = ("a", "b", "c")
REFERRING = frozenset({"assistant", "edges", "nodes", "pipeline", "starts", "tools"})
"""Ignored, these go on pointing at what an edit may remove, which is refused."""
ENDPOINTS = ("server_url", "connector_id", "tunnel_id")

ATTRIBUTES = st.dictionaries(
    st.sampled_from(["topic", "year", "Büro 7", "_x", "a.b"]),
    st.one_of(TEXT, st.integers(-5, 5), NUMBER, st.booleans()),
)
METADATA = st.dictionaries(st.sampled_from([f"key {number}" for number in range(12)]), TEXT)
CHUNKING = st.sampled_from(
    [
        {"type": "auto"},
        {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}},
        {"type": "static", "static": {"max_chunk_size_tokens": 4096, "chunk_overlap_tokens": 0}},
    ]
)
ENTRIES = st.lists(
    st.one_of(
        st.sampled_from(["kb/**/*.md", "kb/rates/*.md", "kb/faq.md", "./kb/faq.md", "kb/**/*", "kb/notes.txt"]),
        st.fixed_dictionaries(
            {"path": st.sampled_from(["kb/**/guide.md", "kb/rates/*", "kb/notes.txt"])},
            optional={"attributes": st.none() | ATTRIBUTES, "chunking_strategy": st.none() | CHUNKING},
        ),
    ),
    max_size=4,
)
STORE: Mapping[str, st.SearchStrategy[Any]] = {
    "name": st.none() | TEXT,
    "files": ENTRIES,
    "chunking_strategy": st.none() | CHUNKING,
    "attributes": st.none() | ATTRIBUTES,
    "expires_after": st.none()
    | st.fixed_dictionaries({"days": st.integers(1, 365)}, optional={"anchor": st.just("last_active_at")}),
    "metadata": st.none() | METADATA,
    "prune": st.booleans(),
}
BASIC_STORES = st.fixed_dictionaries({}, optional=STORE)
STORES = st.fixed_dictionaries({}, optional={**STORE, "description": st.none() | TEXT})
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["k", "tools"]), inner, max_size=2),
    max_leaves=4,
)


SOME = st.lists(st.sampled_from(NAMES), min_size=1, unique=True).map(tuple)
FEW = st.lists(st.sampled_from(NAMES), max_size=2, unique=True).map(tuple)
BESIDE: Mapping[str, st.SearchStrategy[Any]] = {
    "instructions": st.just({"$file": "prompts/long.md"}),
    "metadata": st.none() | METADATA,
}
HELD = st.fixed_dictionaries(
    {},
    optional={
        "code_interpreter": st.fixed_dictionaries(
            {},
            optional={
                "file_ids": st.lists(st.sampled_from(["data/a.csv", "data/prices.csv", "kb/faq.md"]), max_size=3)
            },
        ),
        "file_search": st.fixed_dictionaries(
            {},
            optional={"vector_store_ids": st.lists(st.sampled_from(["handbook", "vectorstore/faq"]), max_size=1)},
        ),
    },
)
"""Files and stores of an assistant at a server, which refuses ids of objects that do not exist."""
MORE: Mapping[str, st.SearchStrategy[Document]] = {
    "agents": st.fixed_dictionaries({}, optional=BESIDE),
    "assistants": st.fixed_dictionaries(
        {}, optional={**BESIDE, "tool_resources": st.none() | HELD, "temperature": st.just("${var.warmth}")}
    ),
    "responses": st.fixed_dictionaries(
        {},
        optional={
            **BESIDE,
            "extra": st.fixed_dictionaries({"brand_new": ANYTHING}),
            "temperature": st.just("${var.warmth}"),
        },
    ),
}
"""Rules of assistants that the models do not express, by target."""


@dataclass(frozen=True)
class Project:
    """Manifests; the files they name are always the same, in a folder that may have another name than `kb`."""

    documents: Sequence[Document]
    folder: str = "kb"

    def write(self, world: World) -> None:
        """Where manifests name a store by a literal id, that is the id of `handbook` once it is live."""
        for folder in FOLDERS:
            shutil.rmtree(world.root / folder, ignore_errors=True)
        for path, content in FILES.items():
            world.file(self._called(path), content)
        id_ = self._live_id(world)
        world.documents.clear()
        world.wants(*(_replaced(document, self._called, id_) for document in self.documents))

    def _called(self, text: str) -> str:
        return re.sub(r"^(\./)?kb/", rf"\1{self.folder}/", text)

    def _live_id(self, world: World) -> str:
        async def look() -> str:
            stores = [one async for one in world.sdk.vector_stores.list()]
            ids = [one.id for one in stores if (one.metadata or {}).get(ADDRESS) == "vectorstore/handbook"]
            return ids[0] if ids else LITERAL

        return world.by_hand(look())


def _replaced(value: Any, called: Callable[[str], str], id_: str) -> Any:
    """A document with the paths of its files as they are called, and with a live id."""
    if isinstance(value, dict):
        return {key: _replaced(item, called, id_) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, called, id_) for item in value]
    if not isinstance(value, str):
        return value
    return id_ if value == LITERAL else called(value)


@st.composite
def projects(draw: st.DrawFn, to_be_edited: bool = False) -> Project:
    """A project that validates. Names come from so few that two projects have many in common.

    One that is to be edited protects nothing, and has no description that only a new store could get.
    """
    assistants = draw(SOME)
    pipelines = draw(FEW)
    bots = draw(FEW)
    documents = [
        _project(),
        *(
            manifest("VectorStore", name, draw(BASIC_STORES if to_be_edited else STORES))
            for name in ("handbook", "faq")
        ),
        *(manifest("Assistant", name, draw(_assistants())) for name in assistants),
        *(manifest("Pipeline", name, draw(_pipelines(assistants))) for name in pipelines),
        *(manifest("Chatbot", name, draw(_chatbots(assistants, pipelines))) for name in bots),
    ]
    folder = draw(st.sampled_from(FOLDERS)) if to_be_edited else "kb"
    return Project(
        [documents[0], *(_with_lifecycle(draw, document, protected=not to_be_edited) for document in documents[1:])],
        folder,
    )


def _project() -> Document:
    spec = {
        "safety": {"max_deletes": 100, "max_archives": 100},
        "environments": ENVIRONMENTS,
        "outlets": [{"directory": "published"}],
    }
    return {**PROJECT, "spec": spec}


def _with_lifecycle(draw: st.DrawFn, document: Document, *, protected: bool) -> Document:
    names = sorted(document["spec"].keys() - REFERRING - {"files"})
    return {**document, **draw(_lifecycles(tuple(names), protected=protected))}


@cache
def _lifecycles(names: Sequence[str], *, protected: bool) -> st.SearchStrategy[Document]:
    fields = st.lists(st.sampled_from(names), max_size=1) if names else st.just([])
    lifecycle = st.fixed_dictionaries(
        {}, optional={"protect": st.booleans() if protected else st.just(False), "ignore": fields}
    )
    return st.fixed_dictionaries({}, optional={"lifecycle": lifecycle})


@st.composite
def _assistants(draw: st.DrawFn) -> Document:
    target = draw(st.sampled_from(sorted(MORE)))
    spec = draw(specs(KIND.models[target]))
    if target == "assistants":
        spec = _at_a_server(spec)
    for tool in spec.get("tools") or ():
        _repair(tool, target)
    return {**spec, "target": target, **draw(MORE[target])}


def _at_a_server(spec: Document) -> Document:
    """Return what a server accepts: each tool once, no ids of objects that do not exist, and no schema that is called
    strict and is not.
    """
    strict = [tool["function"] for tool in spec.get("tools") or () if "function" in tool]
    answers = spec.get("response_format")
    strict += [answers["json_schema"]] if isinstance(answers, dict) and "json_schema" in answers else []
    for part in strict:
        part.pop("strict", None)
    once = {(tool["type"], tool.get("function", {}).get("name")): tool for tool in spec.get("tools") or ()}
    tools = {"tools": list(once.values())} if "tools" in spec else {}
    return {name: value for name, value in spec.items() if name != "tool_resources"} | tools


def _repair(tool: Document, target: str) -> None:
    """Make possible what the models allow and the rules of several fields do not."""
    if tool["type"] == "mcp" and target == "responses":
        first = next((name for name in ENDPOINTS if name in tool), None)
        for name in ENDPOINTS:
            if name != first:
                tool.pop(name, None)
        if first is None:
            tool["tunnel_id"] = "tunnel_1"
    if tool["type"] == "image_generation":
        output = tool.get("output_format", "png")
        for_gif, for_svg = ("frame_count", "frame_duration_ms"), ("svg",)
        not_for_gif = ("partial_images", "input_image_mask", "output_compression")
        impossible = (not_for_gif if output == "gif" else for_gif) + (() if output == "svg" else for_svg)
        for name in impossible:
            tool.pop(name, None)


@st.composite
def _pipelines(draw: st.DrawFn, assistants: Sequence[str]) -> Document:
    """Nodes in a row, each router left by one of its keywords; further edges lead forward."""
    drawn = draw(_nodes(assistants))
    nodes = {f"n{number}": node for number, node in enumerate(drawn)}
    ends = ["start", *(_exit(draw, name, node) for name, node in nodes.items())]
    edges: list[Document] = [{"from": end, "to": to} for end, to in zip(ends, [*nodes, "end"], strict=True)]
    if draw(st.booleans()):
        edges.append({"from": ends[:-1], "to": "end"})
    return {"nodes": nodes, "edges": draw(st.permutations(edges))}


def _exit(draw: st.DrawFn, name: str, node: Document) -> str:
    return f"{name}.{draw(st.sampled_from(node['keywords']))}" if "keywords" in node else name


@cache
def _nodes(assistants: Sequence[str]) -> st.SearchStrategy[list[Document]]:
    assistant = st.sampled_from([*assistants, f"assistant/{assistants[0]}", "agent_1"])
    stores = st.lists(st.sampled_from(["handbook", "vectorstore/faq", "vs_1"]), max_size=2)
    routing = {"keywords": st.sampled_from([["A"], ["B", "A"]])}
    node = st.one_of(
        _node("llm", prompt=TEXT, model=TEXT, history=TEXT, tools=st.lists(TEXT, max_size=2), vector_stores=stores)
        | _node("llm", functions_from=st.lists(assistant, max_size=2), max_results=st.integers(1, 50)),
        _node("assistant", {"assistant": assistant}, citations=st.booleans(), input_format=TEXT),
        _node("router", routing, prompt=TEXT, model=TEXT, history=TEXT, default_keyword=st.just("a")),
        _node("static_router", {**routing, "route_key": TEXT}, data_source=TEXT),
        _node("code", {"code": st.just("def main(input, **kwargs):\n    return input\n")}),
        _node("template", {"template": TEXT}),
        _node("email", recipients=st.lists(TEXT, max_size=2) | TEXT, subject=TEXT, body=TEXT),
        _node("extract", {"data_schema": TEXT | st.just({"name": "text"})}, model=TEXT, key_name=TEXT),
        _node("custom", settings=ANYTHING),
    )
    return st.lists(node, min_size=1, max_size=4)


def _node(
    type_: str, required: Mapping[str, st.SearchStrategy[Any]] | None = None, **optional: st.SearchStrategy[Any]
) -> st.SearchStrategy[Document]:
    nullable = {name: st.none() | value for name, value in optional.items()}
    return st.fixed_dictionaries({"type": st.just(type_), **(required or {})}, optional=nullable)


@cache
def _chatbots(assistants: Sequence[str], pipelines: Sequence[str]) -> st.SearchStrategy[Document]:
    answer = [st.fixed_dictionaries({"assistant": st.sampled_from([*assistants, "agent_1"])})]
    if not pipelines:
        return answer[0]
    starts = st.lists(st.sampled_from([*pipelines, f"pipeline/{pipelines[0]}"]), max_size=2)
    answer.append(st.fixed_dictionaries({"pipeline": st.sampled_from(list(pipelines))}))
    return st.builds(
        lambda one, more: {**one, **more}, st.one_of(answer), st.fixed_dictionaries({}, optional={"starts": starts})
    )


@contextmanager
def new_world() -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder, world(Path(folder), assistants=True) as made:
        yield made
