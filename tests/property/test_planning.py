"""What holds for any plan: worlds are drawn, and plans are applied by a simulation that knows nothing of `applying`."""

import random
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from reconciler.planning import build, field_diff
from reconciler.planning.before_after import edited
from reconciler.planning.changes import NOT_FIELDS
from reconciler.planning.codec import from_json, to_json
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.model import Change, OnDrift, Plan, is_optional
from reconciler.planning.published import Bundle, Pointer
from reconciler.planning.settings import is_settings_change, records_settings
from reconciler.resources.address import Address
from reconciler.resources.base import Applied, Desired, Labels, Live, Unlisted
from reconciler.resources.guard_settings import GuardSettings
from reconciler.resources.labels import spec_hashes
from reconciler.resources.values import digest, put, references_in
from tests.support.plan_inputs import FORMS, IDENTITY, Worlds, entry, live_id, ref, type_of

WIDGETS = ("widget/a", "widget/b", "widget/c")
PAGES = ("page/home", "page/shop")
STORES = ("vectorstore/kb", "vectorstore/faq")
PATHS = ("x/a.md", "y/a.md", "b.md")

scalars = st.sampled_from([None, "", "x", "y", 1, 1.5, True])
pairs = st.dictionaries(st.sampled_from(["tier", "a.b", "__k"]), st.sampled_from(["1", "2"]), max_size=2)
widget_fields = st.fixed_dictionaries(
    {},
    optional={
        "note": scalars,
        "colour": st.sampled_from(["red", "grey"]),
        "metadata": pairs,
        "size": st.integers(1, 2),
        "tools": st.lists(scalars, max_size=2),
    },
)
some_widgets = st.dictionaries(st.sampled_from(WIDGETS), widget_fields, max_size=3)
some_files = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(["A", "B"]), max_size=3)
unmanaged = st.lists(st.sampled_from(["agent_8", "agent_9"]), unique=True)
places = st.sets(st.integers(0, 12), max_size=2)
"""Of live objects, among all of them."""
modes: st.SearchStrategy[OnDrift] = st.sampled_from(["revert", "keep", "refuse"])
bounds = st.builds(GuardSettings, max_deletes=st.sampled_from([None, 99]), max_archives=st.sampled_from([None, 99]))
recorded = st.none() | bounds
booleans = st.booleans()
renames = st.dictionaries(
    st.sampled_from([*WIDGETS, *PAGES, *STORES]),
    st.tuples(st.sampled_from(["a", "b", "c", "home", "shop", "kb", "faq"])),
)
"""What manifests say they were called before; of another kind, it means nothing."""
by_hand = st.tuples(widget_fields, st.sampled_from([True, True, True, False]))
"""What a hand writes, and whether it leaves the labels."""


@dataclass(frozen=True)
class Side:
    """The fields of everything on one of the three sides, by address."""

    widgets: dict[str, dict[str, Any]]
    pages: dict[str, dict[str, Any]]
    files: dict[str, str]
    """Content by path."""
    stores: dict[str, tuple[str, ...]]
    """Paths by store."""


@st.composite
def sides(draw: st.DrawFn) -> Side:
    files = draw(some_files)
    stores = draw(stores_of(tuple(sorted(files))))
    widgets = draw(some_widgets)
    targets = draw(targets_of_pages(tuple(sorted([*widgets, *stores]))))
    literal = draw(booleans)
    pages = {page: {"uses": named(target, literal=literal) if target else None} for page, target in targets.items()}
    return Side(widgets, pages, files, stores)


def named(target: str, *, literal: bool) -> Any:
    """By the id that the object has if it was applied before, or by its address."""
    return live_id(target, type_of(target)) if literal else ref(target)


@cache  # as long as there are few: Hypothesis looks into each new strategy before it draws from it
def stores_of(paths: tuple[str, ...]) -> st.SearchStrategy[dict[str, tuple[str, ...]]]:
    held = st.lists(st.sampled_from(paths), unique=True, max_size=3).map(tuple) if paths else st.just(())
    return st.dictionaries(st.sampled_from(STORES), held, max_size=2)


