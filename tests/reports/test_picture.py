from reconciler.planning.dependencies import Dependency, DependencyGraph, GraphObject
from reconciler.planning.model import Change, Refusal
from reconciler.planning.reasons import Cause
from reconciler.planning.referrers import Foreign, PeerObject
from reconciler.reports.picture import Drawn, graph_picture, picture
from reconciler.resources.address import Address
from tests.support.plans import REFERENCED, plan, refers, update


def test_what_is_touched_and_who_depends_on_it():
    drawn = picture(plan(update(), references=refers(("pipeline/flow", "assistant/triage"))), 40)
    assert drawn.nodes == (Drawn("assistant/triage", "update"), Drawn("pipeline/flow", "untouched"))
    assert drawn.edges == ((1, 0),)


def test_the_gravest_of_several_things_is_shown():
    hand = update(decision="revert")
    assert picture(plan(drift=(hand,)), 40).nodes == (Drawn("assistant/triage", "drifted"),)
    assert picture(plan(update(), drift=(hand,)), 40).nodes == (Drawn("assistant/triage", "update"),)
    refused = plan(Change("assistant/triage", "delete"), refusals=(REFERENCED,))
    assert picture(refused, 40).nodes == (Drawn("assistant/triage", "refused"),)


def test_more_than_three_files_are_one_node():
    files = [Change(f"file/{number}.md", "create") for number in range(4)]
    pairs = refers(*(("vectorstore/kb", file.address) for file in files))
    drawn = picture(plan(*files, references=pairs), 40)
    assert drawn.nodes == (Drawn("4 files", "create", 4), Drawn("vectorstore/kb", "untouched"))
    assert drawn.edges == ((1, 0),)


def test_what_peers_have_is_of_no_kind_of_ours():
    triage = Address("assistant", "triage")
    pairs = tuple((PeerObject("globex/live", f"assistant/{number}"), triage) for number in range(3))
    assert Drawn("3 other objects", "untouched", 3) in picture(plan(update(), references=pairs), 2).nodes


def estate(bots):
    pairs = refers(*((f"chatbot/{number}", f"assistant/{number % 10}") for number in range(bots)))
    automation = Foreign("automation", "aut_1", "nightly")
    assistants = [update(address=f"assistant/{number}") for number in range(10)]
    return plan(*assistants, references=(*pairs, (automation, Address("assistant", "0"))))


def test_only_as_much_is_grouped_as_has_to_be():
    assert len(picture(estate(29), 40).nodes) == 40
    nodes = picture(estate(30), 40).nodes
    assert Drawn("30 chatbots", "untouched", 30) in nodes
    assert Drawn("assistant/0", "update") in nodes


def test_however_many_there_are_they_fit():
    for most in (1, 2, 3, 5):
        drawn = picture(estate(3000), most)
        assert len(drawn.nodes) <= most
        assert sum(node.objects for node in drawn.nodes) == 3011


def test_a_whole_plan_that_is_refused_is_no_node():
    refusal = Refusal("project/acme", "delete", "threshold", Cause("drift-refused"))
    assert picture(plan(refusals=(refusal,)), 40).nodes == ()


def graph(*pairs: str, focus: str = "", **objects: GraphObject) -> DependencyGraph:
    """Return a graph of references, `a -> b`, and of copies, `a ~> b`."""
    parsed = [pair.split() for pair in pairs]
    dependencies = [Dependency(Address.parse(a), Address.parse(b), (), sign == "~>") for a, sign, b in parsed]
    nodes = dict.fromkeys(node for one in dependencies for node in (one.source, one.target))
    given = {one.node: one for one in objects.values()}
    found = (given.get(node) or GraphObject(node, "agent") for node in sorted({*nodes, *given}, key=str))
    return DependencyGraph("acme", tuple(found), tuple(dependencies), address=Address.parse(focus) if focus else None)


def labels(drawn):
    return [node.label for node in drawn.nodes]


