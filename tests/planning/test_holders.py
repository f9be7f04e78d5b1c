"""Documents in outlets as holders of ids, whatever the state and the manifests say about these ids."""

from dataclasses import replace
from typing import Final

import pytest

from reconciler.applying.steps import lower
from reconciler.planning.published import Copy, Stray
from reconciler.planning.reasons import Reason
from reconciler.resources.address import Address
from tests.support.asking import rules, sections
from tests.support.plan_inputs import Worlds, ref

AGENT: Final = "agent_clerk"
MOVED: Final = "assistant/z"
UNREADABLE: Final = Reason("outlet-unreadable", {"message": "bad"})


def moved() -> Worlds:
    """Return a page that serves an agent, whose entry in the state has an address without a manifest."""
    worlds = Worlds().want("assistant/clerk", name="clerk").stays(MOVED, id_=AGENT, name="clerk")
    worlds.synced("page/home", uses=ref("assistant/clerk")).bundle("page/home", "v1", "assistant/clerk")
    return worlds.pointer("page/home", "v1", {"assistant/clerk": AGENT})


def test_an_agent_is_removed_after_the_page_that_serves_it_was_published_with_another():
    planned = moved().planned()
    assert planned.plan.refusals == ()
    needs = {(step.verb, str(step.address)): others for step, others in lower(planned).items()}
    before = {(step.verb, str(step.address)) for step in needs["remove", MOVED]}
    assert ("publish", "page/home") in before


def test_an_agent_is_not_removed_where_the_page_is_not_published():
    worlds = moved()
    assert rules(worlds, scope=frozenset({Address.parse(MOVED)})) == [("referenced", MOVED)]


def test_a_kept_page_holds_the_id_in_its_table_and_not_the_one_of_the_name():
    """The page is drift that is kept; the agent under the name is live with another id."""
    worlds = Worlds().synced("assistant/clerk", name="clerk").stays(MOVED, id_="agent_old", name="old")
    worlds.synced("page/home", uses=ref("assistant/clerk")).bundle("page/home", "v1", "assistant/clerk")
    worlds.pointer("page/home", "v1", {"assistant/clerk": "agent_old"}, UNREADABLE)
    assert rules(worlds, on_drift="keep") == [("referenced", MOVED)]
    assert rules(worlds, on_drift="revert") == []


def stray(*ids: str, address: str = "page/old") -> Stray:
    name = Address.parse(address)
    return Stray(name, name, Copy("build", "tampered", ids=frozenset(ids)))


def test_a_document_that_only_another_outlet_has_holds_its_ids():
    worlds = Worlds().stays("assistant/clerk", name="clerk")
    assert sections(worlds, strays=(stray(AGENT),)) == {"Other references": ("page/old",)}
    assert rules(worlds, strays=(stray("agent_other"),)) == []


@pytest.mark.parametrize("state", ["live", "lost"])
def test_it_holds_nothing_once_the_plan_writes_its_name(state: str):
    worlds = Worlds().stays("assistant/clerk", name="clerk").want("page/old", uses=None).bundle("page/old", "v1")
    if state == "lost":
        worlds.applied("page/old", uses=None)
    assert rules(worlds, strays=(stray(AGENT),)) == []


def test_a_name_that_no_manifest_publishes_is_a_warning():
    worlds = Worlds().synced("page/home", uses=None)
    strays = (stray(address="page/old"), stray(address="page/home"))
    (notice,) = worlds.plan(strays=strays).warnings
    assert (notice.code, notice.args) == ("only-in-outlet", {"outlet": "build", "names": ["page/old"]})


@pytest.mark.parametrize("held_by", ["copy", "stray"])
def test_a_duplicate_that_an_outlet_serves_is_not_removed(held_by: str):
    worlds = Worlds().synced("assistant/clerk", name="clerk").unfinished("assistant/clerk", name="clerk")
    worlds.live("assistant/clerk", id_="agent_twin", name="clerk", detail={"created_at": 2000.0})
    worlds.synced("page/home", uses=None).pointer("page/home", "v1").bundle("page/home", "v1")
    assert rules(worlds) == []
    copy = Copy("build", "tampered", ids=frozenset({"agent_twin"}))
    pointers = {address: replace(one, copies=(copy,)) for address, one in worlds.pointers.items()}
    found = {"pointers": pointers} if held_by == "copy" else {"strays": (stray("agent_twin"),)}
    assert rules(worlds, on_drift="keep", **found) == [("duplicate", "assistant/clerk")]