@cache
def targets_of_pages(addresses: tuple[str, ...]) -> st.SearchStrategy[dict[str, str | None]]:
    targets = st.none() | st.sampled_from(addresses) if addresses else st.none()
    return st.dictionaries(st.sampled_from(PAGES), targets, max_size=2)


def objects(side: Side) -> dict[str, dict[str, Any]]:
    stores = {
        name: {"files": {path: entry(path, side.files[path]) for path in paths}} for name, paths in side.stores.items()
    }
    return {**side.widgets, **side.pages, **stores}


@st.composite
def worlds(draw: st.DrawFn, *, same_manifests: bool = False, missing: bool = True) -> PlanInputs:
    """Wanted now, and what was wanted before: applied then, and since changed by hand here and there."""
    before = draw(sides())
    now = before if same_manifests else draw(sides())
    found = Worlds()
    for path, content in before.files.items():
        found.stays_file(path, content)
    for address, fields in objects(before).items():
        found.stays(address, **fields)
    for path, content in now.files.items():
        found.want_file(path, content)
    moves = draw(renames) if not same_manifests else {}
    for address, fields in objects(now).items():
        found.want(address, moved_from=moves.get(address, ()), **fields)
    for strange in draw(unmanaged):
        held = draw(places)
        found.stranger(strange, refers_to=tuple(live.id for index, live in enumerate(found.objects) if index in held))
    live = [touched(draw, item) for item in found.objects]
    gone = draw(places) if missing else set()
    left = tuple(item for index, item in enumerate(live) if index not in gone)
    now_set = draw(bounds)
    then_set = draw(st.sampled_from([None, now_set]) if same_manifests else recorded)
    world = replace(found.world(), live=left, on_drift=draw(modes), settings=now_set, recorded=then_set)
    return published(world)


def touched(draw: st.DrawFn, live: Live) -> Live:
    """`live`, perhaps changed by hand."""
    if live.type != "widget" or not draw(booleans):
        return live
    fields, labelled = draw(by_hand)
    return replace(live, fields={**live.fields, **fields}, labels=live.labels if labelled else None)


def published(world: PlanInputs) -> PlanInputs:
    """With bundles for the pages, and pointers to those that are live."""
    pages = [address for address, desired in world.desired.items() if desired.type == "page"]
    bundles = {address: bundle(world.desired[address].fields) for address in pages}
    ids = {str(address): applied.id for address, applied in world.applied.items()}
    pointers = {
        Address.parse(live.id): Pointer(
            bundle(live.fields).digest, {str(target): ids[str(target)] for target in bundle(live.fields).refers_to}
        )
        for live in world.live
        if live.type == "page"
    }
    return replace(world, bundles=bundles, pointers=pointers)


def bundle(fields: Any) -> Bundle:
    return Bundle(digest(dict(fields)), frozenset(map(Address.parse, references_in(dict(fields)))))


