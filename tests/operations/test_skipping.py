"""A plan does not build what is as the last apply left it."""

from collections import Counter

import pytest

from reconciler.live import marks
from reconciler.operations.plan import make_plan
from reconciler.planning.build import Planned
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Address
from reconciler.resources.base import Applied, Desired, Live
from reconciler.resources.deferring import Deferring
from tests.support.world import World, manifest, world

TOOL = {
    "type": "function",
    "name": "find_order",
    "description": "Finds an order.",
    "parameters": {"type": "object", "properties": {"order_number_1": {"type": "string"}}},
}


@pytest.fixture
def applied(tmp_path):
    with world(tmp_path) as made:
        made.file("kb/a.md", "# A\n")
        made.file("skills/notes/SKILL.md", "---\nname: notes\ndescription: Takes notes.\n---\n")
        made.wants(
            manifest("Project", "acme", {"defaults": {"target": "agents"}}),
            manifest("VectorStore", "kb", {"files": ["kb/*.md"]}),
            manifest("Skill", "notes", {"folder": "skills/notes"}),
            manifest("Vault", "crm", {}),
            manifest("Credential", "key", {"vault": "crm", "auth": BEARER}),
            manifest(
                "EnvironmentTemplate",
                "desk",
                {"network": {"access": "disabled"}, "skills": [{"type": "skill_reference", "skill_id": "notes"}]},
            ),
            *(agent(name) for name in ("a", "b", "c")),
        )
        made.environ = {**made.environ, "CRM_TOKEN": "secret"}
        made.apply()
        yield made


BEARER = {"type": "static_bearer", "mcp_server_url": "https://crm.example.com", "token": {"$env": "CRM_TOKEN"}}


def agent(name: str, instructions: str = "Help."):
    return manifest("Assistant", name, {"model": "gpt-6-luna", "instructions": instructions, "tools": [TOOL]})


@pytest.fixture
def built(monkeypatch):
    """The objects whose fields are built, by class and type."""
    found = Counter[tuple[type, str]]()
    build = Deferring.__dict__["__getattr__"]

    def counted(one: Live | Desired | Applied, name: str):
        found[type(one), one.type] += name == "fields"
        return build(one, name)

    monkeypatch.setattr(Deferring, "__getattr__", counted)
    return found


def planned(made: World) -> Planned:
    """Return a plan, whose repr nothing takes: the event loop does so with results."""
    found: list[Planned] = []

    async def work() -> None:
        found.append((await make_plan(open_workspace(made.root, made.environ), made.connection)).planned)

    made.run(work())
    return found[0]


def skipped(made: World) -> set[str]:
    return {str(address) for address in made.observed().planned.inputs.unchanged}


def test_objects_of_every_type_are_skipped_after_an_apply(applied):
    inputs = applied.observed().planned.inputs
    skipped = {address for address, one in inputs.desired.items() if one.type not in inputs.outlet_types}
    # The id of its skill is a text that its manifest does not have, and could be a secret.
    assert inputs.unchanged == skipped - {Address("template", "desk")}


def test_nothing_of_a_skipped_agent_is_built(applied, built):
    assert planned(applied).plan.changes == ()
    assert [of for of, type_ in built if type_ == "agent"] == []


def test_only_the_edited_agent_is_built_and_compared(applied, built):
    applied.wants(agent("b", "Help well."))
    assert "assistant/a" in skipped(applied)
    assert "assistant/b" not in skipped(applied)
    built.clear()
    assert [change.address for change in planned(applied).plan.changes] == ["assistant/b"]
    assert built[Live, "agent"] == 2  # as read, and with addresses


def test_edit_at_the_api_is_compared(applied):
    id_ = applied.id_of("assistant/b")
    applied.by_hand(applied.sdk.beta.agents.update(id_, instructions="By hand."))
    assert "assistant/b" not in skipped(applied)
    assert [change.address for change in applied.plan().drift] == ["assistant/b"]


def test_kept_drift_is_never_taken_as_equal(applied):
    id_ = applied.id_of("assistant/b")
    applied.by_hand(applied.sdk.beta.agents.update(id_, instructions="By hand."))
    spec = {"model": "gpt-6-sol", "instructions": "Help.", "tools": [TOOL]}
    applied.wants(manifest("Assistant", "b", spec))
    applied.apply("keep")
    assert "assistant/b" not in skipped(applied)
    assert [change.address for change in applied.plan("keep").drift] == ["assistant/b"]


def test_another_version_of_reconciler_compares_everything(applied, monkeypatch):
    monkeypatch.setattr(marks, "_code", lambda: b"another version")
    assert skipped(applied) == set()
    assert applied.plan().changes == ()
