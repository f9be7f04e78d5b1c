from reconciler.planning.model import Change
from reconciler.reports.picture import Node, picture
from tests.support.plans import REFERENCED, plan, update


def test_what_is_touched_and_who_depends_on_it():
    drawn = picture(plan(update(), references=(("pipeline/flow", "assistant/triage"),)), 40)
    assert drawn.nodes == (Node("assistant/triage", "update"), Node("pipeline/flow", "untouched"))
    assert drawn.edges == ((1, 0),)


def test_the_gravest_of_several_things_is_shown():
    hand = update(decision="revert")
    assert picture(plan(drift=(hand,)), 40).nodes == (Node("assistant/triage", "by hand"),)
    assert picture(plan(update(), drift=(hand,)), 40).nodes == (Node("assistant/triage", "update"),)
    refused = plan(Change("assistant/triage", "delete"), refusals=(REFERENCED,))
    assert picture(refused, 40).nodes == (Node("assistant/triage", "refused"),)


def test_more_than_three_files_are_one_node():
    files = [Change(f"file/{number}.md", "create") for number in range(4)]
    pairs = tuple(("vectorstore/kb", file.address) for file in files)
    drawn = picture(plan(*files, references=pairs), 40)
    assert drawn.nodes == (Node("4 files", "create", 4), Node("vectorstore/kb", "untouched"))
    assert drawn.edges == ((1, 0),)


def test_what_peers_have_is_of_no_kind_of_ours():
    pairs = tuple((f"globex/live: assistant/{number}", "assistant/triage") for number in range(3))
    assert Node("3 other objects", "untouched", 3) in picture(plan(update(), references=pairs), 2).nodes


def estate(bots):
    pairs = [(f"chatbot/{number}", f"assistant/{number % 10}") for number in range(bots)]
    assistants = [update(address=f"assistant/{number}") for number in range(10)]
    return plan(*assistants, references=(*pairs, ("automation nightly (aut_1)", "assistant/0")))


def test_only_as_much_is_grouped_as_has_to_be():
    assert len(picture(estate(29), 40).nodes) == 40
    nodes = picture(estate(30), 40).nodes
    assert Node("30 chatbots", "untouched", 30) in nodes
    assert Node("assistant/0", "update") in nodes


def test_however_many_there_are_they_fit():
    for most in (1, 2, 3, 5):
        drawn = picture(estate(3000), most)
        assert len(drawn.nodes) <= most
        assert sum(node.objects for node in drawn.nodes) == 3011


def test_a_whole_plan_that_is_refused_is_no_node():
    assert (
        picture(plan(refusals=(REFERENCED.__class__("project/acme", "delete", "threshold", "too many"),)), 40).nodes
        == ()
    )