class Simulation:
    """Does what a plan says, at once and without failures: a second opinion on what plans mean."""

    def __init__(self, planned: build.Planned, read: PlanInputs) -> None:
        self.planned, self.inputs, self.read = planned, planned.inputs, read
        self.live = {live.id: live for live in read.live}
        self.state = dict(read.applied)
        self.pointers = dict(self.inputs.pointers)
        self.numbers = count(1)

    def after(self) -> PlanInputs:
        found = [change for change in self.planned.plan.work if not is_settings_change(change)]
        work = sorted(found, key=lambda change: not change.address.startswith("file/"))
        for address in dict.fromkeys(change.address for change in work):
            actions = {change.action for change in work if change.address == address}
            if actions & {"create", "replace", "update", "adopt"}:
                self.write(Address.parse(address), anew=bool(actions & {"create", "replace"}))
        for change in work:
            if change.action in {"create", "update", "replace", "publish"}:
                self.publish(Address.parse(change.address))
        for change in work:
            if change.action in {"delete", "replace"}:
                self.remove(Address.parse(change.address), change)
            if change.action == "forget":
                self.state.pop(Address.parse(change.address), None)
        recorded = self.read.recorded
        if records_settings(self.inputs, self.planned.plan):
            recorded = self.read.settings
        live = tuple(self.live.values())
        return replace(self.read, live=live, applied=self.state, pointers=self.pointers, recorded=recorded)

    def write(self, address: Address, *, anew: bool) -> None:
        desired = self.inputs.desired[address]
        known = self.planned.matched.live.get(address)
        id_ = self.new_id(desired) if anew or desired.type == "page" or known is None else known.id
        old = self.live.get(known.id) if known and not anew else None
        fields = self.written(address, desired, old)
        labels = (
            None if desired.type in {"page", "file"} else Labels(str(IDENTITY), str(address), hashes(desired), False)
        )
        held = tuple(sorted(fields.get("files", {})))
        if desired.type == "file":
            fields = {"purpose": "assistants"}
        detail = old.detail if old else {}
        self.live[id_] = Live(desired.type, id_, fields, labels, desired.upload_name or address.name, held, detail)
        self.state[address] = Applied(id_, desired.type, self.inputs.desired[address].fields)
        former = self.planned.matched.moved.get(address)
        if former is not None:
            self.state.pop(former, None)
            self.pointers.pop(former, None)
            self.live.pop(str(former), None)

    def new_id(self, desired: Desired) -> str:
        if desired.type == "page":
            return str(desired.address)
        if desired.type == "file":
            same = (
                applied.id
                for address, applied in self.state.items()
                if applied.type == "file"
                and applied.fields["sha256"] == desired.fields["sha256"]
                and applied.id in self.live
                and self.live[applied.id].name == desired.upload_name
            )
            return next(same, f"file_new{next(self.numbers)}")
        return f"{desired.type}_new{next(self.numbers)}"

    def written(self, address: Address, desired: Desired, old: Live | None) -> dict[str, Any]:
        """Live values with the changes of the plan in them; everything wanted, for a new object."""
        if desired.type == "store":
            files = desired.fields.get("files", {})
            return {
                "files": {
                    self.id_of(Address("file", path)): {"attributes": {}, "sha256": value["sha256"]}
                    for path, value in files.items()
                }
            }
        if old is None:
            return dict(desired.fields)
        fields: Any = dict(old.fields)
        for change in self.planned.plan.work:
            for item in change.fields if change.address == str(address) else ():
                if item.keys[0] not in NOT_FIELDS:
                    fields = put(fields, item.keys, item.desired)
        return dict(fields)

    def id_of(self, address: Address) -> str:
        known = self.state.get(address)
        return known.id if known and known.id in self.live else self.planned.matched.live[address].id

    def publish(self, address: Address) -> None:
        found = self.inputs.bundles.get(address)
        if found:
            ids = {str(target): self.id_of(target) for target in found.refers_to}
            self.pointers[address] = Pointer(found.digest, ids)

    def remove(self, address: Address, change: Change) -> None:
        if change.action == "delete" and (address not in self.state or self.state[address].id == change.id):
            self.state.pop(address, None)
            self.pointers.pop(address, None)
        moved = self.live.get(str(change.id))
        if moved is None or any(applied.id == change.id for applied in self.state.values()):
            return
        if moved.type != "file":
            del self.live[moved.id]
        elif not any(moved.id in live.refers_to for live in self.planned.matched.unmanaged):
            del self.live[moved.id]
            self.live = {id_: _without(live, moved.id) for id_, live in self.live.items()}


def _without(store: Live, id_: str) -> Live:
    """Deleting a file takes it out of every vector store."""
    if id_ not in store.refers_to or "files" not in store.fields:
        return store
    files = {held: value for held, value in store.fields["files"].items() if held != id_}
    return replace(store, fields={**store.fields, "files": files}, refers_to=tuple(sorted(files)))


def hashes(desired: Desired) -> dict[str, str]:
    return spec_hashes({name: value for name, value in desired.fields.items() if name not in FORMS[desired.type].apart})


