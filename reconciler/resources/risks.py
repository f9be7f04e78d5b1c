"""What a change may do to those who use a bot: the names and levels of all risks. `docs/risks.md` explains each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

Level: TypeAlias = Literal["high", "medium", "low"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
"""The worst first."""

High: TypeAlias = Literal[
    "guardrail-removed",
    "execution-opened",
    "remote-tools-opened",
    "moderation-lowered",
    "model-retiring",
    "protection-removed",
    "publication-withdrawn",
    "name-lost",
    "consent-used",
]
Medium: TypeAlias = Literal[
    "published-version-changed",
    "knowledge-removed",
    "expiry-shortened",
    "web-opened",
    "tool-added",
    "parameters-incompatible",
    "output-changed",
    "model-changed",
    "reasoning-lowered",
    "id-changed",
]
Low: TypeAlias = Literal["model-unpinned", "tool-removed", "kept-no-longer"]
Rule: TypeAlias = High | Medium | Low

RISKS: Final[Mapping[Rule, Level]] = {
    **dict.fromkeys(get_args(High), "high"),
    **dict.fromkeys(get_args(Medium), "medium"),
    **dict.fromkeys(get_args(Low), "low"),
}


@dataclass(frozen=True, slots=True)
class Hazard:
    """One thing that a change of an object risks, in one sentence about that object."""

    rule: Rule
    text: str


def few(names: list[str], most: int = 3) -> str:
    """The first of `names`, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
