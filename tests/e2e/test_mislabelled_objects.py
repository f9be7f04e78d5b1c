"""Objects whose label names this project and an address that they cannot have: foreign to every command."""

import shutil
from typing import Any

import pytest

from reconciler.resources.labels import ADDRESS, PROJECT
from tests.support.cli import Cli, by_hand
from tests.support.labels import WRONG
from tests.support.world import STATE

AGENT = """\
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: desk}
spec: {target: agents, model: gpt-6-luna, instructions: Sort.}
"""


async def make(sdk: Any) -> dict[str, str]:
    """Create an object for each wrong label, and return the labels by id."""
    made = {}
    for index, (type_, address) in enumerate(WRONG):
        pairs = {PROJECT: "acme", ADDRESS: address, "reconciler-spec": "v1", "reconciler-protected": "false"}
        if type_ == "agent":
            one = await sdk.beta.agents.create(model="gpt-6-luna", name=f"odd {index}", metadata=pairs)
        else:
            one = await sdk.vector_stores.create(name=f"odd {index}", metadata=pairs)
        made[one.id] = address
    return made


async def ids(sdk: Any) -> set[str]:
    return {one.id async for one in sdk.beta.agents.list()} | {one.id async for one in sdk.vector_stores.list()}


@pytest.fixture
def odd(project, cli: Cli) -> dict[str, str]:
    (project / "desk.yaml").write_text(AGENT)
    assert cli("apply", "--yes").code == 0
    return by_hand(project, make)


def test_plan_reports_mislabelled_objects_as_unmanaged_with_their_labels(project, odd, cli: Cli):
    plan = cli("plan", "-o", "json").document
    assert (plan["changes"], plan["drift"], plan["refusals"]) == ([], [], [])
    assert {one["id"]: one.get("wrong_label") for one in plan["unmanaged"]} == odd
    assert not any("owner" in one for one in plan["unmanaged"])
    assert "1 agent with the label chatbot/bot of another type" in " ".join(cli("plan").out.split())
    assert cli("apply", "--yes").code == 0
    assert odd.keys() <= by_hand(project, ids)


def test_commands_that_list_objects_do_not_count_mislabelled_objects_as_ours(odd, cli: Cli):
    drift = cli("drift")
    assert drift.code == 0
    assert "assistant/desk" in cli("status").out
    listed = {one["id"]: one["ownership"] for one in cli("inventory", "-o", "json").document["objects"]}
    assert {listed[id_] for id_ in odd} == {"unmanaged"}


def test_rebuild_leaves_mislabelled_objects_out(project, odd, cli: Cli):
    before = cli("state", "list", "-o", "json").document["objects"]
    lineage = cli("state", "pull").document["lineage"]
    shutil.rmtree(project / STATE)
    done = cli("state", "rebuild", "--yes", "--lineage", lineage, "-o", "json").document
    assert (done["added"], done["contested"]) == ([one["address"] for one in before], {})
    assert done["mislabelled"] == odd
    assert cli("plan", "--detailed-exitcode").code == 0
    text = cli("state", "rebuild", "--yes").out
    assert all(id_ in text for id_ in odd)


def test_mislabelled_object_is_not_adopted_and_not_created_a_second_time(project, odd, cli: Cli):
    id_ = next(id_ for id_, label in odd.items() if label == "chatbot/bot")
    manifest = AGENT.replace("desk", "odd")
    (project / "odd.yaml").write_text(manifest)
    done = cli("adopt", f"assistant/odd={id_}", "--yes")
    assert done.code == 1
    assert f"error[wrong-label]: assistant/odd: {id_} has the label chatbot/bot" in done.err
    (project / "odd.yaml").unlink()
    assert cli("import", id_).code == 0
    (refusal,) = cli("plan", "-o", "json").document["refusals"]
    assert refusal["rule"] == "duplicate"
    assert id_ in str(refusal)


def test_managed_object_that_is_mislabelled_gets_its_label_back(project, odd, cli: Cli):
    del odd
    own = cli("state", "list", "-o", "json").document["objects"][0]["id"]

    async def relabel(sdk: Any) -> None:
        pairs = (await sdk.beta.agents.retrieve(own)).metadata
        await sdk.beta.agents.update(own, metadata={**pairs, ADDRESS: "chatbot/bot"})

    async def label(sdk: Any) -> str:
        return str((await sdk.beta.agents.retrieve(own)).metadata[ADDRESS])

    by_hand(project, relabel)
    assert cli("apply", "--yes").code == 0
    assert by_hand(project, label) == "assistant/desk"
    assert cli("plan", "--detailed-exitcode").code == 0
