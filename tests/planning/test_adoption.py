from dataclasses import replace

import pytest

from reconciler.planning import build
from reconciler.planning.adoption import alike, pair
from reconciler.planning.match import match
from reconciler.resources.address import Address
from reconciler.resources.base import Live
from tests.support.asking import warned, why
from tests.support.plan_inputs import Worlds, done, entry

LAMP = Address("widget", "lamp")


def paired(worlds, wanted=None, remembered=None):
    """Pairs by text, and the codes of the problems."""
    world = worlds.world()
    asked = {Address.parse(address): id_ for address, id_ in (wanted or {}).items()}
    origins = {Address.parse(address): id_ for address, id_ in (remembered or {}).items()}
    found = pair(world, match(world), asked, origins)
    return {str(address): id_ for address, id_ in found.ids.items()}, [problem.code for problem in found.problems]


def lamp(**fields):
    return Worlds().want("widget/lamp", name="Lamp", **fields)


def widget(worlds, id_, name="Lamp", **fields):
    worlds.objects.append(Live("widget", id_, {"name": name, "metadata": {}, **fields}, name=name))
    return worlds


class TestByLikeness:
    def test_the_one_of_its_name_whatever_else_differs(self):
        assert paired(widget(lamp(note="x"), "w1", note="y")) == ({"widget/lamp": "w1"}, [])

    def test_of_several_the_equal_one(self):
        worlds = widget(widget(lamp(note="x"), "w1", note="y"), "w2", note="x", colour="red")
        assert paired(worlds) == ({"widget/lamp": "w2"}, [])

    @pytest.mark.parametrize("notes", [("x", "x"), ("y", "z")])
    def test_several_of_a_kind_are_ambiguous(self, notes):
        worlds = widget(widget(lamp(note="x"), "w1", note=notes[0]), "w2", note=notes[1])
        assert paired(worlds) == ({}, ["ambiguous"])

    def test_the_one_that_the_manifest_was_imported_from(self):
        worlds = widget(widget(lamp(note="x"), "w1", note="x"), "w2", note="x")
        assert paired(worlds, remembered={"widget/lamp": "w2"}) == ({"widget/lamp": "w2"}, [])

    def test_what_another_manifest_was_imported_from_is_not_meant(self):
        worlds = widget(widget(lamp(), "w1"), "w2").want("widget/b", name="Lamp")
        found = paired(worlds, remembered={"widget/b": "w1"})
        assert found == ({"widget/lamp": "w2", "widget/b": "w1"}, [])

    def test_one_that_was_imported_from_another_project_is_reported(self):
        worlds = lamp().live("widget/lamp", id_="w9", owner="globex/staging", name="Lamp")
        assert paired(worlds, remembered={"widget/lamp": "w9"}) == ({}, ["foreign-owner"])
        assert paired(worlds, {"widget/lamp": None}, {"widget/lamp": "w9"}) == ({}, ["foreign-owner"])

    def test_one_that_was_imported_for_another_environment_is_created_here(self):
        worlds = lamp().live("widget/lamp", id_="w9", owner="acme/staging", name="Lamp")
        assert paired(worlds, remembered={"widget/lamp": "w9"}) == ({}, [])

    def test_a_manifest_and_its_copy_remember_nothing(self):
        worlds = widget(lamp(), "w1").want("widget/copy", name="Copy")
        assert paired(worlds, remembered={"widget/lamp": "w1", "widget/copy": "w1"}) == ({"widget/lamp": "w1"}, [])

    def test_two_manifests_for_one_object(self):
        assert paired(widget(lamp().want("widget/b", name="Lamp"), "w1")) == ({}, ["ambiguous"])

    def test_what_is_new_is_no_problem_unless_it_is_asked_for(self):
        worlds = widget(lamp(), "w1", name="Other")
        assert paired(worlds) == ({}, [])
        assert paired(worlds, {"widget/lamp": None}) == ({}, ["nothing-alike"])

    def test_what_is_live_or_owned_by_others_is_left_alone(self):
        worlds = lamp().synced("widget/b", name="B").live("widget/lamp", id_="w9", owner="globex", name="Lamp")
        assert paired(worlds) == ({}, [])

    def test_another_type_of_the_same_name_is_not_it(self):
        assert paired(lamp().stranger("a1", type_="agent", name="Lamp")) == ({}, [])

    def test_only_what_is_compared_has_to_be_known_whole(self):
        world = widget(widget(lamp(), "w1"), "w2", name="Other").world()
        assert alike(world, match(world), {}, {}) == {"w1"}


