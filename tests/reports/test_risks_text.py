"""Risks and costs in the terminal plan."""

from dataclasses import replace

from reconciler.planning.model import Change, Costs, Plan, Risk, Unknown
from reconciler.reports.style import Style
from reconciler.reports.text.plan import plan_text
from reconciler.reports.views.costs import cost_texts

HIGH = Risk("guardrail-removed", "high", "assistant/triage", "update", {"sentence": "Never guess.", "more": 0})
MEDIUM = Risk("model-changed", "medium", "assistant/triage", "update", {"before": ["m1"], "after": ["m2"]})
COSTS = Costs("OpenAI's prices of 2026-11-21")


def shown(*risks: Risk, costs: Costs | None = None) -> str:
    plan = Plan("acme", (Change("assistant/triage", "update"),), risks=risks, costs=costs)
    return plan_text(plan, style=Style())


def test_every_high_one_stands_before_the_changes():
    text = shown(*[replace(HIGH, address=f"assistant/a{number}") for number in range(40)])
    assert text.count("guardrail-removed") == 40
    assert text.index("Risks") < text.index("assistant/a39") < text.index("Your changes")


def test_others_are_counted_there():
    assert "  2 medium risks, shown with their changes.\n" in shown(HIGH, MEDIUM, MEDIUM)


def test_without_any_there_is_no_section():
    assert "Risks" not in shown()


def test_costs_tell_what_changes():
    costs = replace(
        COSTS,
        stored=(2_000_000_000, 3_500_000_000),
        per_day=(0.1, 0.25),
        growth=(("vectorstore/kb", 1_500_000_000),),
        prompts=(1200, 34000),
        prompts_per_1000=(1.5, 42.5),
        paid=(("assistant/triage", "code_interpreter", 0.03),),
        unused=(("vectorstore/old", 5000), ("file/a.md", None)),
        unknown=(Unknown("token-prices", ("m2",)),),
    )
    assert [*cost_texts(costs, {address for address, _ in costs.unused})] == [
        "vector stores: 2.0 GB -> 3.5 GB, $0.10 -> $0.25 a day",
        "instructions: 1,200 -> 34,000 characters, $1.50 -> $42.50 per 1,000 requests",
        "assistant/triage gets code_interpreter: $0.03 per session",
        "not used by any manifest: vectorstore/old, file/a.md (5.0 kB)",
        "unknown: the token price of m2",
    ]
    assert "Costs, estimated with OpenAI's prices of 2026-11-21\n" in shown(costs=costs)


def test_unused_objects_that_the_plan_does_not_change_are_not_told():
    costs = replace(COSTS, unused=(("vectorstore/old", 5000), ("vectorstore/new", 300)))
    assert [*cost_texts(costs, {"vectorstore/new"})] == ["not used by any manifest: vectorstore/new (300 B)"]
    assert [*cost_texts(costs, {"assistant/triage"})] == []


def test_costs_that_stay_are_not_told():
    assert "Costs" not in shown(costs=replace(COSTS, stored=(5, 5), per_day=(1.0, 1.0)))
