"""The dependency graph: where each reference is, who owns an object, and the surroundings of one object."""

from dataclasses import replace

from reconciler.planning.build import planned_deletions
from reconciler.planning.dependencies import DependencyGraph
from reconciler.planning.dependency_graph import dependency_graph, ids_of
from reconciler.planning.referrers import Foreign
from reconciler.resources.address import Address
from reconciler.resources.base import Unlisted
from tests.support.plan_inputs import Worlds, ref

ENDPOINT = "https://api.example/v1"


def graph_of(worlds: Worlds, endpoint: str | None = ENDPOINT, **options) -> DependencyGraph:
    return dependency_graph(worlds.planned(**options), endpoint)


def pairs(graph: DependencyGraph) -> list[tuple[str, str]]:
    return [(str(one.source), str(one.target)) for one in graph.dependencies]


def places(graph: DependencyGraph) -> list[tuple[str, ...]]:
    return [one.places for one in graph.dependencies]


def flow() -> Worlds:
    """Return a pipeline that uses an assistant, as applied, and an assistant that nothing uses."""
    worlds = Worlds().synced("assistant/triage", name="triage").synced("assistant/idle", name="idle")
    return worlds.synced("pipeline/flow", uses=ref("assistant/triage"))


def test_reference_has_its_manifest_and_whether_it_is_live():
    graph = graph_of(flow())
    assert pairs(graph) == [("pipeline/flow", "assistant/triage")]
    assert places(graph) == [("manifests/flow.yaml:1", "live")]


def test_reference_that_is_not_applied_is_only_in_the_manifest():
    worlds = Worlds().synced("assistant/triage", name="triage").want("pipeline/flow", uses=ref("assistant/triage"))
    assert places(graph_of(worlds)) == [("manifests/flow.yaml:1",)]


def test_reference_whose_manifest_was_removed_is_live():
    worlds = Worlds().synced("assistant/triage", name="triage").stays("pipeline/flow", uses=ref("assistant/triage"))
    graph = graph_of(worlds)
    assert places(graph) == [("live",)]
    assert [one.action for one in graph.objects if str(one.node) == "pipeline/flow"] == ["delete"]


def test_without_requests_the_state_stands_for_what_is_live():
    assert places(graph_of(flow(), endpoint=None)) == [("manifests/flow.yaml:1",)]
    stays = Worlds().synced("assistant/triage", name="triage").stays("pipeline/flow", uses=ref("assistant/triage"))
    assert places(graph_of(stays, endpoint=None)) == [("state",)]


def test_every_object_is_in_it_with_its_live_id_and_owner():
    found = {str(one.node): (one.id, one.is_live, one.owner) for one in graph_of(flow().want("widget/new")).objects}
    assert found == {
        "assistant/idle": ("agent_idle", True, "acme/production"),
        "assistant/triage": ("agent_triage", True, "acme/production"),
        "pipeline/flow": (None, True, "acme/production"),
        "widget/new": (None, False, "acme/production"),
    }


def test_objects_of_others_that_refer_to_ours_are_in_it():
    worlds = flow().stranger("aut_1", type_="automation", name="nightly", refers_to=("agent_triage",))
    worlds.stranger("aut_2", type_="automation", name="other", refers_to=("agent_other",))
    worlds.peer("globex/live", "chatbot/desk", "agent_idle")
    graph = graph_of(worlds)
    assert pairs(graph)[0] == ("automation nightly (aut_1)", "assistant/triage")
    assert ("globex/live: chatbot/desk", "assistant/idle") in pairs(graph)
    others = {str(one.node): (one.type, one.owner) for one in graph.objects if not one.is_managed}
    assert others == {
        "automation nightly (aut_1)": ("automation", None),
        "globex/live: chatbot/desk": ("page", "globex/live"),
    }


def test_objects_of_others_that_ours_need_are_in_it():
    worlds = Worlds().synced("assistant/triage", name="triage").stranger("vs_1", type_="store", name="theirs")
    worlds.objects = [
        replace(live, refers_to=("vs_1",)) if live.id == "agent_triage" else live for live in worlds.objects
    ]
    graph = graph_of(worlds)
    assert pairs(graph) == [("assistant/triage", "store theirs (vs_1)")]


