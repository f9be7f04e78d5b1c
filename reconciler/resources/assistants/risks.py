"""What a change of an assistant risks, of a saved agent and of a request alike."""

from collections.abc import Iterator, Mapping
from typing import Final, get_args

from reconciler.resources import guardrails
from reconciler.resources.assistants.shared import Effort
from reconciler.resources.assistants.tool_risks import tool_risks
from reconciler.resources.risks import Hazard
from reconciler.resources.values import JSON, Fields

_EFFORTS: Final = get_args(Effort)
"""From the least on."""
_WATCHED: Final = (None, "score", "block")
"""Modes of moderation, from the least on."""


def risks(before: Fields, after: Fields) -> Iterator[Hazard]:
    """Of the same top-level fields on both sides."""
    yield from guardrails.removed(before.get("instructions") or "", after.get("instructions") or "")
    yield from tool_risks(before.get("tools") or {}, after.get("tools") or {})
    yield from _less_reasoning(_of(before, "reasoning").get("effort"), _of(after, "reasoning").get("effort"))
    if _format(before) != _format(after):
        yield Hazard("output-changed")
    for side in ("input", "output"):
        was, is_ = _moderation(before, side), _moderation(after, side)
        if _WATCHED.index(is_) < _WATCHED.index(was):
            yield Hazard("moderation-lowered", {"side": side, "before": was, "after": is_})


def _less_reasoning(before: JSON, after: JSON) -> Iterator[Hazard]:
    """Nothing where one side is left to the model: only OpenAI knows what that is."""
    if before in _EFFORTS and after in _EFFORTS and _EFFORTS.index(after) < _EFFORTS.index(before):
        yield Hazard("reasoning-lowered", {"before": before, "after": after})


def _format(fields: Fields) -> JSON:
    return _of(fields, "text").get("format") or {"type": "text"}


def _moderation(fields: Fields, side: str) -> str | None:
    policy = _of(fields, "moderation").get("policy") or {}
    mode: str | None = (policy.get(side) or {}).get("mode")
    return mode if mode in _WATCHED else None


def _of(fields: Fields, name: str) -> Mapping[str, JSON]:
    return fields.get(name) or {}