class TestById:
    def test_it_counts_more_than_likeness(self):
        assert paired(widget(lamp(), "w1", name="Other"), {"widget/lamp": "w1"}) == ({"widget/lamp": "w1"}, [])

    @pytest.mark.parametrize(
        ("address", "id_", "code"),
        [
            ("widget/nowhere", "w1", "unknown-address"),
            ("widget/lamp", "w0", "not-live"),
            ("widget/lamp", "agent_1", "wrong-type"),
            ("widget/lamp", "w_foreign", "foreign-owner"),
            ("widget/lamp", "widget_ours", "already-ours"),
            ("widget/ours", "w1", "already-live"),
            ("page/home", "w1", "not-adoptable"),
            ("file/a.md", "w1", "not-adoptable"),
        ],
    )
    def test_what_cannot_be_is_a_problem_and_the_rest_goes_on(self, address, id_, code):
        worlds = widget(lamp(), "w1").synced("widget/ours").want("page/home").want_file("a.md", "A")
        worlds.stranger("agent_1").live("widget/other", id_="w_foreign", owner="globex")
        worlds = widget(worlds.want("widget/free", name="Free"), "w2", name="Free")
        assert paired(worlds, {address: id_, "widget/free": None}) == ({"widget/free": "w2"}, [code])

    def test_what_is_adopted_already_is_only_noted(self):
        assert paired(Worlds().synced("widget/lamp"), {"widget/lamp": "widget_lamp"}) == ({}, [])

    def test_one_object_for_two_addresses(self):
        worlds = widget(lamp().want("widget/b"), "w1")
        assert paired(worlds, {"widget/lamp": "w1", "widget/b": "w1"}) == ({}, ["ambiguous"])


class TestPlan:
    def adopted(self, worlds, **adopt):
        ids = {Address("widget", name): id_ for name, id_ in adopt.items()}
        return worlds.planned(adopt=ids, scope=frozenset(ids)).plan

    def test_taking_over_is_all_that_it_does(self):
        worlds = widget(lamp(note="x"), "w1", note="x").want("widget/new").stays("widget/gone")
        plan = self.adopted(worlds, lamp="w1")
        (change,) = plan.work
        assert (change.action, change.address, change.id, change.fields) == ("adopt", "widget/lamp", "w1", ())
        assert why(change) == [("unmanaged", {"type": "widget", "id": "w1", "name": "Lamp"})]
        assert not plan.refusals
        assert plan.requests == {"POST": 1}

    def test_it_tells_what_the_next_plan_will_change(self):
        change = self.adopted(widget(lamp(note="x", colour="red"), "w1", note="y", colour="grey"), lamp="w1").work[0]
        assert why(change)[1] == ("manifest-differs", {"fields": ["colour", "note"]})

    def test_without_room_for_labels_only_state_knows(self):
        full = {str(number): "x" for number in range(13)}
        plan = self.adopted(widget(lamp(), "w1", metadata=full), lamp="w1")
        assert why(plan.work[0])[-1] == ("no-label-room", {})
        assert not plan.requests

    def test_what_state_alone_owns_has_no_labels_to_miss(self):
        full = {str(number): "x" for number in range(13)}
        worlds = lamp().applied("widget/lamp", name="Lamp")
        plan = worlds.live("widget/lamp", owner=None, name="Lamp", metadata=full).plan()
        assert not plan.drift
        assert warned(plan) == [("no-label-room", "widget/lamp", {})]

    def test_what_is_gone_meanwhile_is_not_made(self):
        assert not self.adopted(lamp(), lamp="w1").work

    def test_an_upload_that_may_be_the_file_of_a_path_is_told(self):
        store = Address("vectorstore", "kb")
        worlds = Worlds().want_file("kb/a.md", "A").want("vectorstore/kb", files={"kb/a.md": entry("kb/a.md", "A")})
        worlds.live_file("elsewhere/a.md", "B", id_="f1").stranger("vs_1", type_="store", files={})
        plan = build.plan(replace(worlds.world(), adopt={store: "vs_1"}, scope=frozenset({store}))).plan
        assert done(*plan.work) == [("adopt", "vectorstore/kb")]
        assert warned(plan)[0] == ("upload-alike", "vectorstore/kb", {"upload": "f1", "path": "kb/a.md"})
