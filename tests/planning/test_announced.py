"""Objects without labels that a run has made and not recorded."""

from dataclasses import replace
from typing import Any

import pytest

from reconciler.planning.announced import marker_of
from reconciler.planning.inputs import Pending
from reconciler.resources.address import Address
from reconciler.resources.base import Desired
from reconciler.resources.labels import field_hash
from reconciler.resources.registry import resource_types
from tests.support.plan_inputs import Worlds, done, entry, ref

TODO = Address("note", "todo")
LAMP = Address("widget", "lamp")


def announce(worlds: Worlds, *addresses: Address, since: float = 1000.0, **fields: Any) -> Worlds:
    marker = {"fields": {name: field_hash(value) for name, value in fields.items()}}
    worlds.pending += [Pending(address, "note", marker, since) for address in addresses or [TODO]]
    return worlds


def made(worlds: Worlds, id_: str, created: float = 1001.0, **fields: Any) -> Worlds:
    return worlds.live("note/x", id_=id_, detail={"created_at": created}, **fields)


def test_what_was_announced_is_found_by_its_values_and_not_made_twice():
    worlds = made(announce(Worlds().want("note/todo", text="buy"), text="buy"), "note_1", text="buy")
    planned = worlds.planned()
    assert planned.matched.live[TODO].id == "note_1"
    assert (planned.plan.changes, planned.plan.drift, planned.plan.unmanaged) == ((), (), ())


def test_an_edit_since_then_is_an_update_of_it():
    worlds = made(announce(Worlds().want("note/todo", text="sell"), text="buy"), "note_1", text="buy")
    assert done(*worlds.plan().changes) == [("update", "note/todo")]


@pytest.mark.parametrize(
    ("created", "text"), [(900.0, "buy"), (1001.0, "other")], ids=["made before", "with another value"]
)
def test_what_does_not_fit_stays_unmanaged(created, text):
    worlds = made(announce(Worlds().want("note/todo", text="buy"), text="buy"), "note_1", created, text=text)
    plan = worlds.plan()
    assert (done(*plan.changes), [one.id for one in plan.unmanaged]) == ([("create", "note/todo")], ["note_1"])


def test_what_another_address_has_is_not_taken():
    worlds = Worlds().want("note/todo", text="buy").want("note/old", text="buy")
    worlds.applied("note/old", id_="note_1", text="buy")
    plan = made(announce(worlds, text="buy"), "note_1", text="buy").plan()
    assert done(*plan.changes) == [("create", "note/todo")]


def test_two_that_are_alike_are_each_found_once():
    other = Address("note", "other")
    worlds = Worlds().want("note/todo", text="buy").want("note/other", text="buy")
    made(made(announce(worlds, TODO, other, text="buy"), "note_1", text="buy"), "note_2", text="buy")
    found = worlds.planned().matched.live
    assert {found[TODO].id, found[other].id} == {"note_1", "note_2"}


def test_nothing_is_found_without_a_value_that_can_be_read():
    worlds = made(announce(Worlds().want("note/todo", text="buy")), "note_1", text="buy")
    assert done(*worlds.plan().changes) == [("create", "note/todo")]


class TestMarker:
    def test_of_what_only_state_knows_it_has_the_values_but_not_references(self):
        inputs = Worlds().want("note/todo", text="buy", uses=ref("widget/lamp")).world()
        marker = marker_of(inputs, inputs.desired[TODO])
        assert marker == {"identity": "acme/production", "fields": {"text": field_hash("buy")}}

    def test_of_what_has_labels_it_has_all_values_that_the_api_returns(self):
        inputs = Worlds().want("widget/lamp", note="on", uses=ref("widget/desk")).world()
        marker = marker_of(inputs, inputs.desired[LAMP])
        sent = {"note": "on", "colour": "grey", "metadata": {}, "tools": []}
        assert marker["fields"] == {name: field_hash(value) for name, value in sent.items()}

    def test_of_a_field_that_the_api_completes_it_has_the_keys_that_are_sent(self):
        inputs = replace(Worlds().world(), resource_types=resource_types())
        desired = Desired(Address("assistant", "x"), "agent", {"reasoning": {"effort": "low"}})
        marker = marker_of(inputs, desired)
        assert marker["fields"]["reasoning"] == {"effort": field_hash("low")}

    def test_files_that_are_attached_later_are_not_in_it(self):
        inputs = Worlds().want("vectorstore/kb", files={"a.md": entry("a.md", "A")}).world()
        assert marker_of(inputs, inputs.desired[Address("vectorstore", "kb")])["fields"] == {}

    def test_of_an_upload_it_has_name_size_and_content(self):
        inputs = Worlds().want_file("kb/a.md", "A").world()
        (desired,) = inputs.desired.values()
        assert marker_of(inputs, desired) == {
            "filename": "a.md",
            "bytes": 1,
            "sha256": "559aead08264d5795d3909718cdd05abd49572e84fe55590eef31a88a08fdffd",
        }


