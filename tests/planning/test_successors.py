"""Objects that may outlive their replacement: `key`, which widgets and pages refer to."""

from dataclasses import replace

import pytest

from reconciler.planning.model import Plan
from reconciler.resources.address import Address
from tests.support.asking import listed, rules
from tests.support.plan_inputs import Worlds, done, fields_of, ref

OLD = "key_main"


def replaced() -> Worlds:
    """A key whose size is edited, which cannot be changed."""
    return Worlds().want("key/main", size=2).stays("key/main", size=1)


def held(plan: Plan) -> list[tuple[str, list[str]]]:
    """Return the keys that stay, with their holders."""
    reasons = [one.args for change in plan.changes for one in change.reasons if one.code == "still-held"]
    return [(args["id"], list(args["holders"])) for args in reasons]


def user(worlds: Worlds) -> Worlds:
    """Add a widget that refers to the key, and contains its id."""
    worlds.want("widget/desk", uses=ref("key/main"), note="n").applied("widget/desk", uses=ref("key/main"), note="n")
    return worlds.live("widget/desk", uses=ref("key/main"), note="n", refers_to=(OLD,))


class TestReplacement:
    def test_working_objects_refer_to_the_successor(self):
        plan = user(replaced()).plan()
        assert done(*plan.changes) == [("replace", "key/main"), ("update", "widget/desk")]
        assert ("uses", OLD, ref("key/main"), "manifest") in fields_of(plan)
        assert plan.refusals == ()

    def test_an_edit_of_the_same_object_is_one_update(self):
        worlds = user(replaced()).want("widget/desk", uses=ref("key/main"), note="edited")
        assert [item.path for change in worlds.plan().changes for item in change.fields] == ["size", "note", "uses"]

    def test_an_object_that_names_it_by_its_new_name_is_one_update(self):
        """Without the new id, apply would only record the new name."""
        worlds = Worlds().want("key/new", size=2, moved_from=("main",)).stays("key/main", size=1)
        worlds.want("widget/desk", uses=ref("key/new")).applied("widget/desk", uses=ref("key/main"))
        plan = worlds.live("widget/desk", uses=ref("key/new"), refers_to=(OLD,)).plan()
        assert done(*plan.changes) == [("replace", "key/new"), ("update", "widget/desk")]
        assert ("uses", OLD, ref("key/new"), "manifest") in fields_of(plan)

    def test_an_object_that_no_longer_refers_to_it_is_changed_as_its_manifest_says(self):
        plan = user(replaced()).want("widget/desk", uses=None, note="n").plan()
        assert fields_of(plan)[1:] == [("uses", ref("key/main"), None, "manifest")]

    def test_field_that_left_the_manifest_is_reset_although_it_has_an_earlier_one(self):
        worlds = Worlds().synced("key/main", id_="key_new", size=2)
        former = "key/replaced@key_main"
        worlds.applied(former, id_=OLD, size=1).live("key/main", id_=OLD, size=1)
        desk = Address.parse("widget/desk")
        applied = (
            worlds.want("widget/desk", note="n").applied("widget/desk", uses=ref("key/main"), note="n").state[desk]
        )
        worlds.state[desk] = replace(applied, holds={"key/main": OLD})
        plan = worlds.live("widget/desk", uses=ref(former), note="n", refers_to=(OLD,)).plan()
        assert done(*plan.changes) == [("update", "widget/desk")]
        assert fields_of(plan) == [("uses", ref(former), None, "manifest")]

    def test_nothing_else_is_changed(self):
        worlds = user(replaced()).synced("key/other", size=1).synced("widget/other", uses=ref("key/other"))
        assert done(*worlds.plan().changes) == [("replace", "key/main"), ("update", "widget/desk")]

    @pytest.mark.parametrize(
        ("add", "holder"),
        [
            (lambda worlds: worlds.stranger("w_9", type_="widget", refers_to=(OLD,)), "widget w_9"),
            (lambda worlds: worlds.peer("globex", "page/home", OLD), "globex: page/home"),
            (lambda worlds: worlds.synced("widget/desk", note=OLD), "widget/desk"),
        ],
        ids=["unmanaged", "peer", "literal id"],
    )
    def test_the_old_one_stays_while_anything_else_holds_it(self, add, holder):
        plan = add(replaced()).plan()
        assert (held(plan), plan.refusals) == ([(OLD, [holder])], ())
        assert plan.requests == {"POST": 1}

    def test_an_object_out_of_scope_keeps_the_old_one(self):
        plan = user(replaced()).plan(scope=frozenset({Address.parse("key/main")}))
        assert done(*plan.changes) == [("replace", "key/main")]
        assert held(plan) == [(OLD, ["widget/desk"])]

    def test_object_out_of_scope_that_has_an_earlier_one_does_not_keep_the_old_one(self):
        worlds = replaced().want("widget/desk", uses=ref("key/main"))
        desk = Address.parse("widget/desk")
        applied = worlds.applied("widget/desk", uses=ref("key/main")).state[desk]
        worlds.state[desk] = replace(applied, holds={"key/main": "key_earlier"})
        worlds.live("widget/desk", uses="key_earlier", refers_to=("key_earlier",))
        assert held(worlds.plan(scope=frozenset({Address.parse("key/main")}))) == []

    def test_an_ignored_reference_keeps_the_old_one(self):
        worlds = replaced().want("widget/desk", uses=ref("key/main"), ignore=("uses",))
        worlds.applied("widget/desk", uses=ref("key/main"))
        plan = worlds.live("widget/desk", uses=ref("key/main"), refers_to=(OLD,)).plan()
        assert done(*plan.changes) == [("replace", "key/main")]
        assert held(plan) == [(OLD, ["widget/desk"])]

    def test_a_removed_key_that_is_in_use_is_refused_as_any_object(self):
        worlds = Worlds().stays("key/main", size=1).stranger("w_9", type_="widget", refers_to=(OLD,))
        assert rules(worlds) == [("referenced", "key/main")]


