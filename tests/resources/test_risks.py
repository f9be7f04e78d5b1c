"""Risks of changes of fields: examples that have each risk, and examples that do not."""

from typing import Any

import pytest

from reconciler.resources.registry import resource_types
from reconciler.resources.risks import Hazard
from tests.support.field_risks import FIRES, SILENT, SIZES, files, function, text, tools


def found(type_: str, before: dict[str, Any], after: dict[str, Any]) -> list[Hazard]:
    form = resource_types()[type_]
    sides = [{name: form.canonical(name, value) for name, value in side.items()} for side in (before, after)]
    return [*form.risks(*sides)]


@pytest.mark.parametrize(("rule", "type_", "before", "after"), FIRES)
def test_change_has_the_risk(rule, type_, before, after):
    assert [hazard.rule for hazard in found(type_, before, after)] == [rule]


@pytest.mark.parametrize(("rule", "type_", "before", "after"), SILENT)
def test_change_does_not_have_the_risk(rule, type_, before, after):
    assert rule not in [hazard.rule for hazard in found(type_, before, after)]


@pytest.mark.parametrize("type_", [*resource_types()])
def test_unchanged_fields_have_no_risks(type_):
    assert found(type_, {}, {}) == []


def test_risk_has_arguments():
    (guardrail,) = found("agent", text("Never guess. Never lie. Be kind."), text("Be kind."))
    assert guardrail.args == {"sentence": "Never guess.", "more": 1}
    (detached,) = found("vector_store", files(a="1", b="2", c="3"), files(a="1"))
    assert detached.args == {"change": "files", "names": ["b.md", "c.md"], "of": 3}
    (stricter,) = found("agent", function(properties=SIZES), function(properties={"colour": {}}, required=["colour"]))
    assert stricter.args == {
        "tool": "function:book",
        "breaks": [{"at": "size", "change": "removed"}, {"at": "colour", "change": "required"}],
    }
    (narrower,) = found("agent", function(properties=SIZES), function(properties={"size": {"type": "integer"}}))
    assert narrower.args["breaks"] == [{"at": "size", "change": "type", "before": ["string"], "after": ["integer"]}]


def test_tools_of_a_namespace_have_separate_risks():
    def namespace(*names: str) -> dict[str, Any]:
        inside = [{"type": "function", "name": name} for name in names]
        return tools({"type": "namespace", "name": "crm", "description": "CRM.", "tools": inside})

    assert found("request", namespace("find"), namespace("find", "erase")) == [
        Hazard("tool-added", {"tool": "namespace:crm/function:erase", "change": "added"})
    ]


def test_long_sentence_of_a_guardrail_is_truncated():
    (hazard,) = found("agent", text("Never " + "x" * 10_000), text(""))
    assert len(hazard.args["sentence"]) == 100
