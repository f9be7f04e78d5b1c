"""Plans that the tests of reports read."""

from reconciler.planning.model import Change, FieldChange, Plan, Refusal, Source
from reconciler.reports.style import Style
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


TRIAGE = Source("manifests/assistants/triage.yaml", 1)

REFERENCED = Refusal(
    address="assistant/triage",
    action="delete",
    rule="referenced",
    message="assistant/triage is still used and cannot be deleted",
    sections={
        "Chatbots": ("chatbot/support [unreleased]",),
        "Pipelines": ("pipeline/triage-flow",),
        "Chatbots Referencing Pipeline": ("release/support@2 [published]",),
        "Other references": (),
    },
    chains=(("release/support@2", "pipeline/triage-flow@support.2", "assistant/triage@support.2"),),
    places={
        "chatbot/support": "manifests/chatbots/support.yaml:4",
        "pipeline/triage-flow": "manifests/pipelines/triage-flow.yaml:9",
        "release/support@2 [published]": "releases/support/v2.yaml:31",
        "release/support@2": "releases/support/v2.yaml:9",
        "pipeline/triage-flow@support.2": "releases/support/v2.yaml:31",
    },
    remedy="Publish a version of support that does without it, then delete it.",
    consent="kind: Consent\nmetadata: {name: drop-triage}\n",
)
