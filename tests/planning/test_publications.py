"""What applications load is published again when something in it changes, and only then."""

from reconciler.planning.reasons import Reason
from tests.support.asking import why
from tests.support.plan_inputs import Worlds, done, ref

DISAGREE = Reason("outlets-disagree")


def bot(
    worlds: Worlds | None = None, *, content: str = "v1", published: str | None = "v1", fault: Reason | None = None
) -> Worlds:
    """A chatbot whose bundle uses a store."""
    worlds = (worlds or Worlds()).synced("chatbot/bot", uses=ref("vectorstore/kb"))
    worlds.bundle("chatbot/bot", content, "vectorstore/kb")
    if published:
        worlds.pointer("chatbot/bot", published, {"vectorstore/kb": "store_kb"}, fault)
    return worlds


def kb(worlds: Worlds | None = None) -> Worlds:
    return (worlds or Worlds()).synced("vectorstore/kb", name="kb")


def test_published_as_it_should_be():
    assert not bot(kb()).plan().work


def test_first_publication():
    plan = bot(kb(), published=None).want("chatbot/bot", uses=ref("vectorstore/kb"))
    del plan.state[next(address for address in plan.state if address.kind == "chatbot")]
    assert done(*plan.plan().changes) == [("publish", "chatbot/bot")]
    assert why(plan.plan().changes[0]) == [("not-published", {})]


def test_other_content_is_published():
    plan = bot(kb(), content="v2").plan()
    assert done(*plan.changes) == [("publish", "chatbot/bot")]
    assert [item.path for item in plan.changes[0].fields] == ["bundle"]


def test_a_new_id_is_published():
    worlds = bot(kb()).want("vectorstore/kb", name="kb", type_="store")
    worlds.objects = [live for live in worlds.objects if live.id != "store_kb"]
    del worlds.state[next(address for address in worlds.state if address.kind == "vectorstore")]
    plan = worlds.plan()
    assert done(*plan.changes) == [("create", "vectorstore/kb"), ("publish", "chatbot/bot")]
    assert why(plan.changes[1]) == [("id-changes", {"address": "vectorstore/kb"})]


def test_what_follows_from_drift_is_drift():
    worlds = bot(kb())
    worlds.objects = [live for live in worlds.objects if live.id != "store_kb"]
    plan = worlds.plan()
    assert done(*plan.drift) == [("create", "vectorstore/kb"), ("publish", "chatbot/bot")]
    assert not plan.changes
    assert done(*worlds.plan(on_drift="keep").drift) == [("create", "vectorstore/kb")]


def test_an_id_that_the_pointer_has_wrong():
    worlds = bot(kb()).pointer("chatbot/bot", "v1", {"vectorstore/kb": "store_old"})
    plan = worlds.plan()
    assert [(item.path, item.live, item.desired) for item in plan.changes[0].fields] == [
        ('ids["vectorstore/kb"]', "store_old", "store_kb")
    ]


def test_a_pointer_that_somebody_removed_or_altered_is_drift():
    assert done(*bot(kb(), published=None).plan().drift) == [("publish", "chatbot/bot")]
    plan = bot(kb(), fault=DISAGREE).plan()
    assert done(*plan.drift) == [("publish", "chatbot/bot")]
    assert plan.drift[0].reasons == (DISAGREE,)


def test_an_altered_pointer_is_refused_where_drift_is():
    plan = bot(kb(), fault=DISAGREE).plan(on_drift="refuse")
    assert [(refusal.rule, refusal.address) for refusal in plan.refusals] == [("drift", "chatbot/bot")]


def test_a_document_publishes_itself():
    worlds = bot(kb(), content="v2").want("chatbot/bot", uses=ref("vectorstore/kb"), note="new")
    assert done(*worlds.plan().changes) == [("update", "chatbot/bot")]


def test_a_document_changed_by_hand_and_kept_is_not_published():
    worlds = bot(kb(), published="hand")
    worlds.objects = [live for live in worlds.objects if live.id != "chatbot/bot"]
    worlds.live("chatbot/bot", uses=ref("vectorstore/other"))
    assert not worlds.plan(on_drift="keep").work
    assert done(*worlds.plan(on_drift="revert").work) == [("update", "chatbot/bot")]


def test_the_first_pointer_of_a_new_object_is_written_with_it():
    worlds = Worlds().want("assistant/a").bundle("assistant/a", "v1", "assistant/a")
    assert done(*worlds.plan().changes) == [("create", "assistant/a")]


def test_an_object_that_changes_under_its_id_needs_no_new_pointer():
    worlds = Worlds().synced("assistant/a", note="old").bundle("assistant/a", "v1", "assistant/a")
    worlds.pointer("assistant/a", "v1", {"assistant/a": "agent_a"}).want("assistant/a", note="new")
    assert done(*worlds.plan().changes) == [("update", "assistant/a")]


def test_out_of_scope_nothing_is_published():
    assert not bot(kb(), content="v2").plan(scope=frozenset()).work
