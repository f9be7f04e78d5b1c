"""Risks of a change to the users of a bot: their rules, levels and arguments. `docs/risks.md` explains each.

`reports.wording` has the sentences. Arguments are JSON; `change` says which of several sentences of one rule is meant.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

from reconciler.resources.values import JSON

Level: TypeAlias = Literal["high", "medium", "low"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
"""The worst first."""

High: TypeAlias = Literal[
    "guardrail-removed",  # sentence, more: how many others
    "execution-opened",  # tool, change: added, network
    "remote-tools-opened",  # tool, change: added, server, tools, approvals
    "moderation-lowered",  # side, before, after: modes
    "model-retiring",  # model, on, days
    "protection-removed",
    "publication-withdrawn",  # release
    "name-lost",  # before, after: addresses
    "consent-used",  # consent, until, why
]
Medium: TypeAlias = Literal[
    "published-version-changed",  # before, after: numbers
    "knowledge-removed",  # change: stores, files; names, of: how many there were
    "expiry-shortened",  # before: null for never, after: days
    "web-opened",  # tool, change: added, reach
    "tool-added",  # tool
    "parameters-incompatible",  # tool, breaks: as `parameters.incompatible` has them
    "output-changed",
    "model-changed",  # before, after: names
    "reasoning-lowered",  # before, after
    "id-changed",  # id
]
Low: TypeAlias = Literal[
    "model-unpinned",  # models
    "tool-removed",  # tool
    "kept-no-longer",
]
Rule: TypeAlias = High | Medium | Low

RISKS: Final[Mapping[Rule, Level]] = {
    **dict.fromkeys(get_args(High), "high"),
    **dict.fromkeys(get_args(Medium), "medium"),
    **dict.fromkeys(get_args(Low), "low"),
}


@dataclass(frozen=True, slots=True)
class Hazard:
    """One risk of a change to an object."""

    rule: Rule
    args: Mapping[str, JSON] = field(default_factory=dict)
    part: str | None = None
    """The address of the object at risk, where it is not the one that changes but is in it."""
    used_by: str | None = None
    """A published release that uses the object."""
