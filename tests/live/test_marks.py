"""Marks of live objects, and objects whose fields are built when they are read."""

from typing import Any, Final

import pytest

from reconciler.live import marks
from reconciler.live.errors import LiveError
from reconciler.live.kinds.agent import AGENTS
from reconciler.live.kinds.vector_store import VECTOR_STORES
from reconciler.live.labelled import Labelled
from reconciler.live.marks import NONE, mark_of
from reconciler.resources.base import Applied, Verified

BODY: Final[dict[str, Any]] = {
    "id": "agent_1",
    "object": "agent",
    "created_at": 1795000000,
    "updated_at": 1795000000,
    "model": "gpt-6-luna",
    "name": "triage",
    "instructions": "Sort it.",
    "tools": [{"type": "mcp", "server_label": "crm", "transport": {"type": "http", "server_url": "https://a"}}],
    "metadata": {"tier": "gold", "reconciler-project": "acme", "reconciler-address": "assistant/triage"},
}


@pytest.fixture
def adapter(emulator):
    return Labelled(AGENTS, emulator().connection)


@pytest.fixture
def known(adapter):
    """The object, read by an adapter that knows its mark."""
    verified = Verified(adapter.live(BODY).mark, digest="")
    fields = {"instructions": BODY["instructions"], "model": "gpt-5.2"}
    adapter.remember({"agent_1": Applied("agent_1", "agent", fields, verified=verified)})
    return adapter.live(BODY)


def test_deferred_object_is_equal_to_one_that_is_built(emulator, known):
    assert "fields" not in vars(known)
    assert known == Labelled(AGENTS, emulator().connection).live(BODY)
    assert "fields" in vars(known)


def test_fields_of_a_deferred_object_are_built_without_the_response(adapter, known):
    known.fields["tools"].clear()
    assert BODY["tools"]
    assert adapter.live(BODY).fields["tools"].keys() == {"mcp:crm"}


def test_volatile_field_changes_the_detail_and_not_the_mark(adapter, known):
    later = adapter.live({**BODY, "updated_at": 1795000009})
    assert later.mark == known.mark
    assert later.detail["updated_at"] == 1795000009


@pytest.mark.parametrize(
    "changed",
    [{"instructions": "Sort it"}, {"unknown": 1}, {"metadata": {**BODY["metadata"], "tier": "x"}}, {"id": "agent_2"}],
    ids=str,
)
def test_any_other_field_changes_the_mark(adapter, known, changed):
    found = adapter.live({**BODY, **changed})
    assert found.mark != known.mark
    assert "fields" in vars(found)


def test_volatile_field_of_another_shape_is_an_error_of_a_known_object_too(adapter, known):
    with pytest.raises(LiveError, match="updated_at"):
        adapter.live({**BODY, "updated_at": "yesterday"})


def test_mark_is_another_one_with_other_code(monkeypatch):
    before = mark_of(BODY)
    monkeypatch.setattr(marks, "_code", lambda: "other")
    assert mark_of(BODY) != before


@pytest.mark.parametrize(("sources", "is_unchanged"), [("", True), ("abc", False)])
def test_object_has_no_mark_if_the_code_is_not_known(monkeypatch, sources, is_unchanged):
    """The code is in an archive, or was changed since the process began."""
    marks._code.cache_clear()
    monkeypatch.setattr(marks, "digest_of", lambda *_packages: sources)
    monkeypatch.setattr(marks, "is_as_imported", lambda *_packages: is_unchanged)
    try:
        assert mark_of(BODY) == NONE
    finally:
        marks._code.cache_clear()


def test_mark_distinguishes_numbers_from_truth_values_and_texts():
    assert len({mark_of(value) for value in (1, True, "1", 1.0, None, [1])}) == 6


def test_value_that_is_too_deep_has_no_mark():
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    assert mark_of(value) == NONE


def test_mark_of_a_store_covers_no_field_that_is_not_read(emulator):
    stores = Labelled(VECTOR_STORES, emulator().connection)
    body = {"id": "vs_1", "object": "vector_store", "name": "kb", "metadata": {}}
    assert stores.live({**body, "description": "ghp_1234secret"}).mark == stores.live(body).mark
    assert stores.live({**body, "name": "other"}).mark != stores.live(body).mark
