"""Who wrote what is live, as far as labels say, and nothing beyond."""

import pytest

from reconciler.planning.drift import DriftReport, drift_report
from reconciler.planning.writers import Seen
from tests.support.plan_inputs import Worlds, entry

LAMP = "widget/lamp"


def report(worlds: Worlds) -> DriftReport:
    return drift_report(worlds.planned())


def seen(worlds: Worlds) -> Seen:
    (item,) = report(worlds).drifted
    return item.seen


@pytest.fixture
def worlds() -> Worlds:
    return Worlds()


def test_a_label_that_vouches_for_another_value_says_that_this_one_came_past_us(worlds: Worlds):
    worlds.want(LAMP, note="on").applied(LAMP, note="on").live(LAMP, note="off", detail={"updated_at": 1000})
    assert seen(worlds) == Seen(1000, (("note", "outside"),))


def test_a_label_that_vouches_for_the_value_says_that_another_run_wrote_it(worlds: Worlds):
    worlds.want(LAMP, note="on").applied(LAMP, note="on").live(LAMP, note="off", hashes={"note": "off"})
    made = report(worlds)
    assert (made.in_sync, made.pending) == (False, 0)
    (item,) = made.drifted
    assert (item.change.address, item.seen.by) == (LAMP, (("note", "unknown-run"),))
    assert made.plan.drift == ()


def test_another_run_and_a_hand_on_one_object_are_one_entry(worlds: Worlds):
    worlds.want(LAMP, note="on", colour="red").applied(LAMP, note="on", colour="red")
    worlds.live(LAMP, note="off", colour="blue", hashes={"note": "off", "colour": "red"})
    (item,) = report(worlds).drifted
    assert {field.path for field in item.change.fields} == {"colour", "note"}
    assert item.seen.by == (("colour", "outside"), ("note", "unknown-run"))


def test_an_edit_of_the_manifest_is_not_taken_for_another_run(worlds: Worlds):
    """State is behind: what the label vouches for may well be what this manifest asked for before."""
    worlds.want(LAMP, note="new").applied(LAMP, note="on").live(LAMP, note="off", hashes={"note": "off"})
    made = report(worlds)
    assert (made.in_sync, made.pending) == (True, 1)


def test_without_state_another_run_is_nobody_in_particular(worlds: Worlds):
    worlds.want(LAMP, note="on").live(LAMP, note="off", hashes={"note": "off"})
    assert report(worlds).in_sync


def test_without_a_hash_nothing_is_said(worlds: Worlds):
    worlds.want(LAMP, note="on").applied(LAMP, note="on").live(LAMP, note="off", hashes={})
    assert seen(worlds).by == ()


def test_without_labels_nothing_is_said(worlds: Worlds):
    worlds.want(LAMP, note="on").applied(LAMP, note="on").live(LAMP, note="off", owner=None)
    assert seen(worlds).by == ()


def test_files_have_no_hash_and_stores_no_time(worlds: Worlds):
    worlds.synced_file("a.md", "A")
    files = {"a.md": entry("a.md", "A")}
    worlds.want("vectorstore/kb", files=files).applied("vectorstore/kb", files=files).live("vectorstore/kb", files={})
    assert seen(worlds) == Seen()


def test_of_what_is_gone_nothing_is_known(worlds: Worlds):
    worlds.want(LAMP, note="on").applied(LAMP, note="on")
    assert seen(worlds) == Seen()


class TestOwnedByKey:
    """Of metadata, the hash is of the keys that a manifest had then."""

    def test_the_hash_of_what_we_applied_tells(self, worlds: Worlds):
        ours = {"tier": "gold"}
        worlds.want(LAMP, metadata=ours).applied(LAMP, metadata=ours).live(
            LAMP, metadata={"tier": "lead", "theirs": "1"}, hashes={"metadata": ours}
        )
        assert seen(worlds).by == (("metadata", "outside"),)

    def test_the_hash_of_other_keys_does_not(self, worlds: Worlds):
        ours, theirs = {"tier": "gold"}, {"tier": "lead", "team": "x"}
        worlds.want(LAMP, metadata=ours).applied(LAMP, metadata=ours)
        worlds.live(LAMP, metadata={**theirs, "more": "1"}, hashes={"metadata": theirs})
        assert seen(worlds).by == ()

    def test_the_hash_of_all_that_is_live_does(self, worlds: Worlds):
        ours, theirs = {"tier": "gold"}, {"tier": "lead", "team": "x"}
        worlds.want(LAMP, metadata=ours).applied(LAMP, metadata=ours)
        worlds.live(LAMP, metadata=theirs, hashes={"metadata": theirs})
        assert seen(worlds).by == (("metadata", "unknown-run"),)
