"""Sentences of instructions that forbid, demand or limit something. English words only: others are not recognised."""

import re
from collections.abc import Iterator
from typing import Final

from reconciler.resources.risks import Hazard

_RULING: Final = re.compile(
    r"\b(?:never|always|must|only|refuse|decline|forbidden|prohibited|under no circumstances|escalate|confirm"
    r"|(?:do|does|may|must|shall|should|can|is|are) not|(?:don|doesn|mustn|shouldn|can|isn|aren)['\u2019]t|cannot)\b",
    re.IGNORECASE,
)
_BETWEEN: Final = re.compile(r"\n+|(?<=[.!?])[ \t]+")
_EDGES: Final = " \t\r.!?;,*-•#>_`\"'"
_SHOWN: Final = 100


def removed(before: str, after: str) -> Iterator[Hazard]:
    """The sentences with such words that `after` has nowhere. One that is reworded counts: only people can judge it."""
    stays = {_normal(sentence) for sentence in _BETWEEN.split(after)}
    gone = [one for one in _BETWEEN.split(before) if _RULING.search(one) and _normal(one) not in stays]
    if gone:
        first = gone[0].strip()
        sentence = first if len(first) <= _SHOWN else first[: _SHOWN - 1] + "…"
        yield Hazard("guardrail-removed", {"sentence": sentence, "more": len(gone) - 1})


def _normal(sentence: str) -> str:
    """Without case, bullets, punctuation at the ends, and the width of spaces."""
    return " ".join(sentence.casefold().split()).strip(_EDGES)
