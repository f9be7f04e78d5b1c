"""Tests of `pull`: live changes are copied into the manifests, and the next plan is empty."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.operations.pull import accepted
from reconciler.planning.model import Change, FieldChange
from reconciler.project.workspace import open_workspace
from tests.support.pulling import PROJECT, changed_lines, is_settled, pull, update
from tests.support.world import World, is_silent, world

TRIAGE = """\
# Who answers first.
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: triage}
spec:
  model: 'gpt-6-luna'     # the cheap one
  instructions: |
    Be kind.

    Be short.
  tools:
    # what a customer can start
    - type: function
      name: create_ticket
      description: Opens a ticket   # ask first
      parameters: {$file: tools/ticket.json}
    - {type: web_search, mode: cached, "context_size": low}

  metadata:
    tier: gold   # see the contract
    team: "support"
---
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: billing}
spec:
  model: gpt-6-luna
  instructions: {$file: prompts/billing.md}
"""
SCHEMA = """\
{
    "type": "object",
    "properties": {"title": {"type": "string"}}
}
"""
BILLING = "You answer for ${var.company}.\nNever promise refunds.\n"
STORE = """\
apiVersion: reconciler/v1
kind: VectorStore
metadata: {name: handbook}
spec:
  files:
    - kb/*.md
    - {path: faq/faq.md, attributes: {topic: faq}}   # the old ones
    - faq/rates.md
  expires_after: {days: 30}
"""
FILES = {
    "project.yaml": PROJECT,
    "assistants.yaml": TRIAGE,
    "store.yaml": STORE,
    "tools/ticket.json": SCHEMA,
    "prompts/billing.md": BILLING,
    "kb/guide.md": "Guide",
    "kb/hours.md": "Hours",
    "faq/faq.md": "Questions",
    "faq/rates.md": "Rates",
}


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        for path, content in FILES.items():
            made.file(path, content)
        made.apply()
        assert is_silent(made.plan())
        yield made


def agent(world: World, address: str):
    return world.by_hand(world.sdk.beta.agents.retrieve(world.id_of(address)))


def test_fields_of_an_agent_are_pulled(acme):
    tools = [tool.to_dict() for tool in agent(acme, "assistant/triage").tools]
    tools[0]["description"] = "Opens: a ticket"
    tools[0]["parameters"]["properties"]["body"] = {"type": "string"}
    tools[1]["mode"] = "live"
    tools.append({"type": "computer_use"})
    update(
        acme, "assistant/triage", model="gpt-6-terra", instructions="Be kind.\n\nBe brief.\nBe quick.\n", tools=tools
    )
    pulled = pull(acme)
    assert not pulled.problems, pulled.problems
    assert changed_lines(pulled) == [
        "-   model: 'gpt-6-luna'     # the cheap one",
        "+   model: 'gpt-6-terra'     # the cheap one",
        "-     Be short.",
        "+     Be brief.",
        "+     Be quick.",
        "-       description: Opens a ticket   # ask first",
        '+       description: "Opens: a ticket"   # ask first',
        '-     - {type: web_search, mode: cached, "context_size": low}',
        '+     - {type: web_search, mode: live, "context_size": low}',
        "+     - {type: computer_use}",
        '-     "properties": {"title": {"type": "string"}}',
        '+     "properties": {"title": {"type": "string"}, "body": {"type": "string"}}',
    ]
    assert is_settled(acme)


def test_changed_removed_and_added_metadata_is_pulled(acme):
    labels = agent(acme, "assistant/triage").metadata
    metadata = {key: value for key, value in {**labels, "tier": "silver"}.items() if key != "team"}
    update(acme, "assistant/triage", metadata=metadata)
    assert changed_lines(pull(acme)) == [
        "-     tier: gold   # see the contract",
        "+     tier: silver   # see the contract",
        '-     team: "support"',
    ]
    assert is_settled(acme)


def test_an_included_text_keeps_its_variable(acme):
    update(acme, "assistant/billing", instructions="You answer for Brightwater.\nBe polite.\nNever promise anything.")
    pulled = pull(acme, "assistant/billing")
    assert [edit.path for edit in pulled.edits] == ["prompts/billing.md"]
    assert (acme.root / "prompts/billing.md").read_text() == (
        "You answer for ${var.company}.\nBe polite.\nNever promise anything.\n"
    )
    assert is_settled(acme)


def test_a_changed_value_of_a_variable_is_reported(acme):
    update(acme, "assistant/billing", instructions="You answer for Acme.\nNever promise refunds.", model="gpt-6-terra")
    pulled = pull(acme)
    (problem,) = pulled.problems
    assert "${var.company}" in problem.message
    assert changed_lines(pulled) == ["-   model: gpt-6-luna", "+   model: gpt-6-terra"]
    assert (acme.root / "prompts/billing.md").read_text() == BILLING
    (change,) = acme.plan().drift
    assert [item.path for item in change.fields] == ["instructions"]


def test_a_shared_text_is_not_changed(acme):
    acme.file("prompts/shared.md", "Be kind.\n")
    for name in ("one", "two"):
        text = TRIAGE.partition("---")[2].replace("billing.md", "shared.md").replace("billing", name)
        acme.file(f"{name}.yaml", text)
    acme.apply()
    update(acme, "assistant/one", instructions="Be quick.")
    (problem,) = pull(acme).problems
    assert problem.code == "shared"
    assert "assistant/two" in problem.message
    assert (acme.root / "prompts/shared.md").read_text() == "Be kind.\n"
    update(acme, "assistant/two", instructions="Be quick.")
    assert not pull(acme).problems
    assert is_settled(acme)


def test_detached_files_are_pulled(acme):
    store = acme.id_of("vectorstore/handbook")
    for path in ("faq/faq.md", "kb/hours.md"):
        acme.by_hand(acme.sdk.vector_stores.files.delete(acme.id_of(f"file/{path}"), vector_store_id=store))
    pulled = pull(acme, "vectorstore/handbook")
    assert changed_lines(pulled) == ["-     - {path: faq/faq.md, attributes: {topic: faq}}   # the old ones"]
    (problem,) = pulled.problems
    assert "kb/hours.md was detached outside Reconciler, but kb/*.md still matches it" in problem.message
    assert str(problem.place).startswith("store.yaml:6:")
    (change,) = acme.plan().drift
    assert [item.path for item in change.fields] == ['files["kb/hours.md"]']


def test_attributes_and_expiry_of_a_store_are_pulled(acme):
    store = acme.id_of("vectorstore/handbook")
    acme.by_hand(acme.sdk.vector_stores.update(store, expires_after={"anchor": "last_active_at", "days": 7}))
    file = acme.id_of("file/faq/faq.md")
    attributes = acme.by_hand(acme.sdk.vector_stores.files.retrieve(file, vector_store_id=store)).attributes
    changed = {**(attributes or {}), "topic": "rates: new"}
    acme.by_hand(acme.sdk.vector_stores.files.update(file, vector_store_id=store, attributes=changed))
    assert changed_lines(pull(acme)) == [
        "-     - {path: faq/faq.md, attributes: {topic: faq}}   # the old ones",
        '+     - {path: faq/faq.md, attributes: {topic: "rates: new"}}   # the old ones',
        "-   expires_after: {days: 30}",
        "+   expires_after: {days: 7}",
    ]
    assert is_settled(acme)


def test_drift_without_values_is_reported(acme):
    acme.by_hand(acme.sdk.beta.agents.delete(acme.id_of("assistant/billing")))
    update(acme, "assistant/triage", metadata={"tier": "gold", "team": "support"})
    pulled = pull(acme)
    assert not pulled.edits
    assert {
        str(problem).partition(": ")[2].splitlines()[0].removeprefix("error[not-pulled]: ")
        for problem in pulled.problems
    } == {
        "assistant/triage: its labels were removed, and labels are not part of manifests",
        "assistant/billing was deleted: there are no live values to pull",
    }


def test_with_force_the_live_value_replaces_an_edit_with_a_note(acme):
    acme.file("assistants.yaml", TRIAGE.replace("'gpt-6-luna'", "'gpt-6-sol'"))
    update(acme, "assistant/triage", model="gpt-6-terra")
    assert not pull(acme, "assistant/triage").edits
    pulled = pull(acme, "assistant/triage", force=True)
    assert changed_lines(pulled) == [
        "-   model: 'gpt-6-sol'     # the cheap one",
        "+   model: 'gpt-6-terra'     # the cheap one",
    ]
    assert "assistant/triage: model was also changed in the manifest; the live value replaced it" in pulled.notes
    assert is_settled(acme)


def attach(acme: World, name: str = "loose.md", *, store: str = "vectorstore/handbook", **settings) -> str:
    """Attach an unmanaged upload to a store outside Reconciler, and return its id."""
    file = acme.by_hand(acme.sdk.files.create(file=(name, b"Loose"), purpose="assistants"))
    acme.by_hand(acme.sdk.vector_stores.files.create(acme.id_of(store), file_id=file.id, **settings))
    return file.id


def is_recorded(acme: World) -> bool:
    """Return True if the next apply only records the pulled files, which stay unmanaged uploads."""
    before = acme.plan()
    acme.apply()
    after = acme.plan()
    only_records = {change.action for change in before.changes} <= {"adopt"} and not before.drift
    return only_records and not (after.changes or after.drift or after.warnings)


@pytest.mark.parametrize("more", ["", "  prune: true\n"])
def test_a_file_attached_outside_is_added_by_its_id(acme, more):
    acme.file("store.yaml", STORE + more)
    acme.apply()
    file = attach(acme)
    pulled = pull(acme)
    assert pulled.problems == ()
    assert changed_lines(pulled) == [f"+     - {file}  # loose.md"]
    (note,) = [note for note in pulled.notes if note.startswith("vectorstore/handbook: ")]
    assert f"OpenAI does not return the content of loose.md ({file})." in note
    assert is_recorded(acme)


def test_a_file_attached_outside_is_added_with_its_own_settings(acme):
    file = attach(acme, attributes={"topic": "loose"})
    attach(acme, "more.md")
    assert f"+     - path: {file}  # loose.md" in changed_lines(pull(acme))
    assert is_recorded(acme)


def test_a_file_of_the_project_attached_outside_is_added_by_its_path(acme):
    acme.file("other.yaml", STORE.replace("handbook", "other").replace("    - kb/*.md\n", ""))
    acme.file("store.yaml", STORE.replace("    - {path: faq/faq.md, attributes: {topic: faq}}   # the old ones\n", ""))
    acme.apply()
    store, file = acme.id_of("vectorstore/handbook"), acme.id_of("file/faq/faq.md")
    acme.by_hand(acme.sdk.vector_stores.files.create(store, file_id=file))
    pulled = pull(acme)
    assert (pulled.problems, changed_lines(pulled)) == ((), ["+     - faq/faq.md"])


def test_a_store_without_files_gets_the_list(acme):
    acme.file("bare.yaml", STORE[: STORE.index("  files:")].replace("handbook", "bare") + "  name: Bare\n")
    acme.apply()
    file = attach(acme, store="vectorstore/bare")
    assert changed_lines(pull(acme)) == ["+   files:", f"+     - {file}  # loose.md"]
    assert is_recorded(acme)


def test_a_file_attached_without_the_settings_of_the_store_is_reported(acme):
    acme.file("store.yaml", STORE + "  attributes: {audience: all}\n")
    acme.apply()
    file = attach(acme)
    pulled = pull(acme)
    (problem,) = pulled.problems
    assert f"{file} was attached outside Reconciler" in problem.message
    assert f"list {file} in `files`" in (problem.hint or "")
    assert not pulled.edits


def test_a_deleted_file_is_reported(acme):
    acme.by_hand(acme.sdk.files.delete(acme.id_of("file/faq/rates.md")))
    pulled = pull(acme, "file/faq/rates.md")
    (problem,) = pulled.problems
    assert "`reconciler apply --target file/faq/rates.md --env production` makes it again" in problem.hint


def test_one_file_of_a_glob_gets_an_entry_of_its_own(acme):
    text = STORE.replace("- kb/*.md", "- path: kb/*.md   # all\n      attributes: {audience: all, year: 2026}")
    acme.file("store.yaml", text)
    acme.apply()
    store, file = acme.id_of("vectorstore/handbook"), acme.id_of("file/kb/hours.md")
    attributes = acme.by_hand(acme.sdk.vector_stores.files.retrieve(file, vector_store_id=store)).attributes
    changed = {**(attributes or {}), "audience": "staff"}
    acme.by_hand(acme.sdk.vector_stores.files.update(file, vector_store_id=store, attributes=changed))
    assert changed_lines(pull(acme)) == [
        "+     - path: kb/hours.md",
        "+       attributes:",
        "+         audience: staff",
        "+         year: 2026",
    ]
    assert is_settled(acme)


def test_a_value_that_is_invalid_in_manifests_is_reported_with_the_rule(acme):
    planned = acme.observed("keep").planned
    beyond = Change("assistant/triage", "update", (FieldChange(("model",), 5, "gpt-6-luna", "drift", "gpt-6-luna"),))
    planned = replace(planned, plan=replace(planned.plan, drift=(beyond,)))
    found = accepted(open_workspace(acme.root, acme.environ), planned)
    (problem,) = found.problems
    assert problem.message.startswith("assistant/triage: the live value is not valid in a manifest: ")
    assert str(problem.place).startswith("assistants.yaml:6:")
    assert not found.edits


def test_nothing_to_pull_and_nothing_written(acme):
    pulled = pull(acme, "assistant/triage")
    assert pulled.notes == ("assistant/triage: no drift",)
    assert not pulled.edits


def test_line_ends_byte_order_marks_and_modes_stay(acme):
    path = acme.root / "assistants.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + TRIAGE.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    update(acme, "assistant/triage", instructions="Be quick.\nBe short.\n")
    pull(acme)
    expected = TRIAGE.replace("    Be kind.\n\n    Be short.", "    Be quick.\n    Be short.").replace("\n", "\r\n")
    assert path.read_bytes() == b"\xef\xbb\xbf" + expected.encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert is_settled(acme)


def test_line_ends_of_an_included_text_stay(acme):
    acme.file("prompts/billing.md", b"Be exact.\r\nBe short.\r\n")
    acme.apply()
    update(acme, "assistant/billing", instructions="Be exact.\nBe brief.\nBe kind.")
    pull(acme)
    path = acme.root / "prompts/billing.md"
    assert path.read_bytes() == b"Be exact.\r\nBe brief.\r\nBe kind.\r\n"
    assert is_settled(acme)


def test_an_included_text_in_another_unicode_form_is_pulled(acme):
    (acme.root / "assistants.yaml").write_text(TRIAGE.replace("billing.md", "bu\u0308ro.md"), encoding="utf-8")
    acme.file("prompts/bu\u0308ro.md", "Be exact.\n")
    acme.apply()
    update(acme, "assistant/billing", instructions="Be kind.")
    pull(acme)
    assert (acme.root / "prompts/bu\u0308ro.md").read_bytes() == b"Be kind.\n"
    assert not (acme.root / "prompts/b\u00fcro.md").exists()
    assert is_settled(acme)


def test_an_edit_after_an_applied_pull_is_a_normal_change(acme):
    update(acme, "assistant/triage", model="gpt-6-terra")
    pull(acme)
    acme.apply()
    acme.file("assistants.yaml", (acme.root / "assistants.yaml").read_text().replace("terra", "sol"))
    (change,) = acme.plan("keep").changes
    assert [(item.path, item.origin) for item in change.fields] == [("model", "manifest")]


def test_an_edit_after_the_pull_counts_as_both_until_it_is_applied(acme):
    """The state and the label have the values that were applied before the pull."""
    update(acme, "assistant/triage", model="gpt-6-terra")
    pull(acme)
    acme.file("assistants.yaml", (acme.root / "assistants.yaml").read_text().replace("terra", "sol"))
    plan = acme.plan()
    assert [(item.live, item.desired, item.origin) for change in plan.drift for item in change.fields] == [
        ("gpt-6-terra", "gpt-6-sol", "both")
    ]
    acme.apply()
    assert agent(acme, "assistant/triage").model == "gpt-6-sol"
    assert is_settled(acme)
