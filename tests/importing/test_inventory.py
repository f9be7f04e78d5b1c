"""What is live, whose it is, what it costs and who uses it."""

import json
from pathlib import Path

import httpx2
import pytest

from reconciler.importing.codec import inventory_json
from reconciler.importing.inventory import check_by, take_inventory
from reconciler.importing.inventory_model import ALL, Filter, Inventory, items
from reconciler.importing.live_inventory import project_context
from reconciler.live.client import Endpoint, connect
from reconciler.live.pace import Pace
from reconciler.reports.markdown.inventory import inventory_markdown
from reconciler.reports.style import Style
from reconciler.reports.text.inventory import inventory_text
from reconciler.resources.base import Live
from reconciler.resources.prices import GB, Prices
from reconciler.resources.problems import ReconcilerError
from tests.support.world import World, manifest, world

BOT = manifest("Assistant", "bot", {"target": "agents", "model": "gpt-6-luna"})
DESK = manifest(
    "Assistant",
    "desk",
    {"model": "gpt-6-luna", "tools": [{"type": "file_search", "vector_store_ids": ["handbook"]}]},
)


@pytest.fixture
def estate(tmp_path):
    with world(tmp_path / "acme") as made:
        yield made


def taken(
    estate: World, by: str | None = None, lines: list[str] | None = None, chosen: Filter = ALL, root: Path | None = None
) -> Inventory:
    here = project_context(root or estate.root, estate.environ, env=None, endpoint=None)
    said = lines if lines is not None else []
    return estate.run(take_inventory(here, estate.connection, by=by, on_progress=said.append, chosen=chosen))


def by_name(inventory: Inventory):
    return {item.name: item for item in inventory.items}


def store_with(estate: World, *names: str, **given):
    """A store made by hand, with a file of each name."""

    async def make():
        sdk = estate.sdk
        files = [await sdk.files.create(file=(name, name.encode()), purpose="assistants") for name in names]
        return await sdk.vector_stores.create(file_ids=[file.id for file in files], **given)

    return estate.by_hand(make())


class TestOwner:
    def test_owner_is_this_identity_another_or_none(self, estate):
        estate.wants(BOT)
        estate.apply()
        labels = {"reconciler-project": "umbrella/prod", "reconciler-address": "assistant/theirs"}
        estate.by_hand(estate.sdk.beta.agents.create(model="gpt-6-luna", name="theirs", metadata=labels))
        estate.by_hand(estate.sdk.beta.agents.create(model="gpt-6-luna", name="loose"))
        found = by_name(taken(estate))
        assert [(found[name].ownership, found[name].owner) for name in ("bot", "theirs", "loose")] == [
            ("ours", "acme"),
            ("other", "umbrella/prod"),
            ("unmanaged", None),
        ]
        assert found["bot"].address == "assistant/bot"

    def test_owner_is_read_from_state_without_a_label(self, estate):
        estate.wants(BOT)
        estate.apply()
        estate.by_hand(estate.sdk.beta.agents.update(estate.id_of("assistant/bot"), metadata={}))
        assert by_name(taken(estate))["bot"].ownership == "ours"

    def test_outside_a_project_nothing_is_ours(self, estate, tmp_path):
        estate.wants(BOT)
        estate.apply()
        here = project_context(tmp_path, estate.environ, env=None, endpoint=None)
        inventory = estate.run(take_inventory(here, estate.connection, by=None, on_progress=lambda _: None))
        assert inventory.identity is None
        assert by_name(inventory)["bot"].ownership == "other"