def test_graph_has_the_changes_drift_and_other_owners_of_objects():
    flow = GraphObject(Address("pipeline", "flow"), "pipeline", action="create", has_drift=True)
    triage = GraphObject(Address("assistant", "triage"), "agent", has_drift=True)
    nightly = GraphObject(Foreign("automation", "aut_1", "nightly"), "automation")
    found = graph_picture(graph("pipeline/flow -> assistant/triage", flow=flow, triage=triage, other=nightly), 9, 9)
    assert [(node.label, node.standing) for node in found.nodes] == [
        ("assistant/triage", "drifted"),
        ("automation nightly (aut_1)", "unmanaged"),
        ("pipeline/flow", "create"),
    ]
    assert (found.is_grouped, found.summary) == (False, "3 objects")


def test_files_with_the_same_referrers_are_one_node():
    own = [f"vectorstore/a -> file/a/{number}.md" for number in range(5)]
    both = [f"vectorstore/{store} -> file/b/{number}.md" for store in "ab" for number in range(4)]
    drawn = graph_picture(graph(*own, *both, "vectorstore/b -> file/c.md"), 40, 40)
    assert labels(drawn) == ["5 files", "4 files", "file/c.md", "vectorstore/a", "vectorstore/b"]
    assert drawn.edges == ((3, 0), (3, 1), (4, 1), (4, 2))
    assert drawn.summary == "12 objects, drawn as 5 nodes"


def test_files_of_others_with_the_same_referrers_are_one_node():
    kb = Address("vectorstore", "kb")
    files = [Foreign("file", f"file-{number}", f"{number}.md") for number in range(5)]
    objects = (GraphObject(kb, "vector_store"), *(GraphObject(one, "file") for one in files))
    found = DependencyGraph("acme", objects, tuple(Dependency(kb, one, ("live",)) for one in files), address=kb)
    drawn = graph_picture(found, 60, 400)
    assert drawn.nodes[0] == Drawn("5 other files", "unmanaged", 5)
    assert drawn.edges == ((1, 0),)
    few = DependencyGraph("acme", objects[:3], found.dependencies[:2], address=kb)
    assert labels(graph_picture(few, 60, 400)) == ["file 0.md (file-0)", "file 1.md (file-1)", "vectorstore/kb"]


def test_objects_of_others_are_grouped_by_type():
    triage = Address("assistant", "triage")
    others = [Foreign(type_, f"{type_}_{number}") for type_ in ("automation", "session") for number in range(3)]
    drawn = picture(plan(update(), references=tuple((one, triage) for one in others)), 3)
    assert sorted(labels(drawn)) == ["3 other automations", "3 other sessions", "assistant/triage"]


def released(number):
    return (
        f"release/bot@{number} -> assistant/a@bot.{number}",
        f"assistant/a@bot.{number} -> vectorstore/kb",
        f"assistant/a@bot.{number} ~> assistant/a",
    )


def test_releases_are_drawn_with_their_objects_if_there_are_too_many():
    latest = GraphObject(Address("release", "bot@2"), "release", release="published")
    pairs = ("chatbot/bot -> release/bot@2", "assistant/a -> vectorstore/kb", *released(1), *released(2))
    whole = graph_picture(graph(*pairs, latest=latest), 7, 40)
    assert (len(whole.nodes), len(whole.copies)) == (7, 2)
    drawn = graph_picture(graph(*pairs, latest=latest), 6, 40)
    assert labels(drawn) == [
        "assistant/a",
        "release/bot@1 with 1 object",
        "release/bot@2 [published] with 1 object",
        "chatbot/bot",
        "vectorstore/kb",
    ]
    assert drawn.copies == {(1, 0), (2, 0)}


def test_graph_has_no_more_nodes_and_edges_than_fit_and_the_object_itself():
    pairs = [f"assistant/a{one} -> vectorstore/s{other}" for one in range(30) for other in range(30)]
    for most, most_edges in ((100, 500), (3, 500), (5, 3)):
        drawn = graph_picture(graph(*pairs, focus="vectorstore/s7"), most, most_edges)
        assert len(drawn.nodes) <= most
        assert len(drawn.edges) <= most_edges
        assert sum(node.objects for node in drawn.nodes) == 60
        assert [node.label for node in drawn.nodes if node.is_focus] == ["vectorstore/s7"]
