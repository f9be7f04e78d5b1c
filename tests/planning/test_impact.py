from reconciler.planning.graph import COPY, Edge, Graph
from reconciler.planning.impact import references
from reconciler.planning.referrers import Foreign
from reconciler.resources.address import Address
from tests.support.plan_inputs import Worlds, ref


def graph(*pairs, seen="live"):
    nodes = ((Address.parse(source) if isinstance(source, str) else source, target) for source, target in pairs)
    return Graph(tuple(Edge(source, Address.parse(target), seen) for source, target in nodes))


def shown(found):
    return [(str(source), str(target)) for source, target in found]


def test_whatever_depends_on_what_is_touched_is_named_up_to_the_top():
    found = references(
        ["assistant/triage"],
        graph((Foreign("automation", "aut_1", "nightly"), "assistant/triage"), ("chatbot/other", "assistant/other")),
        graph(("chatbot/support", "pipeline/flow"), ("pipeline/flow", "assistant/triage")),
    )
    assert shown(found) == [
        ("automation nightly (aut_1)", "assistant/triage"),
        ("chatbot/support", "pipeline/flow"),
        ("pipeline/flow", "assistant/triage"),
    ]


def test_what_it_needs_itself_is_no_dependent():
    assert references(["chatbot/support"], graph(("chatbot/support", "pipeline/flow")), graph()) == ()


def test_a_copy_does_not_depend_on_what_it_was_made_of():
    copied = graph(("assistant/triage@support.1", "assistant/triage"), seen=COPY)
    assert references(["assistant/triage"], copied, copied) == ()


def test_a_cycle_ends():
    cycle = graph(("pipeline/a", "pipeline/b"), ("pipeline/b", "pipeline/a"))
    assert len(references(["pipeline/a"], cycle, cycle)) == 2


def test_a_plan_names_its_references():
    worlds = Worlds().synced("pipeline/flow", uses=ref("widget/lamp"))
    plan = worlds.want("widget/lamp", note="x").applied("widget/lamp", note="y").live("widget/lamp", note="y").plan()
    assert shown(plan.references) == [("pipeline/flow", "widget/lamp")]
