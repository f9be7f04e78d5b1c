"""The request bodies of public repositories: imported, sent to the embedded API, and sent again from their bundle."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
from openai.types.beta.persisted_agent_tool_param import PersistedAgentToolParam
from openai.types.responses.tool_param import ToolParam

from reconciler.bundles import load
from reconciler.emulator.resources.responses import TEXT
from reconciler.importing.model import Imported
from reconciler.importing.requests import import_requests
from tests.support.request_bodies import Shape, objects, shapes
from tests.support.shapes import members, object_options
from tests.support.world import BUNDLES, World, world

RESPONSES = shapes("responses.yaml")
AGENTS = shapes("agents.yaml")
OTHERS = shapes("other_apis.yaml")


def named(given: list[Shape]) -> Any:
    return pytest.mark.parametrize("shape", given, ids=[shape.name.replace(" ", "-") for shape in given])


@dataclass
class Corpus:
    """A project that imported every body that can be imported, and was applied."""

    world: World
    ids: Mapping[str, str]
    imported: Imported

    def address(self, shape: Shape) -> str:
        (origin,) = (one for one in self.imported.origins if one.id == file_name(shape))
        return origin.address

    def said(self, shape: Shape) -> list[str]:
        (origin,) = (one for one in self.imported.origins if one.id == file_name(shape))
        return [*origin.losses, *origin.notes]


def file_name(shape: Shape) -> str:
    return f"{'agent' if shape in AGENTS else 'request'} {shape.name}.json".replace("'", "")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    folder = tmp_path_factory.mktemp("corpus")
    with world(folder / "acme") as made:
        ids = objects(made)
        for shape in (*RESPONSES, *AGENTS):
            (folder / file_name(shape)).write_text(json.dumps(shape.filled(ids)))
        files = [folder / file_name(shape) for shape in (*RESPONSES, *AGENTS)]
        imported = import_requests(made.root, made.environ, files=files, into=None)
        assert imported.problems == ()
        made.apply()
        yield Corpus(made, ids, imported)


def types_of(annotation: Any) -> set[str]:
    return {tag for option in object_options(annotation) for tag in get_args(get_args(members(option)["type"][1])[0])}


def tools_of(given: list[Shape]) -> set[str]:
    return {tool["type"] for shape in given for tool in shape.request({}).get("tools", ())}


def test_the_corpus_has_every_type_of_tool():
    assert len([*RESPONSES, *AGENTS, *OTHERS]) >= 80
    assert tools_of(RESPONSES) == types_of(ToolParam)
    assert tools_of(AGENTS) == types_of(PersistedAgentToolParam)


@named([*RESPONSES, *AGENTS])
def test_an_import_says_what_it_leaves_out_and_adds(corpus, shape):
    said = corpus.said(shape)
    assert len(said) == len(shape.said), said
    assert all(words in line for words, line in zip(shape.said, said, strict=True)), said
    assert "s3cret" not in "".join(said)


def test_no_secret_is_in_a_manifest(corpus):
    assert all("s3cret" not in file.read_text() for file in corpus.world.root.rglob("*") if file.is_file())


@named(RESPONSES)
def test_the_embedded_api_answers_a_request(corpus, shape):
    request = shape.request(corpus.ids)
    answer = corpus.world.by_hand(corpus.world.sdk.responses.create(**{**request, "stream": False}))
    assert answer.output_text == TEXT


@named([shape for shape in RESPONSES if "stream" in shape.body])
def test_the_embedded_api_streams_an_answer(corpus, shape):
    async def last() -> Any:
        stream = await corpus.world.sdk.responses.create(**shape.request(corpus.ids))
        return [event async for event in stream][-1]

    assert corpus.world.by_hand(last()).response.output_text == TEXT


@named(RESPONSES)
def test_the_request_of_the_bundle_is_answered(corpus, shape):
    address = corpus.address(shape)
    request = load(corpus.world.root / BUNDLES, "acme", address).request(address, input="Hi")
    assert corpus.world.by_hand(corpus.world.sdk.responses.create(**request)).output_text == TEXT


@named([shape for shape in AGENTS if shape.sent])
def test_an_agent_is_created_like_the_one_of_the_body(corpus, shape):
    address = corpus.address(shape)
    agents = corpus.world.sdk.beta.agents
    asked = corpus.world.by_hand(agents.create(**shape.request(corpus.ids))).to_dict()
    made = corpus.world.by_hand(agents.retrieve(load(corpus.world.root / BUNDLES, "acme", address).agent_id(address)))
    assert settings(made.to_dict()) == settings(asked)


def settings(agent: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of an agent, with its tools in any order, as an apply may change it."""
    own = {"id", "created_at", "updated_at", "metadata", "name", "tools"}
    tools = sorted(agent["tools"], key=lambda tool: str(tool["type"]))
    return {"tools": tools, **{name: value for name, value in agent.items() if name not in own}}


@named(OTHERS)
def test_a_body_of_another_api_is_refused_with_a_way_to_its_manifest(tmp_path, shape):
    file = tmp_path / "our bot.json"
    file.write_text(json.dumps(shape.filled({})))
    refused = import_requests(tmp_path, {}, files=[file], into=tmp_path / "here")
    (problem,) = refused.problems
    assert (refused.written, problem.code) == ((), "other-api")
    if "assistant_id" in shape.body:
        assert "/v1/assistants/asst_1" in problem.hint
        return
    command = shlex.split(problem.hint.removeprefix("Run: "))
    arguments = [*command[1:], "--offline", "--into", str(tmp_path / "there")]
    subprocess.run([sys.executable, "-m", "reconciler.cli.main", *arguments], check=True, capture_output=True)
    (manifest,) = (tmp_path / "there" / "assistants").iterdir()
    functions = [one["name"] for one in shape.body.get("functions", ())]
    inner = (tool.get(tool["type"], {}) for tool in shape.body.get("tools", ()))
    names = [*functions, *(one["name"] for one in inner if "name" in one)]
    assert all(f"name: {name}" in Path(manifest).read_text() for name in names)
