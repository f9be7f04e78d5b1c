"""Models that end: as the SDK says, which is newer than any table."""

import inspect
import re
from datetime import date

import pytest
from openai.types.beta import assistant_create_params
from openai.types.responses import response_create_params

from reconciler.resources.model_retirements import retirement, warning

ENTRY = re.compile(r"- ((?:\"[^\"]+\",?\s*)+): Announced\s+shutdown\s+date:\s+(\d{4}-\d\d-\d\d)")
TEXT_MODELS = re.compile(r"(gpt-[345]|chatgpt|o\d|codex-mini|gpt-audio-mini)[^\s]*")


def announced():
    """Every model of which the SDK's docs announce an end, and when."""
    for module in (assistant_create_params, response_create_params):
        for names, on in ENTRY.findall(inspect.getsource(module)):
            yield from ((name, date.fromisoformat(on)) for name in re.findall(r"\"([^\"]+)\"", names))


def test_the_table_has_what_the_sdk_announces():
    known = dict(announced())
    assert len(known) > 50
    ours = {name: found.on for name in known if (found := retirement(name))}
    assert {name: on for name, on in known.items() if TEXT_MODELS.fullmatch(name) and ours.get(name) != on} == {}


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("gpt-4o", "OpenAI's shutdown date of gpt-4o is 2027-01-14; OpenAI names gpt-6-luna instead"),
        ("ft:gpt-4o-mini-2024-07-18:acme::1", "2027-01-14"),
        ("ft:", ""),
        ("o1-pro", "is 2026-10-23"),
        ("gpt-9-preview", "two weeks"),
        ("gpt-6-luna", ""),
    ],
)
def test_warning_of_a_model(model, said):
    assert said in warning(model)
    assert bool(said) == bool(warning(model))