def test_bundle_refers_to_what_is_inside_it_only_through_its_content():
    worlds = Worlds().synced("vectorstore/kb", name="kb").synced("assistant/a", uses=ref("vectorstore/kb"))
    worlds.synced("pipeline/flow", uses=ref("assistant/a")).synced("chatbot/desk", uses=ref("pipeline/flow"))
    table = {"assistant/a": "agent_a", "vectorstore/kb": "store_kb", "pipeline/flow": "pipeline/flow"}
    worlds.bundle("chatbot/desk", "v1", *table).pointer("chatbot/desk", "v1", table)
    assert pairs(graph_of(worlds)) == [
        ("assistant/a", "vectorstore/kb"),
        ("chatbot/desk", "pipeline/flow"),
        ("pipeline/flow", "assistant/a"),
    ]


def test_bundle_that_still_has_an_id_that_nothing_in_it_uses_refers_to_the_object():
    worlds = Worlds().synced("assistant/old", name="old").synced("assistant/new", name="new")
    worlds.synced("chatbot/desk", uses=ref("assistant/new"))
    worlds.bundle("chatbot/desk", "v2", "assistant/new").pointer("chatbot/desk", "v1", {"assistant/old": "agent_old"})
    assert ("chatbot/desk", "assistant/old") in pairs(graph_of(worlds))


def released() -> Worlds:
    worlds = Worlds().synced("assistant/triage", name="triage").synced("vectorstore/kb", name="kb")
    worlds.synced("assistant/triage@support.3", uses=ref("vectorstore/kb"))
    worlds.synced("release/support@3", uses=ref("assistant/triage@support.3"))
    return worlds.synced("chatbot/support", published=ref("release/support@3"))


def test_copy_is_linked_with_the_object_that_it_was_made_from():
    graph = graph_of(released())
    (copy,) = (one for one in graph.dependencies if one.is_copy)
    assert (str(copy.source), str(copy.target), copy.places) == ("assistant/triage@support.3", "assistant/triage", ())


def test_release_is_published_released_or_archived():
    worlds = released().synced("release/support@2", uses=ref("vectorstore/kb"))
    archived = Address.parse("release/support@1")
    found = {str(one.node): one.release for one in graph_of(worlds, archived=frozenset({archived})).objects}
    assert {name: status for name, status in found.items() if status} == {
        "release/support@1": "archived",
        "release/support@2": "released",
        "release/support@3": "published",
    }


def test_surroundings_are_dependents_and_dependencies_without_siblings():
    worlds = flow().synced("chatbot/desk", uses=ref("pipeline/flow"))
    worlds.synced("pipeline/other", uses=ref("assistant/idle")).synced("chatbot/both", uses=ref("pipeline/other"))
    around = graph_of(worlds).around(Address.parse("pipeline/flow"))
    assert pairs(around) == [("chatbot/desk", "pipeline/flow"), ("pipeline/flow", "assistant/triage")]
    assert [str(one) for one in around.nodes] == ["assistant/triage", "chatbot/desk", "pipeline/flow"]


def test_surroundings_of_an_assistant_have_the_releases_with_copies_of_it():
    around = graph_of(released()).around(Address.parse("assistant/triage"))
    assert set(map(str, around.nodes)) == {
        "assistant/triage",
        "assistant/triage@support.3",
        "chatbot/support",
        "release/support@3",
    }
    assert pairs(graph_of(released()).around(Address.parse("assistant/triage@support.3")))[0] == (
        "assistant/triage@support.3",
        "vectorstore/kb",
    )


def test_surroundings_of_an_object_without_references_are_the_object():
    around = graph_of(flow()).around(Address.parse("assistant/idle"))
    assert ([*map(str, around.nodes)], around.dependencies) == (["assistant/idle"], ())


def test_a_cycle_of_others_ends():
    worlds = Worlds().synced("assistant/a", uses=ref("assistant/b")).synced("assistant/b", uses=ref("assistant/a"))
    around = graph_of(worlds).around(Address.parse("assistant/a"))
    assert pairs(around) == [("assistant/a", "assistant/b"), ("assistant/b", "assistant/a")]


def test_ids_are_those_of_live_objects_by_type():
    planned = flow().planned()
    assert ids_of(planned) == {"agent": frozenset({"agent_idle", "agent_triage"})}
    foreign = Foreign("session", "sess_1")
    assert ids_of(planned, [Address.parse("assistant/idle"), foreign]) == {"agent": frozenset({"agent_idle"})}
    assert planned_deletions(planned) == {}


def test_lists_that_were_refused_are_named_unless_the_server_lacks_the_api():
    refused = Unlisted("session", frozenset({"agent"}), "GET /sessions", message="not permitted")
    absent = Unlisted("vault", frozenset(), "GET /vaults", is_absent=True)
    assert graph_of(flow(), unlisted=(refused, absent)).unlisted == (refused,)
