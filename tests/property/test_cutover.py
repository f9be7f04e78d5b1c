"""A chatbot that is switched to another target and back has the objects that it had before."""

import copy
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from reconciler.manifests import load
from reconciler.manifests.emitting import emit
from reconciler.migration.cutover import cutover
from reconciler.resources.assistants.assistants import AssistantsSpec
from reconciler.resources.base import Desired
from tests.support.desk import HEAD, Desk
from tests.support.specs import specs

STORES = ("handbook", "faq")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def valid(spec: dict[str, Any]) -> dict[str, Any]:
    """Return the spec with at most one vector store, one tool of each type, and one function of each name."""
    made = copy.deepcopy(spec)
    search = (made.get("tool_resources") or {}).get("file_search") or {}
    if "vector_store_ids" in search:
        search["vector_store_ids"] = search["vector_store_ids"][:1]
    if made.get("tools"):
        made["tools"] = list({_key(tool): tool for tool in made["tools"]}.values())
    return made


def _key(tool: dict[str, Any]) -> str:
    return f"{tool['type']}:{tool.get('function', {}).get('name')}"


def project(folder: Path, spec: dict[str, Any]) -> Desk:
    """Write a project with one chatbot, which is answered by an assistant with the given spec."""
    shutil.rmtree(folder / "ops", ignore_errors=True)
    desk = Desk(folder)
    desk.write("project.yaml", HEAD.format(kind="Project", name="acme", more="") + "  defaults: {target: assistants}\n")
    desk.write("assistants/triage.yaml", HEAD.format(kind="Assistant", name="triage", more="") + emit(spec, indent=2))
    desk.write("chatbots/support.yaml", HEAD.format(kind="Chatbot", name="support", more="") + "  assistant: triage\n")
    for name in STORES:
        desk.write(f"stores/{name}.yaml", HEAD.format(kind="VectorStore", name=name, more="") + "  files: [kb/*.md]\n")
    for path in ("data/prices.csv", "kb/faq.md"):
        desk.write(path, "text")
    return desk


def texts(desk: Desk) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in desk.root.rglob("*.yaml")}


def desired(desk: Desk) -> dict[str, Desired]:
    loaded = load(desk.root, env=None)
    assert [str(one) for one in loaded.problems if one.severity == "error"] == []
    objects = (one for resource in loaded.resources for one in resource.kind.desired(resource, loaded.scope))
    return {str(one.address): one for one in objects}


@pytest.mark.parametrize("target", ["responses", "agents"])
@settings(max_examples=25)
@given(spec=specs(AssistantsSpec).map(valid))
def test_there_and_back_gives_the_same_objects(folder: Path, target: str, spec: dict[str, Any]) -> None:
    desk = project(folder, spec)
    before, written = desired(desk), texts(desk)
    done = cutover(desk.root, {}, "support", target)
    reported = {row.field.split(" ")[0].split(".")[0].split("[")[0] for pair in done.pairs for row in pair.rows}
    assert {name for name, value in spec.items() if value not in (None, [], {}, "")} - {"target"} <= reported | {
        "extra",
        "tool_resources",
    }
    if done.refusals:
        assert texts(desk) == written
        return
    assert desired(desk)["chatbot/support"].fields["assistant"] == {"$address": f"assistant/triage-{target}"}
    cutover(desk.root, {}, "support", "assistants")
    assert {name: text for name, text in texts(desk).items() if name in written} == written
    after = desired(desk)
    assert {address: after[address] for address in before} == before
