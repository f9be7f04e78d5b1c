"""The three-way comparison: desired (d), last applied (a), live (l)."""

from typing import Any

import pytest

from reconciler.planning import field_diff
from reconciler.planning.field_diff import LastApplied, compare, leaves
from reconciler.resources.address import Address
from reconciler.resources.base import Desired, Lifecycle
from reconciler.resources.labels import spec_hashes
from reconciler.resources.values import ABSENT
from tests.support.plan_inputs import FORMS, ref

WIDGET = FORMS["widget"]


def differences(desired: dict[str, Any], last: LastApplied, live: dict[str, Any], ignore: tuple[str, ...] = ()):
    wanted = Desired(Address("widget", "lamp"), "widget", desired, lifecycle=Lifecycle(ignore=ignore))
    return [(item.path, item.live, item.desired, item.origin) for item in compare(WIDGET, wanted, last, live)]


def state(**fields: Any) -> LastApplied:
    return LastApplied(fields)


def label(**fields: Any) -> LastApplied:
    """What is left of the last application where state is lost."""
    return LastApplied(None, spec_hashes(fields))


@pytest.mark.parametrize(
    ("d", "a", "l", "origin"),
    [
        ("x", "x", "x", None),
        ("x", "old", "x", None),
        ("x", "old", "old", "manifest"),
        ("x", "x", "hand", "drift"),
        ("x", "old", "hand", "both"),
        (None, None, None, None),
        (None, "x", "x", "manifest"),
        ("x", None, None, "manifest"),
        (None, None, "hand", "drift"),
        ("x", "x", None, "drift"),
        (None, "x", "hand", "both"),
        ("x", "x", ABSENT, "drift"),
        ("x", "old", ABSENT, "both"),
    ],
)
def test_who_made_a_field_differ(d, a, l, origin):  # noqa: E741
    live = {} if l is ABSENT else {"note": l}
    expected = [("note", l, d, origin)] if origin else []
    assert differences({"note": d}, state(note=a), live) == expected


@pytest.mark.parametrize(
    ("d", "a", "l", "origin"),
    [
        ("x", "old", "old", "manifest"),
        ("x", "x", "hand", "drift"),
        ("x", "old", "hand", "both"),
        (None, "x", "x", "manifest"),
        (None, None, "hand", "drift"),
    ],
)
def test_the_hash_on_the_label_tells_as_much_as_state(d, a, l, origin):  # noqa: E741
    assert differences({"note": d}, label(note=a), {"note": l}) == [("note", l, d, origin)]


def test_a_field_that_was_never_applied_is_an_edit_of_the_manifest():
    assert differences({"note": "x"}, state(colour="red"), {"note": "y"}) == [("note", "y", "x", "manifest")]


def test_without_state_and_label_nobody_knows_who_it_was():
    assert differences({"note": "x"}, LastApplied(), {"note": "y"}) == [("note", "y", "x", "unknown")]


def test_nor_where_state_was_made_anew_and_knows_that_it_does_not():
    rebuilt = LastApplied({"colour": "red"}, unproven=("note",))
    assert differences({"note": "x"}, rebuilt, {"note": "y"}) == [("note", "y", "x", "unknown")]


def test_where_state_and_label_disagree_the_label_is_right():
    stale = LastApplied({"note": "older"}, spec_hashes({"note": "old"}))
    assert differences({"note": "new"}, stale, {"note": "old"}) == [("note", "old", "new", "manifest")]
    assert differences({"note": "old"}, stale, {"note": "older"}) == [("note", "older", "old", "drift")]


def test_what_the_manifest_never_set_is_not_compared():
    assert differences({}, state(), {"note": "hand"}) == []


@pytest.mark.parametrize("last", [state(colour="red"), label(colour="red")])
def test_a_dropped_field_is_reset_while_it_is_as_applied(last):
    assert differences({}, last, {"colour": "red"}) == [("colour", "red", "grey", "manifest")]


@pytest.mark.parametrize("last", [state(colour="red"), label(colour="red")])
@pytest.mark.parametrize("live", [{"colour": "blue"}, {"colour": "grey"}, {}])
def test_a_dropped_field_is_left_alone_once_changed_by_hand(last, live):
    assert differences({}, last, live) == []


