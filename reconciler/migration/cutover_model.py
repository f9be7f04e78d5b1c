"""The result of `migrate --cutover`: both configurations of one chatbot side by side, and the edits that switch it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from reconciler.project.edits import Edit
from reconciler.releases.model import Move
from reconciler.resources.address import Address
from reconciler.resources.problems import Problem
from reconciler.resources.risks import Hazard
from reconciler.resources.values import JSON, Absent

Verdict: TypeAlias = Literal["same", "changed", "differs", "lost", "added"]
"""`same` on both targets, also under another name; `changed` because the targets differ; `differs` because a manifest
was edited; `lost` and `added` for a value that only the old or only the new configuration has."""


@dataclass(frozen=True)
class Row:
    """A value of both configurations of one assistant; `ABSENT` where there is none."""

    field: str
    """The field in the old configuration; empty if it has none."""
    to: str
    """The field in the new configuration; empty if it has none."""
    before: JSON | Absent
    after: JSON | Absent
    verdict: Verdict
    note: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Pair:
    """An assistant on the old target, and its counterpart on the new one."""

    before: Address
    after: Address
    before_target: str
    after_target: str
    rows: tuple[Row, ...]
    risks: tuple[Hazard, ...] = ()
    """Settings that the model of the new configuration refuses or handles in another way."""
    is_new: bool = False
    """True if the manifest of the counterpart is written by this cutover."""
    is_switched: bool = False
    """True if this cutover makes the chatbot use the counterpart; false if it already did."""

    def of(self, *verdicts: Verdict) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.verdict in verdicts)


CallCode: TypeAlias = Literal["conversation", "answer", "functions", "files", "options"]


@dataclass(frozen=True)
class CallDifference:
    """A part of the application that differs between the targets, because it is not a setting of an assistant."""

    code: CallCode
    before: str
    after: str


@dataclass(frozen=True)
class Shared:
    """An assistant that others use too. They stay with it."""

    assistant: Address
    users: tuple[Address, ...]


@dataclass(frozen=True)
class Cutover:
    """The switch of one chatbot to another target."""

    chatbot: Address
    target: str
    pairs: tuple[Pair, ...]
    calls: tuple[CallDifference, ...] = ()
    shared: tuple[Shared, ...] = ()
    others: tuple[tuple[Address, str], ...] = ()
    """Assistants of the chatbot that are not switched, with their targets."""
    release: Address | None = None
    """The release to publish; None if the chatbot is not published, or if the switch is refused."""
    is_released: bool = False
    """True if the release is written by this cutover; false if an earlier one has the same content."""
    moves: tuple[Move, ...] = ()
    is_everywhere: bool = False
    """True if the published release changes in all environments."""
    edits: tuple[Edit, ...] = ()
    refusals: tuple[Problem, ...] = ()
    """The reasons why nothing is written."""
    warnings: tuple[Problem, ...] = ()
    written: tuple[str, ...] = ()
    """Paths of the written files, relative to the project folder; empty in a dry run."""

    @property
    def is_empty(self) -> bool:
        """True if there is nothing to write."""
        return not self.edits
