"""Parameters that models refuse."""

import pytest

from reconciler.resources.assistants.model_parameters import moved_instructions, parameter_risks

CONNECTOR = {"mcp:mail": {"type": "mcp", "server_label": "mail", "connector_id": "connector_gmail"}}


def refused(model, replaced=None, **fields):
    return [hazard.args["parameter"] for hazard in parameter_risks({"model": model, **fields}, replaced or {})]


@pytest.mark.parametrize(
    ("model", "fields", "parameters"),
    [
        ("gpt-6-astra", {"temperature": 0.2, "top_p": 1}, ["temperature", "top_p"]),
        ("gpt-6-astra", {"reasoning": {"effort": "minimal"}}, ["reasoning.effort"]),
        ("gpt-6-astra", {"reasoning": {"effort": "low"}, "temperature": None}, []),
        ("gpt-6-astra", {"tools": CONNECTOR}, ["tools.connector_id"]),
        ("gpt-6-astra-2026-09-03", {"top_p": 1}, ["top_p"]),
        ("ft:gpt-6-astra:acme::1", {"top_p": 1}, ["top_p"]),
        ("gpt-6.2-sol", {"service_tier": "flex", "top_logprobs": 2}, ["top_logprobs", "service_tier"]),
        ("gpt-6.2-sol", {"service_tier": "auto"}, []),
        ("gpt-6.1-sol", {"reasoning": {"effort": "none"}, "temperature": 0}, ["reasoning.effort"]),
        ("gpt-5.6-sol", {"temperature": 0.2, "reasoning": {"effort": "low"}}, ["temperature"]),
        ("gpt-5.6-sol", {"temperature": 1, "reasoning": {"effort": "low"}}, []),
        ("gpt-5.6-sol", {"temperature": 0.2, "reasoning": {"effort": "none"}}, []),
        ("gpt-5.6-sol", {"temperature": 0.2}, []),
        ("gpt-6-luna", {"temperature": 0.2, "reasoning": {"effort": "none"}, "tools": CONNECTOR}, []),
        ("our-model", {"temperature": 0.2}, []),
    ],
)
def test_parameters_are_refused_by_model(model, fields, parameters):
    assert refused(model, **fields) == parameters


def test_the_project_replaces_the_entry_of_a_model():
    replaced = {"gpt-6-astra": ("reasoning.effort=high", "temperature!=1"), "gpt-6.1-sol": ()}
    assert refused("gpt-6-astra", replaced, temperature=1, top_p=1, reasoning={"effort": "high"}) == [
        "reasoning.effort"
    ]
    assert refused("gpt-6-astra", replaced, temperature=0.5) == ["temperature"]
    assert refused("gpt-6.1-sol", replaced, reasoning={"effort": "none"}) == []


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        ("gpt-6-luna", "gpt-6.2-sol", True),
        ("gpt-6.1-sol", "gpt-7-sol", True),
        ("gpt-6-luna", "ft:gpt-6.2-sol:acme::1", True),
        ("gpt-6.2-astra", "gpt-6.2-sol", False),
        ("gpt-6-luna", "gpt-6.1-sol", False),
        ("gpt-6-luna", "o3", False),
        ("gpt-6.2-sol", "gpt-6-luna", False),
    ],
)
def test_instructions_move_behind_the_input_from_a_version_on(before, after, moved):
    fields = {"instructions": "Be kind."}
    assert bool([*moved_instructions({"model": before, **fields}, {"model": after, **fields})]) is moved
    assert not [*moved_instructions({"model": before}, {"model": after})]