class TestUse:
    def test_files_are_used_by_stores_or_unused(self, estate):
        store = store_with(estate, "a.md", name="kb")
        estate.by_hand(estate.sdk.files.create(file=("b.md", b"b"), purpose="assistants"))
        found = by_name(taken(estate))
        assert (found["a.md"].used_by, found["a.md"].unused) == ((store.id,), False)
        assert (found["b.md"].used_by, found["b.md"].unused) == ((), True)
        assert not found["kb"].unused, "applications may name it, which nobody sees"

    def test_objects_that_only_automations_refer_to_are_not_unused_without_one(self, estate):
        estate.by_hand(estate.sdk.beta.agents.create(model="gpt-6-luna", name="loose"))
        estate.by_hand(estate.sdk.beta.agents.vaults.create(name="safe"))
        found = by_name(taken(estate))
        assert [(found[name].used_by, found[name].unused) for name in ("loose", "safe")] == [((), False)] * 2

    def test_references_of_manifests_count_by_name_and_literal_id(self, estate):
        store = store_with(estate, name="loose")
        both = {"type": "file_search", "vector_store_ids": ["handbook", store.id]}
        estate.wants(
            manifest("VectorStore", "handbook", {}), manifest("Assistant", "desk", {"model": "m", "tools": [both]})
        )
        estate.apply()
        found = by_name(taken(estate))
        assert found["handbook"].used_by == found["loose"].used_by == ("assistant/desk",)

    def test_inventory_ignores_errors_of_manifests(self, estate):
        estate.wants(BOT)
        estate.apply()
        estate.file("broken.yaml", "kind: [")
        assert by_name(taken(estate))["bot"].ownership == "ours"


def stored(id_: str, size: int) -> Live:
    return Live("vector_store", id_, {}, name=id_, detail={"usage_bytes": size})


def costs(*live: Live, prices: Prices | None = None):
    found = items(
        live,
        owner=lambda _: None,
        identity=None,
        addresses={},
        wanted_by={},
        served=frozenset(),
        stored=frozenset({"vector_store"}),
        group=lambda _: None,
        prices=prices or Prices(),
    )
    return {item.id: item.cost_per_day for item in found}


