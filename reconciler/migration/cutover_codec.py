"""The JSON document of `migrate --cutover`: types, from which its JSON Schema is generated, and the encoder."""

from typing import Final, Literal, NotRequired

from typing_extensions import TypedDict

from reconciler.migration.cutover_model import CallCode, CallDifference, Cutover, Pair, Row, Verdict
from reconciler.releases.codec import MoveDocument, moves_json
from reconciler.resources.problems import ProblemDocument, problem_json
from reconciler.resources.values import ABSENT, JSON

FORMAT: Final = "reconciler/cutover/v1"


class RowDocument(TypedDict):
    """A value of both configurations of an assistant."""

    verdict: Verdict
    """`same`; `changed` because the targets differ; `differs` because a manifest was edited; `lost` if only the old
    configuration has the value; `added` if only the new one has it."""
    field: NotRequired[str]
    """The field in the old configuration; omitted if it has none."""
    to: NotRequired[str]
    """The field in the new configuration; omitted if it has none."""
    before: NotRequired[JSON]
    """The value in the old configuration, with included files and before variables are replaced."""
    after: NotRequired[JSON]
    """The value in the new configuration, with included files and before variables are replaced."""
    note: NotRequired[str]
    """The reason, as text."""
    hint: NotRequired[str]
    """The next step, as text."""


class RiskInPair(TypedDict):
    """A setting that the model of the new configuration refuses or handles in another way."""

    rule: str
    """The code of the risk."""
    args: dict[str, JSON]
    """The model, the parameter and its value."""


class PairDocument(TypedDict):
    """An assistant on the old target, and its counterpart on the new one."""

    before: str
    """Address of the assistant with the old target."""
    after: str
    """Address of the assistant with the new target."""
    before_target: str
    """The old target."""
    after_target: str
    """The new target."""
    new: bool
    """True if the manifest of the counterpart is written by this command."""
    switched: bool
    """True if this command makes the chatbot use the counterpart; false if it already did."""
    fields: list[RowDocument]
    """Both configurations, field by field."""
    risks: list[RiskInPair]
    """Settings that the model of the new configuration refuses or handles in another way."""


class CallDocument(TypedDict):
    """A part of the application that differs between the targets."""

    code: CallCode
    """The purpose of the call."""
    before: str
    """On the old target, as text."""
    after: str
    """On the new target, as text."""


class SharedDocument(TypedDict):
    """An assistant that others use too, and keep using."""

    assistant: str
    """Address of the assistant."""
    users: list[str]
    """Addresses of the others."""


class OtherDocument(TypedDict):
    """An assistant of the chatbot that is not switched."""

    assistant: str
    """Address of the assistant."""
    target: str
    """Its target."""


class CutoverDocument(TypedDict):
    """The switch of one chatbot to another target: printed by `migrate --cutover`."""

    format: Literal["reconciler/cutover/v1"]
    chatbot: str
    """Address of the chatbot."""
    target: str
    """The new target."""
    pairs: list[PairDocument]
    """Each assistant beside its counterpart."""
    calls: list[CallDocument]
    """Calls of the application that differ between the targets."""
    shared: list[SharedDocument]
    """Assistants that others use too."""
    not_switched: list[OtherDocument]
    """Assistants with other targets."""
    release: str | None
    """Address of the release to publish; null if the chatbot is not published, or if the switch is refused."""
    new_release: bool
    """True if the release is written by this command; false if an earlier one has the same content."""
    published: list[MoveDocument]
    """Changes of the published release."""
    refusals: list[ProblemDocument]
    """Reasons why nothing was written."""
    warnings: list[ProblemDocument]
    written: list[str]
    """Paths of the written files, relative to the project folder; empty in a dry run."""


def cutover_json(done: Cutover) -> CutoverDocument:
    """Return `done` as the JSON document that `migrate --cutover -o json` prints."""
    return {
        "format": FORMAT,
        "chatbot": str(done.chatbot),
        "target": done.target,
        "pairs": list(map(_pair_json, done.pairs)),
        "calls": list(map(_call_json, done.calls)),
        "shared": [{"assistant": str(one.assistant), "users": list(map(str, one.users))} for one in done.shared],
        "not_switched": [{"assistant": str(address), "target": target} for address, target in done.others],
        "release": str(done.release) if done.release else None,
        "new_release": done.is_released,
        "published": moves_json(done.moves),
        "refusals": list(map(problem_json, done.refusals)),
        "warnings": list(map(problem_json, done.warnings)),
        "written": list(done.written),
    }


def _pair_json(pair: Pair) -> PairDocument:
    return {
        "before": str(pair.before),
        "after": str(pair.after),
        "before_target": pair.before_target,
        "after_target": pair.after_target,
        "new": pair.is_new,
        "switched": pair.is_switched,
        "fields": list(map(_row_json, pair.rows)),
        "risks": [{"rule": one.rule, "args": dict(one.args)} for one in pair.risks],
    }


def _row_json(row: Row) -> RowDocument:
    document: RowDocument = {"verdict": row.verdict}
    if row.field:
        document["field"] = row.field
    if row.to:
        document["to"] = row.to
    if row.before is not ABSENT:
        document["before"] = row.before
    if row.after is not ABSENT:
        document["after"] = row.after
    if row.note:
        document["note"] = row.note
    if row.hint:
        document["hint"] = row.hint
    return document


def _call_json(one: CallDifference) -> CallDocument:
    return {"code": one.code, "before": one.before, "after": one.after}
