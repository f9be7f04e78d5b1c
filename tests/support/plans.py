"""Plans for the tests of reports."""

from reconciler.planning.model import Change, FieldChange, Plan, Refusal, Risk, Source
from reconciler.planning.reasons import Cause, Notice, Reason, Remedy
from reconciler.planning.referrers import Node, Referrer
from reconciler.reports.style import Style
from reconciler.resources.address import Address
from reconciler.resources.values import ABSENT
from reconciler.state.model import AppliedPlan

PLAIN = Style(color=False, width=80)
BEFORE = AppliedPlan("sha256:1", "run", 1_795_166_900.0, "ci", "https://ci.test/17", finished=1_795_167_000.0)


def field(path: str, before=ABSENT, after=ABSENT, origin="manifest") -> FieldChange:
    return FieldChange(tuple(path.split(".")), before, after, origin)


def update(*fields: FieldChange, address: str = "assistant/triage", **more) -> Change:
    return Change(address, "update", fields, **more)


def upload(path: str, size: int = 1000) -> Change:
    return Change(f"file/{path}", "create", (field("bytes", after=size),))


def plan(*changes: Change, **more) -> Plan:
    return Plan("acme/production", changes, **more)


def referrer(address: str, place: str = "", state=None) -> Referrer:
    return Referrer(Address.parse(address), state, place)


def told(*texts: str) -> tuple[Reason, ...]:
    """Return reasons with these texts, as in a document of an older format."""
    return tuple(Reason("text", {"text": text}) for text in texts)


def warning(text: str) -> Notice:
    return Notice("text", {"text": text})


def risky(text: str, rule="model-changed", level="medium", address: str = "assistant/triage") -> Risk:
    return Risk(rule, level, address, "update", {"text": text})


def refers(*pairs: tuple[str, str]) -> tuple[tuple[Node, Node], ...]:
    """Return references between addresses."""
    return tuple((Address.parse(source), Address.parse(target)) for source, target in pairs)


TRIAGE = Source("manifests/assistants/triage.yaml", 1)

REFERENCED = Refusal(
    address="assistant/triage",
    action="delete",
    rule="referenced",
    cause=Cause("referenced", {"address": "assistant/triage"}),
    sections={
        "Chatbots": (referrer("chatbot/support", "manifests/chatbots/support.yaml:4", "unreleased"),),
        "Pipelines": (referrer("pipeline/triage-flow", "manifests/pipelines/triage-flow.yaml:9"),),
        "Chatbots Referencing Pipeline": (referrer("release/support@2", "releases/support/v2.yaml:31", "published"),),
        "Other references": (),
    },
    chains=(
        (
            referrer("release/support@2", "releases/support/v2.yaml:9"),
            referrer("pipeline/triage-flow@support.2", "releases/support/v2.yaml:31"),
            referrer("assistant/triage@support.2"),
        ),
    ),
    remedies=(
        Remedy("publish-other-release", {"releases": ["release/support@2"]}),
        Remedy("restore-manifest", {"address": "assistant/triage"}),
    ),
    consent="kind: Consent\nmetadata: {name: drop-triage}\n",
)
