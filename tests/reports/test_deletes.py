"""Every report of a change that deletes a live object shows its id and its name; of an upload, the file name."""

from typing import Any

import pytest

from reconciler.applying.codec import apply_json
from reconciler.applying.model import ApplyResult, Outcome
from reconciler.planning.codec import change_json, from_json, seal_change, seal_plan, to_json
from reconciler.planning.model import Change, Plan
from reconciler.reports.html.apply import apply_html
from reconciler.reports.html.plan import plan_html
from reconciler.reports.markdown.apply import apply_markdown
from reconciler.reports.markdown.plan import plan_markdown
from reconciler.reports.style import Style
from reconciler.reports.text.apply import apply_text, outcome_line
from reconciler.reports.text.plan import apply_question, plan_text
from tests.support.plans import PLAIN, TRIAGE, field, plan, update

WIDE = Style(width=200)
DELETES = (
    Change("assistant/triage", "delete", id="agent_1", name="Support Bot"),
    Change("assistant/triage@support.1", "archive", id="agent_2", name="Support Bot"),
    Change("file/kb/a.md", "delete", id="file_1", name="a.md"),
    Change("file/kb/b.md", "replace", (field("sha256", "1", "2"),), id="file_2", name="b.md", source=TRIAGE),
    Change("vectorstore/kb", "delete", id="vs_1"),
)
MANY = tuple(Change(f"file/kb/{n}.md", "delete", id=f"file_{n}", name=f"{n}.md") for n in range(30))
DOCUMENT = Change("chatbot/support", "delete", id="chatbot/support")
WRITERS: dict[str, Any] = {
    "text": lambda made: plan_text(made, style=WIDE),
    "narrow": lambda made: " ".join(plan_text(made, style=PLAIN).split()),
    "markdown": plan_markdown,
    "html": plan_html,
}


def said(change: Change) -> str:
    return f"{change.id} ({change.name})" if change.name else str(change.id)


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("changes", [DELETES, MANY], ids=["few", "many files"])
def test_a_plan_names_each_live_object_that_it_deletes(writer, changes):
    text = WRITERS[writer](plan(*changes))
    for change in changes:
        assert said(change) in text


def test_a_plan_says_nothing_of_a_document_whose_address_is_its_id():
    assert plan_text(plan(DOCUMENT), style=WIDE).count("chatbot/support") == 1


def test_an_update_does_not_repeat_the_live_object():
    assert "agent_1" not in plan_text(plan(update(field("model", 1, 2), id="agent_1")), style=WIDE)


def test_a_json_plan_has_the_name_and_the_same_digests_without_it():
    made = seal_plan(plan(*DELETES))
    assert [change_json(change).get("name") for change in DELETES] == [change.name or None for change in DELETES]
    assert (
        seal_plan(plan(*(Change(one.address, one.action, one.fields, one.id) for one in DELETES))).digest == made.digest
    )
    names = [change.name for change in from_json(to_json(sealed(made))).changes]
    assert names == [change.name for change in DELETES]


def sealed(made: Plan) -> Plan:
    return seal_plan(plan(*(seal_change(made.identity, change) for change in made.changes)))


def test_the_question_names_each_live_object_that_the_plan_deletes():
    assert apply_question(plan(update(field("model", 1, 2)), DOCUMENT)) == "Apply this to acme/production?"
    question = apply_question(plan(*DELETES))
    assert question == (
        "Apply this to acme/production, and delete agent_1 (Support Bot), agent_2 (Support Bot), file_1 (a.md), "
        "file_2 (b.md), vs_1?"
    )
    assert apply_question(plan(*MANY)).endswith("file_19 (19.md), … 10 more?")


def result(status: Any = "done") -> ApplyResult:
    gone = Outcome("assistant/triage", "delete", status, deleted="agent_1", name="Support Bot")
    new = Outcome("file/kb/b.md", "replace", status, id="file_3", deleted="file_2", name="b.md")
    return ApplyResult("acme", "sha256:0", (gone, new))


@pytest.mark.parametrize("status", ["done", "failed", "not-started"])
def test_a_result_names_each_live_object_that_was_or_would_be_deleted(status):
    made = result(status)
    for text in (apply_text(made, style=WIDE), apply_markdown(made), apply_html(made)):
        assert "agent_1 (Support Bot)" in text
        assert "file_2 (b.md)" in text
        assert "file_3" in text
    assert [one["deleted"] for one in apply_json(made)["outcomes"]] == [
        {"id": "agent_1", "name": "Support Bot"},
        {"id": "file_2", "name": "b.md"},
    ]


def test_progress_names_the_live_object():
    gone, _ = result().outcomes
    assert outcome_line(gone) == "- delete assistant/triage agent_1 (Support Bot)"
