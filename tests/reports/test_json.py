import json
from dataclasses import replace
from typing import Any

import pytest

from reconciler.applying.codec import apply_json
from reconciler.applying.model import ApplyResult, Outcome
from reconciler.planning.drift_codec import drift_json
from reconciler.planning.model import Change, Plan, Unmanaged, drift_class
from reconciler.planning.reasons import Reason
from reconciler.resources.json_documents import dumps
from reconciler.resources.problems import Place, Problem, problems_json
from tests.support.drifts import SOON, UNSUPPORTED, everything, report
from tests.support.plans import REFERENCED, field, plan, update

HAND = update(field("model", "gpt-5", "gpt-6", "drift"), decision="keep", id="agent_1")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (HAND, "modified"),
        (Change("vectorstore/handbook", "create"), "missing"),
        (Change("vectorstore/handbook", "replace", reasons=(Reason("expired"),)), "expired"),
        (Change("vectorstore/handbook", "replace"), "modified"),
        (replace(HAND, address="assistant/triage@support.3"), "tampered"),
        (replace(HAND, address="file/kb/mail@home.md"), "modified"),
        (update(field("metadata.reconciler-project", after="acme")), "labels"),
        (update(field("metadata.reconciler-project", after="acme"), field("model", "a", "b")), "modified"),
        (Change("assistant/triage", "adopt"), "labels"),
    ],
)
def test_what_was_done_by_hand_in_one_word(change, word):
    assert drift_class(change) == word


def test_drift_has_the_parts_of_a_plan_without_the_changes():
    made = plan(
        update(field("model", "a", "b")),
        drift=(HAND,),
        refusals=(REFERENCED,),
        unmanaged=(Unmanaged("agent", "agent_9", "copy"),),
        unchanged=7,
        created_at="2026-11-21T08:00:00Z",
    )
    document: dict[str, Any] = {**drift_json(report(made))}
    [entry] = document.pop("entries")
    assert entry["class"] == "modified"
    assert entry["address"] == "assistant/triage"
    assert entry["fields"] == [
        {"path": "model", "keys": ["model"], "live": "gpt-5", "desired": "gpt-6", "origin": "drift"}
    ]
    assert document == {
        "format": "reconciler/drift/v2",
        "identity": "acme/production",
        "commit": None,
        "created_at": "2026-11-21T08:00:00Z",
        "in_sync": False,
        "never_applied": False,
        "clean": False,
        "summary": {
            "modified": 1,
            "missing": 0,
            "expired": 0,
            "dangling": 0,
            "tampered": 0,
            "labels": 0,
            "failing": 0,
            "retiring": 0,
            "foreign": 0,
            "unchanged": 7,
        },
        "failing": [],
        "retiring": [],
        "assistants": [],
        "foreign": [],
        "unmanaged": [{"type": "agent", "id": "agent_9", "name": "copy"}],
        "warnings": [],
    }


def test_pending_edits_are_no_drift():
    document = drift_json(report(plan(update(field("model", "a", "b")))))
    assert (document["in_sync"], document["clean"]) == (True, True)


def test_drift_has_what_was_seen_what_fails_what_ends_and_every_assistant():
    document = drift_json(everything())
    assert document["entries"][0]["seen"] == {"changed_at": "2026-11-20T22:34:00+00:00", "by": {"model": "outside"}}
    assert document["failing"] == [
        {"store": "vectorstore/handbook", "file": "kb/a.md", "code": UNSUPPORTED[0], "message": UNSUPPORTED[1]}
    ]
    assert [(one["model"], one["on"], one["is_gone"]) for one in document["retiring"]] == [
        ("gpt-4", "2026-10-23", True),
        ("gpt-5", "2026-12-11", False),
    ]
    in_sync, triage = document["assistants"]
    assert in_sync == {
        "address": "assistant/billing",
        "in_sync": True,
        "pending": False,
        "differs": [],
        "failing": [],
        "missing": [],
        "foreign": [],
        "id": "agent_2",
        "edits": [],
        "added": [],
        "removed": [],
        "stores": [],
    }
    assert triage["missing"] == [
        {"tool": "code_interpreter", "store": None, "file": "data/rates.csv", "name": "", "is_unreadable": False}
    ]
    search = {"tool": "file_search", "store": "vectorstore/handbook"}
    assert triage["foreign"] == [{**search, "file": "file-9", "name": "theirs.md", "is_unreadable": True}]
    assert triage["added"] == [{**search, "file": "kb/new.md", "name": "", "is_unreadable": False}]
    assert triage["edits"] == [{"address": "assistant/triage", "action": "update", "fields": ["name"]}]
    assert triage["stores"] == [
        {"tool": "file_search", "store": "vs_9", "name": "Second", "side": "foreign", "files": 0}
    ]
    assert document["foreign"] == [
        {
            "store": "vectorstore/handbook",
            "class": "foreign-file",
            "files": ["file-9"],
            "names": {"file-9": "theirs.md"},
        }
    ]
    assert triage["differs"] == [
        {
            "address": "assistant/triage",
            "class": "modified",
            "fields": [{"path": "model", "keys": ["model"], "live": "gpt-5", "desired": "gpt-6", "origin": "drift"}],
        }
    ]
    assert triage["failing"] == [{"store": "vectorstore/handbook", "file": "kb/a.md"}]


def test_models_that_retire_are_no_drift_and_something_to_do():
    document = drift_json(report(plan(), retiring=(SOON,)))
    assert (document["in_sync"], document["clean"]) == (True, False)


def test_an_apply_result():
    failed = Outcome("assistant/triage", "update", "failed", problem=Problem("rate-limit", "OpenAI said no"))
    document = apply_json(ApplyResult("acme", "sha256:0", (failed,), resume="reconciler apply", requests={"POST": 1}))
    assert document == {
        "format": "reconciler/apply/v2",
        "identity": "acme",
        "plan_digest": "sha256:0",
        "verdict": "failed",
        "complete": False,
        "interrupted": False,
        "summary": {"done": 0, "failed": 1, "skipped": 0, "not-started": 0},
        "outcomes": [
            {
                "address": "assistant/triage",
                "action": "update",
                "status": "failed",
                "problem": {
                    "severity": "error",
                    "code": "rate-limit",
                    "message": "OpenAI said no",
                    "place": None,
                    "hint": "",
                },
            }
        ],
        "requests": {"POST": 1},
        "kept": [],
        "found": [],
        "resume": "reconciler apply",
        "already_applied": None,
    }


def test_problems_with_their_places():
    document = problems_json([Problem("old", "expired", Place("a.yaml", 2, 5), severity="warning")])
    assert document["summary"] == {"error": 0, "warning": 1}
    assert document["problems"][0]["place"] == {"file": "a.yaml", "line": 2, "column": 5}


def test_documents_are_ascii_and_come_back_as_they_were():
    document = {"text": "größer\x1b\x7f\x9b\u202e\U000e0041", "list": [1, None]}
    text = dumps(document)
    assert text.isascii()
    assert all(char == "\n" or char.isprintable() for char in text)
    assert json.loads(text) == document


def test_not_a_number_is_no_json():
    with pytest.raises(ValueError, match="not JSON compliant"):
        dumps({"value": float("nan")})


def test_the_same_plan_is_the_same_text():
    first, second = (drift_json(report(Plan("acme", (), drift=(HAND,)))) for _ in range(2))
    assert dumps(first) == dumps(second)
