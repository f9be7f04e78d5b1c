from reconciler.planning.inputs import Pending
from reconciler.planning.match import match
from reconciler.resources.address import Address
from reconciler.resources.base import Labels, Live
from tests.support.plan_inputs import IDENTITY, Worlds, entry

LAMP = Address("widget", "lamp")


def matched(worlds: Worlds, **options):
    return match(worlds.world(**options))


def ids(live):
    return {str(address): item.id for address, item in live.items()}


def test_an_object_is_ours_by_state_alone():
    worlds = Worlds().applied("widget/lamp", id_="w1").live("widget/lamp", id_="w1", owner=None)
    assert ids(matched(worlds).live) == {"widget/lamp": "w1"}


def test_an_object_is_ours_by_label_alone():
    assert ids(matched(Worlds().live("widget/lamp", id_="w1")).live) == {"widget/lamp": "w1"}


def test_a_stranger_is_nobodys_or_somebody_elses():
    worlds = Worlds().stranger("w1").live("widget/lamp", id_="w2", owner="acme/staging")
    found = matched(worlds)
    assert [live.id for live in found.unmanaged] == ["w1", "w2"]
    assert not found.live


def test_an_id_in_state_that_is_of_another_type_is_not_that_object():
    worlds = Worlds().applied("widget/lamp", id_="x1").stranger("x1", type_="agent")
    found = matched(worlds)
    assert not found.live
    assert [live.id for live in found.unmanaged] == ["x1"]


def test_a_label_with_a_garbage_address_makes_a_stranger():
    worlds = Worlds()
    for index, label in enumerate(("widget/", "/lamp", "lamp")):
        worlds.objects.append(Live("widget", f"w{index}", {}, Labels(str(IDENTITY), label)))
    assert [live.id for live in matched(worlds).unmanaged] == ["w0", "w1", "w2"]


def test_label_of_another_type_makes_an_object_unmanaged_and_no_duplicate():
    worlds = Worlds().live("widget/lamp", id_="w0")
    for index, label in enumerate(("page/home", "weird/lamp", "file/lamp.md", "widget/lamp@bot.1"), 1):
        worlds.objects.append(Live("widget", f"w{index}", {}, Labels(str(IDENTITY), label)))
    worlds.objects.append(Live("agent", "a1", {}, Labels(str(IDENTITY), "widget/lamp")))
    found = matched(worlds)
    assert [live.id for live in found.unmanaged] == ["w1", "w2", "w3", "w4", "a1"]
    assert ids(found.live) == {"widget/lamp": "w0"}
    assert (found.duplicates, found.ambiguous, found.clones) == ({}, {}, {})


def test_label_of_another_type_is_no_former_name_of_an_object_in_state():
    worlds = Worlds().want("widget/lamp").applied("widget/lamp", id_="w1")
    worlds.objects.append(Live("widget", "w1", {}, Labels(str(IDENTITY), "page/lamp")))
    assert not matched(worlds).moved


def test_state_tells_which_of_two_labelled_objects_is_meant():
    worlds = Worlds().applied("widget/lamp", id_="w1")
    worlds.live("widget/lamp", id_="w1").live("widget/lamp", id_="w2")
    found = matched(worlds)
    assert ids(found.live) == {"widget/lamp": "w1"}
    assert not found.duplicates
    assert [live.id for live in found.clones[LAMP]] == ["w2"]
    assert not found.unmanaged


def test_a_copied_label_on_an_object_that_a_person_has_chosen_is_no_obstacle():
    worlds = Worlds().want("widget/desk").synced("widget/lamp", id_="w1").live("widget/lamp", id_="w2")
    found = matched(worlds, adopt={Address("widget", "desk"): "w2"})
    assert ids(found.live) == {"widget/lamp": "w1", "widget/desk": "w2"}
    assert not found.clones


