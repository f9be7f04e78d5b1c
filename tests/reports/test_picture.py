from reconciler.planning.model import Change, Refusal
from reconciler.planning.reasons import Cause
from reconciler.planning.referrers import Foreign, PeerObject
from reconciler.reports.picture import Drawn, picture
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
