"""Risks of a change to the users of a bot: their rules, levels and arguments. `docs/risks.md` explains each.

`reports.wording` has the sentences. Arguments are JSON; `change` selects one of several sentences of a rule.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

from reconciler.resources.address import working_file
from reconciler.resources.values import JSON, Fields

Level: TypeAlias = Literal["high", "medium", "low"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
"""Levels, the highest first."""
High: TypeAlias = Literal[
    "guardrail-removed",  # sentence, more: how many others
    "execution-opened",  # tool, change: added, network, environment
    "remote-tools-opened",  # tool, change: added, server, tools, approvals
    "credentials-opened",  # tool and the credential that it uses, or vaults
    "moderation-lowered",  # side, before, after: modes
    "model-retiring",  # model, on, days
    "protection-removed",
    "parameter-refused",  # model, parameter, value, source
    "publication-withdrawn",  # name, release, now: the name instead; or outlet or identity, names
    "name-lost",  # before, after: addresses
    "guard-weakened",  # settings: paths in `spec` of project.yaml
    "consent-used",  # consent, until, why
    "rolled-back-release",  # before, after: numbers
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
    "instructions-moved",  # before, after: models
    "reasoning-lowered",  # before, after
    "id-changed",  # id
    "secret-deleted",
    "rollback-lost",  # publisher: the chatbot; number: of the release; destroyed: true if the plan removes all
    "runs-often",  # minutes
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
_ACCESS: Final = ("disabled", "restricted", "enabled")
"""The network access of environments, from none to all."""
_RULING: Final = re.compile(
    r"\b(?:never|always|must|only|refuse|decline|forbidden|prohibited|under no circumstances|escalate|confirm"
    r"|(?:do|does|may|must|shall|should|can|is|are) not|(?:don|doesn|mustn|shouldn|can|isn|aren)['\u2019]t|cannot)\b",
    re.IGNORECASE,
)
_BETWEEN: Final = re.compile(r"\n+|(?<=[.!?])[ \t]+")
_EDGES: Final = " \t\r.!?;,*-•#>_`\"'"
_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Hazard:
    """One risk of a change to an object."""

    rule: Rule
    args: Mapping[str, JSON] = field(default_factory=dict)
    part: str | None = None
    """Address of the object at risk, if it is inside the changed object."""
    used_by: str | None = None
    """Address of a published release that uses the object."""


def guardrail_risks(before: str, after: str) -> Iterator[Hazard]:
    """Yield a risk if guardrails of `before` are missing in `after`. Reworded sentences count as missing."""
    kept = {_normal(sentence) for sentence in _BETWEEN.split(after)}
    missing = [one for one in _BETWEEN.split(before) if _RULING.search(one) and _normal(one) not in kept]
    if missing:
        first = missing[0].strip()
        sentence = first if len(first) <= _SHOWN else first[: _SHOWN - 1] + "…"
        yield Hazard("guardrail-removed", {"sentence": sentence, "more": len(missing) - 1})


def _normal(sentence: str) -> str:
    """Normalize case, bullets, punctuation at the ends, and spaces."""
    return " ".join(sentence.casefold().split()).strip(_EDGES)


def store_risks(before: Fields, after: Fields) -> Iterator[Hazard]:
    """Yield the risks of a change. Both sides must have the same top-level fields."""
    yield from _detached(before.get("files") or {}, after.get("files") or {})
    was, is_ = _days(before), _days(after)
    if is_ is not None and (was is None or is_ < was):
        yield Hazard("expiry-shortened", {"before": was, "after": is_})


def _detached(before: Mapping[str, JSON], after: Mapping[str, JSON]) -> Iterator[Hazard]:
    """Yield a risk if the content of files is removed. Renamed files, and files with other content, are not removed."""
    kept, paths = {entry.get("sha256") for entry in after.values()} - {None}, set(map(working_file, after))
    gone = sorted(path for path in before if working_file(path) not in paths)
    removed = [path for path in gone if before[path].get("sha256") not in kept]
    if removed:
        yield Hazard("knowledge-removed", {"change": "files", "names": removed, "of": len(before)})


def network_risks(before: Fields, after: Fields) -> Iterator[Hazard]:
    """Yield a risk if an environment may reach more of the network. `blocked_domains` is the digest of a list that
    changes: it counts as less, because nobody can tell.
    """
    was, is_ = before.get("network") or {}, after.get("network") or {}
    same_list = before.get("blocked_domains") == after.get("blocked_domains")
    if _reaches_more(was, is_) or (was == is_ and not same_list):
        yield Hazard("execution-opened", {"tool": "network", "change": "environment"})


def _reaches_more(before: Mapping[str, JSON], after: Mapping[str, JSON]) -> bool:
    was, is_ = before.get("access"), after.get("access")
    if was not in _ACCESS or is_ not in _ACCESS:
        return False
    if was != is_:
        return _ACCESS.index(is_) > _ACCESS.index(was)
    old, new = set(before.get("allowed_domains") or ()), set(after.get("allowed_domains") or ())
    return bool(old) and not (new and new <= old)


def _days(fields: Fields) -> int | None:
    days: int | None = (fields.get("expires_after") or {}).get("days")
    return days
