"""The names of releases: what they mean when the state records them, and when only Git has them."""

from dataclasses import replace
from typing import Any, Final

import pytest

from reconciler.planning.held_names import (
    Renamed,
    Undefined,
    holds_of,
    names_of,
    renamed_without_name,
    undefined,
    unrecorded,
)
from reconciler.planning.inputs import PlanInputs, Release
from reconciler.planning.resolution import resolve
from reconciler.resources.address import Address
from reconciler.resources.base import Desired, Labels, Live
from reconciler.resources.registry import resource_types
from reconciler.resources.values import reference
from tests.support.plan_inputs import IDENTITY, Worlds

RELEASE: Final = Address.parse("release/bot@1")
COPY: Final = Address.parse("assistant/clerk@bot.1")
KB: Final = Address.parse("vectorstore/kb")
SEARCH: Final = {"file_search": {"vector_store_ids": [reference(KB)]}}


def worlds(store: str = "kb", clerk: str = "clerk", *, published: bool = True, **lifecycle: Any) -> Worlds:
    """Return an estate with a release that uses `vectorstore/kb` directly; the manifests have other names for it and
    for the assistant that it copies.
    """
    pointers: dict[str, Any] = {"published": reference(RELEASE)} if published else {}
    found = Worlds()
    found.want(f"vectorstore/{store}", type_="vector_store", name="kb", **lifecycle)
    found.want(f"assistant/{clerk}", type_="request", model="m")
    found.want("chatbot/bot", type_="chatbot", assistant=reference(Address("assistant", clerk)), **pointers)
    found.wanted[COPY] = Desired(COPY, "request", {"model": "m", "tools": SEARCH}, whole=True)
    found.wanted[RELEASE] = Desired(RELEASE, "release", {"assistant": reference(COPY)}, whole=True)
    return found


def applied(found: Worlds, store: str = "kb", **holds: str) -> Worlds:
    """Add the state: the release, and the store under its present name."""
    found.applied("release/bot@1", type_="release", id_="release/bot@1")
    found.state[RELEASE] = replace(found.state[RELEASE], holds={"vectorstore/kb": "vs_1", **holds})
    found.applied(f"vectorstore/{store}", type_="vector_store", id_="vs_1", name="kb")
    return live(found, store)


def live(found: Worlds, store: str) -> Worlds:
    labels = Labels(str(IDENTITY), f"vectorstore/{store}")
    found.objects.append(Live("vector_store", "vs_1", {"name": "kb"}, labels, "kb"))
    return found


def inputs_of(found: Worlds) -> PlanInputs:
    releases = {RELEASE: Release(Address.parse("chatbot/bot"), frozenset({COPY}))}
    return found.world(resource_types=resource_types(), releases=releases)


def renamed(found: Worlds) -> list[Renamed]:
    resolution = resolve(inputs_of(found))
    return list(renamed_without_name(resolution.inputs, resolution.matched))


def test_names_of_a_release_are_those_of_its_chatbot_of_what_it_uses_and_of_what_it_copies():
    assert {*map(str, names_of(inputs_of(worlds()), RELEASE))} == {"chatbot/bot", "vectorstore/kb", "assistant/clerk"}


def test_holds_of_a_release_has_the_ids_that_are_known():
    ids = {"vectorstore/kb": "vs_1", "chatbot/bot": "chatbot/bot"}
    assert holds_of(inputs_of(worlds()), RELEASE, lambda name: ids.get(str(name))) == ids


def test_holds_of_another_object_is_empty():
    assert holds_of(inputs_of(worlds()), KB, str) == {}


def test_a_release_of_a_state_without_records_is_unrecorded_until_it_has_one():
    found = applied(worlds())
    recorded = resolve(inputs_of(found))
    assert list(unrecorded(recorded.inputs, recorded.matched)) == []
    found.state[RELEASE] = replace(found.state[RELEASE], holds={})
    resolution = resolve(inputs_of(found))
    assert list(unrecorded(resolution.inputs, resolution.matched)) == [(RELEASE, {"vectorstore/kb": "vs_1"})]


def test_a_recorded_name_is_followed_by_id_without_moved_from():
    resolution = resolve(inputs_of(applied(worlds("guides"), "guides")))
    assert resolution.matched.now(KB) == Address.parse("vectorstore/guides")
    assert renamed(applied(worlds("guides"), "guides")) == []


def test_a_recorded_name_is_followed_through_a_further_rename():
    found = applied(worlds("guides", moved_from=("docs",)), "docs")
    assert resolve(inputs_of(found)).matched.now(KB) == Address.parse("vectorstore/guides")


def test_a_recorded_name_of_a_document_is_followed_although_its_address_is_its_id():
    found = applied(worlds(clerk="filer"), **{"assistant/clerk": "assistant/filer"})
    found.applied("assistant/filer", type_="request", id_="assistant/filer", model="m")
    resolution = resolve(inputs_of(found))
    assert resolution.matched.family(COPY) == Address.parse("assistant/filer")


def test_an_unpublished_release_is_archived_with_an_assistant_that_was_renamed_after_it():
    found = applied(worlds(clerk="filer", published=False), **{"assistant/clerk": "assistant/filer"})
    found.applied("assistant/filer", type_="request", id_="assistant/filer", model="m")
    del found.wanted[Address.parse("assistant/filer")]
    reasons = resolve(inputs_of(found)).retired.reasons
    assert {address: reason.args for address, reason in reasons.items()} == {RELEASE: {"assistant": "assistant/filer"}}


def test_a_name_that_another_object_has_now_is_an_error_although_the_state_has_the_id():
    found = applied(worlds("guides"), "guides").want("vectorstore/kb", type_="vector_store", name="other")
    assert renamed(found) == [Renamed(RELEASE, KB, Address.parse("vectorstore/guides"), is_reused=True)]


def test_a_renamed_object_of_a_release_that_is_not_applied_needs_moved_from():
    found = worlds("guides").applied("vectorstore/guides", type_="vector_store", id_="vs_1", name="kb")
    assert renamed(live(found, "kb")) == [Renamed(RELEASE, KB, Address.parse("vectorstore/guides"), is_reused=False)]


@pytest.mark.parametrize(
    ("found", "names"),
    [
        (worlds(), []),
        (worlds("guides"), ["vectorstore/kb"]),
        (worlds("guides", moved_from=("kb",)), []),
        (worlds("guides", moved_from=("docs", "kb")), []),
        (worlds(clerk="filer"), ["assistant/clerk"]),
        (worlds(clerk="filer", published=False), []),
    ],
)
def test_undefined_names_are_those_that_neither_a_manifest_nor_moved_from_has(found: Worlds, names: list[str]):
    copied = {"assistant/clerk"}
    expected = [Undefined(RELEASE, Address.parse(name), COPY, is_copied=name in copied) for name in names]
    assert list(undefined(inputs_of(found))) == expected


def test_a_known_name_is_not_undefined():
    assert list(undefined(inputs_of(worlds("guides")), {KB})) == []