def test_an_object_in_the_state_is_not_adopted_at_another_address():
    worlds = Worlds().want("widget/desk").synced("widget/lamp", id_="w1")
    assert ids(matched(worlds, adopt={Address("widget", "desk"): "w1"}).live) == {"widget/lamp": "w1"}


def test_without_state_two_labelled_objects_are_contested():
    worlds = Worlds().live("widget/lamp", id_="w1").live("widget/lamp", id_="w2")
    found = matched(worlds)
    assert not found.live
    assert [live.id for live in found.ambiguous[LAMP]] == ["w1", "w2"]


def test_two_that_one_unfinished_create_has_made_are_the_first_and_a_twin():
    made = {"w2": 1010.0, "w1": 1020.0}
    worlds = Worlds().want("widget/lamp")
    for id_, at in made.items():
        worlds.live("widget/lamp", id_=id_, detail={"created_at": at})
    worlds.pending.append(Pending(LAMP, "widget", {}, 1000.0))
    found = matched(worlds)
    assert ids(found.live) == {"widget/lamp": "w2"}
    assert [live.id for live in found.duplicates[LAMP]] == ["w1"]
    worlds.live("widget/lamp", id_="w0", detail={"created_at": 900.0})
    assert [live.id for live in matched(worlds).ambiguous[LAMP]] == ["w2", "w1", "w0"]


def test_a_clone_that_is_younger_than_any_request_of_an_unfinished_create_is_contested():
    """In a restored state an intent may be unresolved that was resolved long ago."""
    worlds = Worlds().want("widget/lamp").live("widget/lamp", id_="w1", detail={"created_at": 1010.0})
    worlds.live("widget/lamp", id_="w2", detail={"created_at": 90_000.0}).unfinished("widget/lamp")
    assert [live.id for live in matched(worlds).ambiguous[LAMP]] == ["w1", "w2"]


def test_a_known_id_under_the_label_of_another_identity_is_taken():
    worlds = Worlds().applied("widget/lamp", id_="w1").live("widget/lamp", id_="w1", owner="globex")
    found = matched(worlds)
    assert ids(found.foreign_owned) == {"widget/lamp": "w1"}
    assert not found.live
    assert not found.unmanaged


def test_a_document_in_the_outlets_is_ours_by_its_address():
    assert ids(matched(Worlds().live("page/home")).live) == {"page/home": "page/home"}


def test_a_killed_move_out_of_the_outlets_goes_on_with_the_object_it_made():
    worlds = Worlds().applied("widget/lamp", id_="widget/lamp", type_="page").want("widget/lamp")
    worlds.objects.append(Live("page", "widget/lamp", {}))
    worlds.live("widget/lamp", id_="w1", detail={"created_at": 1001.0}, colour="grey")
    assert [live.id for live in matched(worlds).clones[LAMP]] == ["w1"]
    found = matched(worlds.unfinished("widget/lamp"))
    assert ids(found.live) == {"widget/lamp": "w1"}
    assert not found.unmanaged


def test_ids_in_fields_become_addresses():
    worlds = Worlds().synced_file("a.md", "A").synced("vectorstore/kb", files={"a.md": entry("a.md", "A")})
    live = matched(worlds).live[Address("vectorstore", "kb")]
    assert live.fields["files"] == {"a.md": entry("a.md", "A")}


def test_of_a_dropped_file_is_compared_what_was_applied():
    """Its attributes were ours, so that it is still as we applied it."""
    settings = {"attributes": {"lang": "en"}}
    worlds = Worlds().stays_file("a.md", "A").synced("vectorstore/kb", files={"a.md": entry("a.md", "A", **settings)})
    worlds.want("vectorstore/kb", files={})
    assert matched(worlds).live[Address("vectorstore", "kb")].fields["files"] == {
        "a.md": entry("a.md", "A", **settings)
    }
    assert [item.origin for change in worlds.plan().changes for item in change.fields] == ["manifest"]
