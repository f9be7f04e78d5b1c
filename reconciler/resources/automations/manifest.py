"""Automations as manifests: conversion of live ones, and edits of `target` and `run_at` to match live values."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from reconciler.resources.automations import environment as environments, inline_agent
from reconciler.resources.automations.target import EXISTING, TARGET
from reconciler.resources.base import Live, ProjectFiles
from reconciler.resources.kind import Notebook, SpecDraft
from reconciler.resources.metadata import kept_pairs
from reconciler.resources.values import JSON, Fields, same


def to_manifest(live: Live, name: str, called: Callable[[str], str]) -> SpecDraft:
    """Return the spec of an automation. Secrets and other parts that cannot be read are lost."""
    fields = live.fields
    own = {"name": fields["name"]} if fields["name"] not in (None, name) else {}
    pairs, losses = kept_pairs(fields["metadata"])
    schedule = {name: fields[name] for name in ("expression", "timezone") if fields.get(name) is not None}
    if fields.get("run_at") is not None:
        schedule["run_at"] = _moment(fields["run_at"])
    paused = {"paused": True} if fields["paused"] is True else {}
    target, lost = _target(fields[TARGET])
    agent = target.get("agent")
    notes: dict[tuple[str, ...], str] = {(TARGET, "agent"): called(agent)} if isinstance(agent, str) else {}
    return SpecDraft({**own, **schedule, **paused, TARGET: target, **pairs}, notes, (*losses, *lost))


def edited_target(_spec: Any, _files: ProjectFiles, notebook: Notebook, present: JSON, old: JSON, new: JSON) -> JSON:
    before, after = (notebook.plain(_target(target)[0]) for target in (old, new))
    return _merged(present, before, after)


def unknown_contents(field: str, desired: JSON, live: JSON) -> list[str]:
    """Return the names of contents in a live target that cannot be read and that the manifest does not have."""
    was, now = (((one or {}).get("environment") or {}) if field == TARGET else {} for one in (desired, live))
    return environments.unknown_contents(was, now)


def _merged(present: JSON, old: JSON, new: JSON) -> JSON:
    """Return what a manifest has, with the values that differ between `old` and `new`."""
    if same(old, new):
        return present
    if not all(isinstance(one, Mapping) for one in (present, old, new)):
        return new
    kept = {key: value for key, value in present.items() if key in new or key not in old}
    changed = {key: value for key, value in new.items() if key not in old or not same(old[key], value)}
    return kept | {key: _merged(kept.get(key), old.get(key), value) for key, value in changed.items()}


def edited_time(_spec: Any, _files: ProjectFiles, _notebook: Notebook, present: JSON, old: JSON, new: JSON) -> JSON:
    return present if old == new else _moment(new)


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _target(target: Fields) -> tuple[dict[str, JSON], tuple[str, ...]]:
    """Return a canonical target as a manifest has it, without defaults, and a message for each omission."""
    made = {name: value for name, value in target.items() if name != "type" and value not in ([], {})}
    if target.get("type") == EXISTING:
        return made, ()
    environment, losses = environments.to_manifest(target["environment"])
    made["environment"] = environment
    if "agent_id" in made:
        made = {"agent": made.pop("agent_id"), **made}
    elif "agent" in made:
        made = {"agent": inline_agent.to_manifest(made.pop("agent")), **made}
        losses = (*losses, "tool search and headers of MCP servers of the agent, which cannot be read")
    made["input"] = _text(made["input"])
    return made, losses


def _text(messages: JSON) -> JSON:
    """Return the text of a single message of one text; other messages without the values that are defaults."""
    first = messages[0]["content"] if len(messages) == 1 else []
    if len(first) == 1 and first[0].get("type") == "input_text":
        return first[0]["text"]
    return [{"content": message["content"]} for message in messages]