def test_a_dropped_mapping_loses_only_the_keys_that_were_ours():
    live = {"metadata": {"tier": "gold", "theirs": "x"}}
    assert differences({}, state(metadata={"tier": "gold"}), live) == [("metadata.tier", "gold", ABSENT, "manifest")]


def test_of_a_field_owned_by_key_other_keys_are_not_ours():
    assert differences({"metadata": {"tier": "gold"}}, state(), {"metadata": {"tier": "gold", "theirs": "x"}}) == []


def test_a_key_that_left_the_manifest_is_removed_and_no_other():
    last, live = state(metadata={"tier": "gold", "old": "1"}), {"metadata": {"tier": "gold", "old": "1", "theirs": "x"}}
    assert differences({"metadata": {"tier": "gold"}}, last, live) == [("metadata.old", "1", ABSENT, "manifest")]


def test_each_key_has_an_origin_of_its_own():
    desired, last = {"metadata": {"a": "2", "b": "1"}}, state(metadata={"a": "1", "b": "1"})
    live = {"metadata": {"a": "1", "b": "hand"}}
    assert differences(desired, last, live) == [
        ("metadata.a", "1", "2", "manifest"),
        ("metadata.b", "hand", "1", "drift"),
    ]


def test_an_ignored_field_is_neither_compared_nor_reset():
    assert differences({"note": "x"}, state(note="y"), {"note": "z"}, ignore=("note",)) == []
    assert differences({}, state(colour="red"), {"colour": "red"}, ignore=("colour",)) == []


def test_numbers_compare_by_value_and_truth_is_no_number():
    assert differences({"note": 1}, state(), {"note": 1.0}) == []
    assert differences({"note": {"x": 1}}, state(), {"note": {"x": 1.0}}) == []
    assert [path for path, *_ in differences({"note": {"x": True}}, state(), {"note": {"x": 1}})] == ["note.x"]


def test_a_list_changes_as_a_whole():
    before, after = {"tools": {"a": [1, {"b": 2}, 3]}}, {"tools": {"a": [1, {"b": 9}]}}
    assert list(leaves(before, after)) == [(("tools", "a"), [1, {"b": 2}, 3], [1, {"b": 9}])]


def test_a_reference_changes_as_a_whole():
    assert list(leaves(ref("file/a"), ref("file/b"))) == [((), ref("file/a"), ref("file/b"))]
    assert differences({"uses": ref("widget/b")}, state(uses=ref("widget/a")), {"uses": ref("widget/a")}) == [
        ("uses", ref("widget/a"), ref("widget/b"), "manifest")
    ]


@pytest.mark.parametrize("key", ["a.b", 'say "hi"', "it's", "[0]", "__private", "", "ä ö", "root"])
def test_keys_may_be_odd(key):
    before, after = {"x": {key: {"deep": 1}, "y": 2}}, {"x": {key: {"deep": 3}, "y": 2}}
    assert list(leaves(before, after)) == [(("x", key, "deep"), 1, 3)]


def test_a_mapping_that_becomes_a_scalar_is_one_change():
    assert list(leaves({"x": {"y": 1}}, {"x": None})) == [(("x",), {"y": 1}, None)]


def test_paths_are_written_as_people_write_them():
    live = {"metadata": {"kb/hours.pdf": "1"}}
    assert differences({"metadata": {"kb/hours.pdf": "2"}}, state(), live)[0][0] == 'metadata["kb/hours.pdf"]'


def test_deepdiff_is_asked_only_about_mappings_that_differ(monkeypatch):
    asked = []
    real = field_diff._differing_paths

    def counted(before: Any, after: Any) -> Any:
        asked.append(before)
        return real(before, after)

    monkeypatch.setattr(field_diff, "_differing_paths", counted)
    live = {"metadata": {"a": "1"}, "note": "x", "tools": {"t": 1}}
    differences({"metadata": {"a": "2"}, "note": "y", "tools": {"t": 1}}, state(), live)
    assert len(asked) == 1