def test_the_free_gigabyte_is_shared_by_all_stores():
    assert costs(stored("a", GB // 2), stored("b", GB // 2)) == {"a": 0, "b": 0}
    assert costs(stored("a", 8 * GB), stored("b", 3 * GB)) == pytest.approx({"a": 8 / 11, "b": 3 / 11})
    assert costs(stored("empty", 0), Live("agent", "x", {})) == {"empty": 0, "x": None}


def test_costs_use_the_prices_of_the_project():
    assert costs(stored("a", 11 * GB), prices=Prices(vector_storage=0.05, free_gb=0)) == {"a": pytest.approx(0.55)}


class TestSums:
    def test_totals_by_label_count_files_with_their_store(self, estate):
        estate.file("kb/a.md", "text")
        labelled = manifest("VectorStore", "handbook", {"files": ["kb/a.md"]})
        labelled["metadata"]["labels"] = {"customer": "acme"}
        estate.wants(labelled, BOT)
        estate.apply()
        groups = {group.what: group.objects for group in taken(estate, "label.customer").groups}
        assert groups == {"acme": 2, "": 1}

    def test_totals_by_metadata_of_live_objects(self, estate):
        store_with(estate, "a.md", name="kb", metadata={"customer": "umbrella"})
        inventory = taken(estate, "metadata.customer")
        assert [(group.what, group.objects, group.bytes) for group in inventory.groups] == [("umbrella", 2, 8)]

    @pytest.mark.parametrize("by", ["customer", "label.", "tags.customer"])
    def test_totals_by_another_key_are_an_error(self, by):
        with pytest.raises(ReconcilerError, match="is not a valid key for totals"):
            check_by(by)


class TestReports:
    def test_text_shows_owner_kind_and_cost(self, estate):
        estate.wants(BOT)
        estate.apply()
        store_with(estate, "a.md", name="kb")
        text = inventory_text(taken(estate), style=Style(width=200))
        assert "3 objects at embedded; owned objects are those of acme." in text
        assert "ours as assistant/bot" in text
        assert "estimate" in text

    def test_json_has_every_field(self, estate):
        store_with(estate, "a.md", name="kb")
        document = json.loads(json.dumps(inventory_json(taken(estate, "metadata.x"))))
        assert document["format"] == "reconciler/inventory/v2"
        assert {one["type"] for one in document["objects"]} == {"file", "vector_store"}
        assert document["prices"]["estimate"] is True
        assert [group["what"] for group in document["groups"]] == [""]

    def test_markdown_escapes_names(self, estate):
        estate.by_hand(estate.sdk.beta.agents.create(model="gpt-6-luna", name="a|b @team <img src=x>\n# x"))
        text = inventory_markdown(taken(estate))
        assert "| `a\\|b` `@team` `<img` `src=x>` `#` x |" in text


def test_inventory_sends_list_requests_only(estate):
    for name in ("one", "two"):
        store_with(estate, f"{name}.md", name=name)
    estate.requests()
    lines: list[str] = []
    taken(estate, lines=lines)
    assert estate.requests() == {
        "GET /v1/agents": 1,
        "GET /v1/agents/automations": 1,
        "GET /v1/agents/environments/templates": 1,
        "GET /v1/files": 1,
        "GET /v1/skills": 1,
        "GET /v1/vaults": 1,
        "GET /v1/vector_stores": 1,
        "GET /v1/vector_stores/{id}/files": 2,
    }
    assert lines[-1] == "contents: 2 of 2 read"


UNUSED = Filter(unused=True)


def at_another_server(estate: World, chosen: Filter) -> Inventory:
    """The inventory if the same objects are on a server that may have APIs that OpenAI ended, and does not."""

    async def run() -> Inventory:
        here = project_context(estate.root, estate.environ, env=None, endpoint=None)
        async with connect(Endpoint(transport=httpx2.ASGITransport(app=estate.app)), pace=Pace({})) as connection:
            return await take_inventory(here, connection, by=None, on_progress=lambda _: None, chosen=chosen)

    return estate.run(run())


class TestUnused:
    """Objects that nothing refers to, as far as everything that refers to them could be read."""

    def test_only_objects_without_a_reference_are_listed(self, estate):
        estate.file("kb/a.md", "text")
        estate.wants(manifest("VectorStore", "handbook", {"files": ["kb/a.md"]}), DESK)
        estate.apply()
        store_with(estate, "b.md", name="loose")
        estate.by_hand(estate.sdk.beta.agents.create(model="gpt-6-luna", name="bot"))
        found = taken(estate, chosen=UNUSED)
        assert sorted(one.name for one in found.items) == ["bot", "loose"]
        assert found.total == 5

    def test_the_column_of_users_is_left_out(self, estate):
        estate.by_hand(estate.sdk.files.create(file=("b.md", b"b"), purpose="assistants"))
        assert "USED BY" in inventory_text(taken(estate), style=Style(width=1000))
        assert "USED BY" not in inventory_text(taken(estate, chosen=UNUSED), style=Style(width=80))

    def test_owned_object_without_a_user_is_listed(self, estate):
        estate.wants(BOT)
        estate.apply()
        assert [one.address for one in taken(estate, chosen=UNUSED).items] == ["assistant/bot"]

    def test_object_that_only_the_state_refers_to_is_used(self, estate):
        estate.wants(manifest("VectorStore", "handbook", {}), DESK)
        estate.apply()
        estate.wants(manifest("VectorStore", "handbook", {}))
        found = taken(estate)
        assert by_name(found)["handbook"].used_by == ("assistant/desk",)

    def test_objects_of_others_are_undecided(self, estate):
        labels = {"reconciler-project": "umbrella/prod", "reconciler-address": "assistant/theirs"}
        estate.by_hand(estate.sdk.beta.agents.create(model="gpt-6-luna", name="theirs", metadata=labels))
        found = taken(estate, chosen=UNUSED)
        assert (found.items, found.undecided, found.undecided_of_others) == ((), 1, 1)
        assert (
            "1 further object without a known reference may have one in manifests of other projects or environments, "
            "which manage it and were not read."
        ) in inventory_text(found, style=Style(width=1000))

    def test_server_without_an_api_that_ended_has_no_objects_of_it(self, estate):
        estate.by_hand(estate.sdk.files.create(file=("loose.md", b"text"), purpose="assistants"))
        store_with(estate, name="empty")
        found = at_another_server(estate, UNUSED)
        assert sorted(one.name for one in found.items) == ["empty", "loose.md"]
        assert by_name(found)["loose.md"].unused
        assert (found.undecided, found.problems) == (0, ())

    def test_objects_that_a_refused_list_may_refer_to_are_undecided(self, tmp_path):
        with world(tmp_path / "acme", faults="403:GET:/v1/vector_stores") as estate:
            estate.by_hand(estate.sdk.files.create(file=("loose.md", b"text"), purpose="assistants"))
            found = taken(estate, chosen=UNUSED)
            assert (found.items, found.undecided, found.undecided_of_others) == ((), 1, 0)
            text = inventory_text(found, style=Style(width=1000))
            assert "without a known reference may have one in objects that could not be read: see the errors." in text
            assert "manage" not in text.partition("further object")[2]

    def test_sources_that_were_not_read_are_named(self, estate, tmp_path):
        assert taken(estate, chosen=UNUSED).not_read == ("applications",)
        estate.by_hand(estate.sdk.beta.agents.create(model="gpt-6-luna", name="bot"))
        (tmp_path / "elsewhere").mkdir()
        found = taken(estate, chosen=UNUSED, root=tmp_path / "elsewhere")
        assert found.not_read == ("applications", "sessions", "manifests")
        text = inventory_text(found, style=Style(width=1000))
        assert (
            "Not read: ids in the code of applications, and in stored responses and conversations; sessions in" in text
        )

    def test_nothing_is_unused_while_manifests_have_errors(self, estate):
        estate.by_hand(estate.sdk.files.create(file=("b.md", b"b"), purpose="assistants"))
        estate.file("broken.yaml", "kind: [")
        item = by_name(taken(estate))["b.md"]
        assert (item.unused, item.unreferenced) == (False, False)

    def test_name_matches_names_and_ids(self, estate):
        first = estate.by_hand(estate.sdk.beta.agents.create(model="gpt-6-luna", name="Bot-1"))
        estate.by_hand(estate.sdk.beta.agents.create(model="gpt-6-luna", name="desk"))
        for pattern in ("bot-*", first.id.upper(), f"{first.id[:12]}*{first.id[-6:]}"):
            found = taken(estate, chosen=Filter(name=pattern))
            assert [one.id for one in found.items] == [first.id]
            assert [one.objects for one in found.types] == [1]
        assert "1 of 2 objects with a name or id that matches bot-*" in inventory_text(
            taken(estate, chosen=Filter(name="bot-*")), style=Style(width=1000)
        )

    def test_filters_combine_and_the_document_says_so(self, estate):
        estate.by_hand(estate.sdk.files.create(file=("b.md", b"b"), purpose="assistants"))
        estate.by_hand(estate.sdk.files.create(file=("c.md", b"b"), purpose="assistants"))
        document = inventory_json(taken(estate, by="owner", chosen=Filter(unused=True, name="B*")))
        assert [one["name"] for one in document["objects"]] == ["b.md"]
        assert (document["filter"], document["total"]) == ({"unused": True, "name": "B*"}, 2)
        assert [(one["what"], one["objects"]) for one in document["groups"]] == [("", 1)]


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("type", ["agent"]),
        ("owner", ["acme", "umbrella/prod", ""]),
        ("project", ["acme", "umbrella", ""]),
        ("environment", ["prod", ""]),
    ],
)
def test_totals_by_type_and_owner(estate, by, names):
    estate.wants(BOT)
    estate.apply()
    labels = {"reconciler-project": "umbrella/prod", "reconciler-address": "assistant/theirs"}
    estate.by_hand(estate.sdk.beta.agents.create(model="gpt-6-luna", name="theirs", metadata=labels))
    estate.by_hand(estate.sdk.beta.agents.create(model="gpt-6-luna", name="loose"))
    found = taken(estate, by)
    assert [one.what for one in found.groups] == names
    assert sum(one.objects for one in found.groups) == 3