class TestStateAlone:
    def test_protection_is_recorded_without_a_request(self):
        worlds = Worlds().stays("note/todo", text="buy").want("note/todo", protect=True, text="buy")
        assert (done(*worlds.plan().changes), worlds.plan().requests) == ([("update", "note/todo")], {})

    def test_there_is_no_label_to_miss(self):
        assert Worlds().synced("note/todo", text="buy").plan().changes == ()

    def test_a_replaced_object_that_was_not_removed_is_removed_later(self):
        worlds = Worlds().synced("note/todo", id_="note_2", text="buy")
        worlds.applied("note/replaced@note_1", id_="note_1", text="old").live("note/x", id_="note_1", text="old")
        (change,) = worlds.plan().changes
        assert (change.action, change.id) == ("delete", "note_1")

    def test_one_that_nobody_manages_is_adopted_by_state_alone(self):
        worlds = Worlds().want("note/todo", text="buy").stranger("note_1", type_="note", text="buy")
        plan = worlds.plan(adopt={TODO: "note_1"}, scope=frozenset({TODO}))
        assert (done(*plan.changes), plan.requests) == ([("adopt", "note/todo")], {})


def lamps(**fields: Any) -> Worlds:
    """Return a managed lamp, and a second object with its label that was created at 1001."""
    worlds = Worlds().synced("widget/lamp", id_="w1", note="on")
    return worlds.live("widget/lamp", id_="w2", detail={"created_at": 1001.0}, **{"note": "on", **fields})


class TestTheSecondObjectWithALabel:
    """It is deleted only if a create that is not resolved made it: anyone can copy a label."""

    def test_with_an_intent_that_accounts_for_it_is_deleted(self):
        plan = lamps(colour="grey").unfinished("widget/lamp", note="on").plan()
        (change,) = plan.changes
        assert (change.action, change.id, change.name, plan.refusals) == ("delete", "w2", "lamp", ())

    def test_with_an_intent_of_the_first_version_which_has_no_fields_is_deleted(self):
        worlds = lamps()
        worlds.pending.append(Pending(LAMP, "widget", {"identity": "acme/production"}, 1000.0))
        assert done(*worlds.plan().changes) == [("delete", "widget/lamp")]

    @pytest.mark.parametrize(
        "worlds",
        [
            lamps(),
            lamps().unfinished("widget/desk", note="on"),
            lamps().unfinished("widget/lamp", since=1100.0, note="on"),
            lamps().unfinished("widget/lamp", type_="agent", note="on"),
            lamps(note="off").unfinished("widget/lamp", note="on"),
            lamps(colour="red").unfinished("widget/lamp", note="on"),
            lamps(metadata={"owner": "ann"}).unfinished("widget/lamp", note="on"),
        ],
        ids=["without", "other address", "created before", "other type", "other value", "not sent", "other key"],
    )
    def test_without_such_an_intent_is_refused(self, worlds):
        plan = worlds.plan()
        assert [refusal.rule for refusal in plan.refusals] == ["duplicate"]
        assert done(*plan.work) == []

    def test_after_a_second_create_is_deleted_if_it_is_older_than_the_object_of_that_create(self):
        worlds = (
            Worlds().want("widget/lamp").applied("widget/lamp", id_="w1").unfinished("widget/lamp", is_superseded=True)
        )
        worlds.live("widget/lamp", id_="w1", detail={"created_at": 1010.0})
        worlds.live("widget/lamp", id_="w2", detail={"created_at": 1005.0}, colour="grey")
        assert done(*worlds.plan().changes) == [("delete", "widget/lamp")]

    def test_after_a_second_create_is_refused_if_it_may_be_a_copy_of_the_object_of_that_create(self):
        worlds = (
            Worlds().want("widget/lamp").applied("widget/lamp", id_="w1").unfinished("widget/lamp", is_superseded=True)
        )
        worlds.live("widget/lamp", id_="w1", detail={"created_at": 1010.0})
        worlds.live("widget/lamp", id_="w2", detail={"created_at": 1010.0}, colour="grey")
        assert [refusal.rule for refusal in worlds.plan().refusals] == ["duplicate"]

    @pytest.mark.parametrize(("files", "rules"), [({}, []), ({"file_9": {"file": "file_9"}}, ["duplicate"])])
    def test_of_a_store_is_refused_if_it_holds_a_file_that_reconciler_did_not_attach(self, files, rules):
        worlds = Worlds().synced("vectorstore/kb", id_="s1", files={}).unfinished("vectorstore/kb", files={})
        worlds.live("vectorstore/kb", id_="s2", detail={"created_at": 1001.0}, files=files)
        assert [refusal.rule for refusal in worlds.plan().refusals] == rules