def shuffled(world: PlanInputs, seed: int) -> PlanInputs:
    def mixed(items: Any) -> Any:
        listed = list(items)
        random.Random(seed).shuffle(listed)
        return listed

    return replace(
        world,
        live=tuple(mixed(world.live)),
        desired=dict(mixed(world.desired.items())),
        applied=dict(mixed(world.applied.items())),
        bundles=dict(mixed(world.bundles.items())),
    )


def check_order(world: PlanInputs, seed: int) -> None:
    assert build.plan(shuffled(world, seed)).plan == build.plan(world).plan


def check_convergence(world: PlanInputs) -> None:
    planned = build.plan(world)
    if planned.plan.refusals:
        return
    again = build.plan(Simulation(planned, world).after()).plan
    # A path whose upload stays deleted may use an equal one that this very plan has made.
    left = [change for change in again.work if world.on_drift == "revert" or change.action != "adopt"]
    assert [(change.action, change.address, change.fields) for change in left] == []
    assert {change.address for change in again.drift} <= {change.address for change in planned.plan.drift}


@given(worlds(), st.integers())
def test_a_plan_does_not_depend_on_the_order_of_what_was_read(world: PlanInputs, seed: int):
    check_order(world, seed)


@given(worlds())
def test_applying_a_plan_leaves_nothing_to_plan(world: PlanInputs):
    check_convergence(world)


@pytest.mark.long
@settings(max_examples=3000, deadline=None)
@given(worlds(), st.integers())
def test_order_and_convergence_at_length(world: PlanInputs, seed: int):
    check_order(world, seed)
    check_convergence(world)


@given(worlds(same_manifests=True))
def test_what_only_hands_have_changed_is_never_among_the_changes(world: PlanInputs):
    """But for what only state has to learn: that an upload serves another path too. What is lost and has no value to
    keep is repaired.
    """
    plan = build.plan(world).plan
    assert {change.action for change in plan.changes} <= {"adopt"}
    if world.on_drift == "keep":
        assert not any(is_optional(change) for change in plan.work[len(plan.changes) :])


@given(worlds())
def test_nothing_is_deleted_that_something_surviving_refers_to(world: PlanInputs):
    planned = build.plan(world)
    if planned.plan.refusals:
        return
    deleted = {change.id for change in planned.plan.work if change.action == "delete"}
    addresses = {change.address for change in planned.plan.work if change.action == "delete"}
    after = Simulation(planned, world).after()
    for live in after.live:
        assert not deleted.intersection(live.refers_to)
        assert not addresses.intersection(references_in(dict(live.fields)))


@given(worlds(), st.frozensets(st.sampled_from(["widget", "store", "file", "page"])), booleans)
def test_a_list_that_cannot_be_read_refuses_exactly_what_ends_an_id_that_it_may_show(
    world: PlanInputs, types: frozenset[str], absent: bool
):
    refused = Unlisted("automation", types, "GET /v1/agents/automations", is_absent=absent)
    seen, blind = build.plan(world), build.plan(replace(world, unlisted=(refused,)))
    stays = "file" in types and not absent  # a replaced upload stays
    assert stays or (blind.plan.changes, blind.plan.drift) == (seen.plan.changes, seen.plan.drift)
    added = {(one.address, one.action) for one in blind.plan.refusals if one.rule == "unlisted"}
    assert not any(address.startswith("file/") and action == "replace" for address, action in added)
    assert stays or [one for one in blind.plan.refusals if one.rule != "unlisted"] == list(seen.plan.refusals)
    live = blind.matched.live
    assert added == {
        (change.address, change.action)
        for change in blind.plan.work
        if change.ends_id
        and (found := live.get(Address.parse(change.address))) is not None
        and found.type in types
        and not absent
    }


