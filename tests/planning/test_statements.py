"""Statements, risks and referrers in documents, of this format and of v1, which has texts alone."""

import json

import pytest

from reconciler.planning.model import Risk, Unknown
from reconciler.planning.reasons import Cause, Notice, Reason, Remedy
from reconciler.planning.referrers import Foreign, PeerObject, Referrer, subject_text
from reconciler.planning.statements import (
    cause_of,
    change_risk_json,
    node_json,
    node_of,
    reasons_of,
    referrer_json,
    referrer_of,
    remedies_of,
    risk_json,
    risk_of,
    statement,
    statement_json,
    unknown_of,
)
from reconciler.resources.address import Address

NODES = [
    Address("release", "support@3"),
    Address("file", "kb/my: own file (1).md"),
    Foreign("automation", "auto_1", "nightly: a/b (c)"),
    Foreign("agent", "agent_9"),
    PeerObject("globex", "pipeline/flow@support.3"),
    PeerObject("globex/live", "assistant/a"),
]
CHANGE = {"address": "assistant/triage", "action": "update"}


def through(document):
    return json.loads(json.dumps(document))


@pytest.mark.parametrize("node", NODES)
def test_a_referrer_survives_json(node):
    assert node_of(through(node_json(node))) == node


@pytest.mark.parametrize("node", NODES)
def test_a_referrer_of_v1_is_text(node):
    assert node_of(str(node)) == node


@pytest.mark.parametrize("node", NODES)
@pytest.mark.parametrize("state", ["published", "released", "unreleased", None])
def test_an_entry_of_a_section(node, state):
    entry = Referrer(node, state, "state" if isinstance(node, PeerObject) else "a.yaml:3")
    assert referrer_of(through(referrer_json(entry)), {}) == entry
    place = f"state of {node.identity}" if isinstance(node, PeerObject) else "a.yaml:3"
    assert referrer_of(subject_text(entry), {"places": {subject_text(entry): place}}) == entry
    assert referrer_of(subject_text(entry), {"places": {}}).place == ""


@pytest.mark.parametrize(
    "found",
    [
        Reason("immutable", {"fields": ["size"]}),
        Notice("files-not-indexed", {"files": ["f1"]}, "vectorstore/kb"),
        Notice("offline"),
        Cause("referenced", {"address": "assistant/triage"}),
        Remedy("adopt-first"),
    ],
)
def test_a_statement_survives_json(found):
    assert statement(type(found), through(statement_json(found))) == found
    assert statement(type(found), {**statement_json(found), "text": "for people"}) == found


def test_statements_of_v1_are_texts():
    change = {"because": ["moved from assistant/old", "it has expired"]}
    assert [*reasons_of(change)] == [Reason("text", {"text": "moved from assistant/old"}), Reason("expired")]
    refusal = {"message": "it is used", "remedy": "Put it back."}
    assert cause_of(refusal) == Cause("text", {"text": "it is used"})
    assert [*remedies_of(refusal)] == [Remedy("text", {"text": "Put it back."})]
    assert [*remedies_of({"message": "it is used", "remedy": ""})] == []
    assert unknown_of("the size of kb") == Unknown("text", ("the size of kb",))


def test_risks():
    risk = Risk("model-changed", "medium", "a/b", "publish", {"before": ["m1"], "after": ["m2"]}, "a/c", "release/d@1")
    assert risk_of(through(risk_json(risk))) == risk
    assert risk_of(through(change_risk_json(risk)), {"address": "a/b", "action": "publish"}) == risk


def test_risks_of_v1_have_a_text():
    told = Risk("name-lost", "high", "assistant/triage", "update", {"text": "it: moves"})
    assert risk_of({"rule": "name-lost", "level": "high", "text": "it: moves", **CHANGE}) == told
    assert risk_of("high name-lost: it: moves", CHANGE) == told


def test_a_rule_that_does_not_exist_is_no_risk():
    with pytest.raises(ValueError, match="unknown risk"):
        risk_of("high made-up: x", CHANGE)
