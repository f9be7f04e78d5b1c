"""Every word that reports print as a state, and every column, is a term of the glossary."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest

from reconciler.applying.model import Status, Verdict
from reconciler.explanations.explain import explain
from reconciler.importing.inventory_model import Ownership
from reconciler.migration.model import OUTCOMES, Presence
from reconciler.planning.model import Action, DriftClass, OnDrift
from reconciler.planning.referrers import ReleaseState
from reconciler.planning.tool_files import SIDES
from reconciler.project.health import Condition
from reconciler.reports.views import assistants, inventory
from reconciler.reports.views.changes import RECORD, Standing
from reconciler.reports.views.plan import Level
from reconciler.reports.views.status import WORDS
from reconciler.state.model import Outcome


def words_of(alias: Any) -> Iterator[str]:
    """Yield the words of a type of literals, which may be a union."""
    for one in get_args(alias):
        yield from words_of(one) if get_args(one) else (one,)


STATES = {
    *(
        word
        for alias in (
            Action,
            Condition,
            DriftClass,
            Level,
            OnDrift,
            Outcome,
            Ownership,
            Presence,
            ReleaseState,
            Standing,
            Status,
            Verdict,
        )
        for word in words_of(alias)
    ),
    *OUTCOMES,
    *SIDES,
    *WORDS,
    RECORD,
    assistants.DIFFERS,
    assistants.IN_SYNC,
    assistants.NOT_APPLIED,
}
COLUMNS = {*inventory.OBJECT_HEADERS, *inventory.SUM_HEADERS, "ADDRESS", "STATUS", "OUTCOME"}


@pytest.mark.parametrize("word", sorted(STATES))
def test_every_state_is_explained(word):
    assert explain(word).terms


@pytest.mark.parametrize("column", sorted(COLUMNS))
def test_every_column_is_explained(column):
    assert explain(column).terms


def test_words_are_explained_as_they_are_printed():
    (unreleased,) = explain("unreleased").terms
    assert unreleased.of == "release state"
    assert {one.of for one in explain("missing").terms} == {"drift", "difference", "mapping"}