@given(worlds())
def test_the_changes_of_an_object_make_it_what_is_wanted(world: PlanInputs):
    """An update sends what was planned on with its changes in it: they have to say everything."""
    planned = build.plan(world)
    told = [*planned.plan.changes, *planned.plan.drift]
    for address, desired in planned.inputs.desired.items():
        live, (wanted, _) = planned.matched.live.get(address), planned.matched.sides(planned.inputs, address)
        if live is not None and wanted is not None and live.type == desired.type:
            changes = [one for one in told if one.address == str(address) and one.action in {"update", "replace"}]
            items = [
                item for one in changes for item in one.fields if item.keys[0] not in {*NOT_FIELDS, "bundle", "ids"}
            ]
            made = edited(live.fields, items)
            # A document has a literal id of ours as the manifest does, where other objects have its address.
            goals = [wanted, desired] if desired.type in planned.inputs.outlet_types else [wanted]
            assert [] in [
                field_diff.compare(FORMS[desired.type], goal, field_diff.LastApplied(), made) for goal in goals
            ]


@given(worlds())
def test_an_object_is_listed_once_but_for_what_publishes_it(world: PlanInputs):
    plan = build.plan(world).plan
    for section in (plan.changes, plan.drift):
        listed = Counter((change.address, change.id) for change in section if change.action != "publish")
        assert set(listed.values()) <= {1}


@given(worlds())
def test_any_plan_survives_its_file(world: PlanInputs):
    plan: Plan = build.plan(world).plan
    assert from_json(to_json(plan)) == plan


def estate(size: int, *, edited: int = 0) -> PlanInputs:
    """`size` objects in sync, in stores of twenty files; the first `edited` widgets have other metadata by now."""
    found = Worlds()
    for number in range(size // 2):
        found.synced_file(f"kb/{number}.md", f"{number}")
    for start in range(0, size // 2, 20):
        paths = [f"kb/{number}.md" for number in range(start, min(start + 20, size // 2))]
        found.synced(f"vectorstore/s{start}", files={path: entry(path, path[3:-3]) for path in paths})
    for number in range(size - size // 2 - len(range(0, size // 2, 20))):
        found.synced(f"widget/w{number}", note=f"{number}", metadata={"n": "1"}, uses=ref("vectorstore/s0"))
        if number < edited:
            found.want(f"widget/w{number}", note=f"{number}", metadata={"n": "2"}, uses=ref("vectorstore/s0"))
    return found.world()


@pytest.mark.parametrize(
    "size", [200, pytest.param(2000, marks=pytest.mark.long), pytest.param(20_000, marks=pytest.mark.long)]
)
def test_deepdiff_is_asked_only_about_mappings_that_differ(size: int, monkeypatch: pytest.MonkeyPatch):
    calls: Counter[str] = Counter()

    def counted(name: str) -> None:
        real = getattr(field_diff, name)

        def call(*arguments: Any) -> Any:
            calls[name] += 1
            return real(*arguments)

        monkeypatch.setattr(field_diff, name, call)

    counted("_differing_paths")
    counted("same")
    world = estate(size, edited=7)
    plan = build.plan(world).plan
    fields = sum(len(desired.fields) for desired in world.desired.values())
    assert plan.summary == {"update": 7, "drift": 0, "unchanged": size - 7}
    assert calls["_differing_paths"] == 7
    assert fields <= calls["same"] <= 2 * fields + 3 * 7


@pytest.mark.long
def test_ten_times_the_objects_take_about_ten_times_as_long():
    def seconds(size: int) -> float:
        world = estate(size)
        start = perf_counter()
        build.plan(world)
        return perf_counter() - start

    small = min(seconds(2000) for _ in range(3))
    assert seconds(20_000) < 40 * small


@pytest.mark.long
def test_removing_thousands_is_linear_too():
    def seconds(size: int) -> float:
        world = replace(estate(size), desired={}, settings=GuardSettings(max_deletes=10**6))
        start = perf_counter()
        plan = build.plan(world).plan
        assert plan.summary["delete"] == size
        assert not plan.refusals
        return perf_counter() - start

    small = min(seconds(1000) for _ in range(3))
    assert seconds(10_000) < 40 * small
