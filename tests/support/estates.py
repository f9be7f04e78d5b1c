"""Estates for the tests of the estate page."""

from dataclasses import replace
from datetime import date

from reconciler.planning.drift import DriftReport
from reconciler.project.estate import (
    Answer,
    Blocker,
    Estate,
    EstateAssistant,
    EstateChatbot,
    EstateEnvironment,
    EstateRelease,
    EstateStore,
    Flow,
    FlowNode,
    ModelEnd,
)
from reconciler.project.status import ObjectStatus, Status
from tests.support.drifts import HAND, IN_SYNC, TRIAGE, everything, report, report_of
from tests.support.plans import REFERENCED, plan

MADE = "2026-11-21T08:00:00+00:00"
FLOW = Flow(
    "pipeline/flow",
    (
        FlowNode("start", ""),
        FlowNode("route", "router", (), "gpt-6-luna"),
        FlowNode("first", "assistant", ("assistant/triage",)),
        FlowNode("last", "assistant", ("assistant/billing",)),
        FlowNode("end", ""),
    ),
    (("start", "route"), ("route", "first"), ("route", "last"), ("first", "end"), ("last", "end")),
)
SUPPORT = EstateChatbot(
    "chatbot/support",
    "service",
    {"team": "service", "tier": "gold"},
    (
        Answer("staging", True, "release/support@2", "pipeline/flow@support.2", True, 2),
        Answer("production", True, "release/support@1", "pipeline/flow@support.1", True, 2),
    ),
    (
        EstateRelease("release/support@1", 1, "First", False, "2026-10-01T08:00:00+00:00", ("production",)),
        EstateRelease("release/support@2", 2, "Kinder", False, "2026-11-01T08:00:00+00:00", ("staging",)),
    ),
    "pipeline/flow",
    FLOW,
)
ASSISTANTS = (
    EstateAssistant(
        *("assistant/billing", "finance", {"team": "finance"}, (ModelEnd("gpt-5", date(2026, 12, 11)),), 0.31),
        *(("vectorstore/handbook",), ("chatbot/support",), (), ()),
    ),
    EstateAssistant(
        *("assistant/triage", "service", {"team": "service"}, (ModelEnd("gpt-6-luna", None),), 0.0),
        *((), ("chatbot/support",), (Blocker(("production",), REFERENCED),), ("session session_1",)),
    ),
)
STORES = (
    EstateStore(
        *("vectorstore/handbook", "vs_1", "finance", 4_100_000_000, 0.31, 12),
        *(("assistant/billing",), 1_795_000_000.0),
    ),
    EstateStore("vectorstore/new", None, "", None, None, None, (), None),
)


def estate(found: DriftReport | None = None) -> tuple[Status, Estate]:
    """Return the status and the estate of a small organisation, with something in every section."""
    made = found or everything()
    made = replace(made, plan=replace(made.plan, created_at=MADE, refusals=(REFERENCED,)))
    objects = (
        ObjectStatus("assistant/billing", "agent_2", sync=IN_SYNC),
        ObjectStatus("assistant/triage", "agent_1", drift=(HAND,), sync=TRIAGE, refusals=(REFERENCED,)),
        ObjectStatus("chatbot/support", "chatbot/support", published="release/support@1"),
        ObjectStatus("credential/crm", "cred_1"),
        ObjectStatus("file/kb/hours.md", "file_1"),
        ObjectStatus("pipeline/flow", "pipeline/flow"),
        ObjectStatus("release/support@1", "release/support@1"),
        ObjectStatus("vectorstore/handbook", "vs_1"),
    )
    seen = Estate(
        made,
        (EstateEnvironment("staging", "state", objects=9), EstateEnvironment("production", "live", objects=8)),
        (SUPPORT,),
        ASSISTANTS,
        STORES,
        {"file/kb/hours.md": ("vectorstore/handbook",)},
        "OpenAI's prices of 2026-11-21",
        ("Of staging, only the state was read.",),
    )
    status = Status("acme/production", "embedded", None, None, objects, assistants=made.assistants, estate=seen)
    return status, seen


def hostile_estate(value: str) -> tuple[Status, Estate]:
    """Return an estate with `value` in every text."""
    found = report_of(value)
    nodes = (FlowNode("start", ""), FlowNode(value, value, (f"assistant/{value}",), value), FlowNode("end", ""))
    flow = Flow(f"pipeline/{value}", nodes, (("start", value), (value, "end")))
    answers = (Answer(value, True, f"release/{value}@2", value, True, 1), Answer(value, is_known=False))
    releases = tuple(EstateRelease(value, number, value, True, value, (value,)) for number in range(1, 20))
    assistant = EstateAssistant(
        *(f"assistant/{value}", value, {value: value}, (ModelEnd(value, date(2026, 12, 11)),), 1.0),
        *((value,), (value,), (Blocker((value,), found.plan.refusals[0]),), (value,)),
    )
    seen = Estate(
        found,
        (EstateEnvironment(value, "unread", value),),
        (EstateChatbot(f"chatbot/{value}", value, {value: value}, answers, releases, f"pipeline/{value}", flow),),
        (assistant,),
        (EstateStore(f"vectorstore/{value}", value, value, 1, 1.0, 1, (value,), 1.0),),
        {f"file/{value}": (value,)},
        value,
        (value,),
    )
    objects = tuple(ObjectStatus(f"{kind}/{value}", value) for kind in ("file", "skill", "odd", "assistant"))
    made = replace(found, plan=replace(found.plan, created_at=MADE))
    seen = replace(seen, report=made)
    return Status(value, value, None, None, objects, assistants=found.assistants, estate=seen), seen


def large_estate(number: int) -> tuple[Status, Estate]:
    """Return an estate of about `number` objects: a twentieth are chatbots with pipelines, half are assistants."""
    chatbots = tuple(replace(SUPPORT, address=f"chatbot/c{index}") for index in range(number // 20))
    assistants = tuple(
        replace(ASSISTANTS[index % 2], address=f"assistant/a{index}", owner=f"team-{index % 7}")
        for index in range(number // 2)
    )
    stores = tuple(replace(STORES[0], address=f"vectorstore/s{index}") for index in range(number // 20))
    cards: list[EstateChatbot | EstateAssistant | EstateStore] = [*chatbots, *assistants, *stores]
    shown = [one.address for one in cards]
    files = [f"file/kb/{index}.md" for index in range(number - len(shown))]
    objects = tuple(ObjectStatus(address, f"id_{index}") for index, address in enumerate((*shown, *files)))
    syncs = tuple(replace(IN_SYNC, address=one.address) for one in assistants)
    made = report(replace(plan(), created_at=MADE), assistants=syncs)
    seen = Estate(made, (EstateEnvironment(None, "live", objects=number),), chatbots, assistants, stores)
    return Status("acme", "embedded", None, None, objects, assistants=syncs, estate=seen), seen