class TestChildren:
    """A key is deleted with its widget: what holds the key holds the widget."""

    def test_holder_of_a_key_blocks_its_widget(self):
        worlds = Worlds().stays("widget/box").stays("key/main", size=1, widget="widget_box")
        worlds.stranger("a_1", refers_to=(OLD,))
        assert rules(worlds) == [("referenced", "key/main"), ("referenced", "widget/box")]

    def test_an_unmanaged_key_blocks_its_widget(self):
        worlds = Worlds().stays("widget/box")
        worlds.stranger("key_9", type_="key", refers_to=("widget_box",), widget="widget_box")
        assert rules(worlds) == [("referenced", "widget/box")]

    def test_without_holders_both_go(self):
        worlds = Worlds().stays("widget/box").stays("key/main", size=1, widget="widget_box")
        assert rules(worlds) == []

    def test_object_that_is_created_with_a_key_blocks_its_widget(self):
        worlds = Worlds().stays("widget/box").stays("key/main", size=1, widget="widget_box")
        worlds.want("widget/desk", uses=ref("key/main"))
        assert rules(worlds) == [("referenced", "key/main"), ("referenced", "widget/box")]
        _, of_box = worlds.plan().refusals
        assert listed(of_box) == {"Other references": ("widget/desk",)}

    def test_object_that_is_created_with_a_key_of_another_owner_blocks_its_widget(self):
        worlds = Worlds().stays("widget/box").want("key/main", size=1).applied("key/main", size=1)
        worlds.live("key/main", size=1, widget="widget_box", owner="globex", refers_to=("widget_box",))
        plan = worlds.want("widget/desk", uses=ref("key/main")).plan()
        assert [(one.rule, one.address) for one in plan.refusals] == [
            ("foreign-owner", "key/main"), ("referenced", "widget/box"),
        ]  # fmt: skip
        assert listed(plan.refusals[1]) == {"Other references": ("key main (key_main)", "widget/desk")}
