"""The settings of environments in requests, with the values that the API does not return."""

import asyncio
import base64
from collections.abc import Mapping
from typing import Final

from reconciler.live.adapters import WriteRequest
from reconciler.live.contents import planned_bytes
from reconciler.live.errors import LiveError
from reconciler.resources.environment_settings import decoded
from reconciler.resources.problems import Problem
from reconciler.resources.values import JSON

_SOURCES: Final = {"skills": "skill_sources", "plugins": "plugin_sources"}


async def with_contents(request: WriteRequest, name: str, value: JSON) -> JSON:
    """Return a setting with the content that the manifest has for it."""
    unreadable = request.desired.unreadable
    if name == "network" and value is not None:
        domains = {**value, "blocked_domains": unreadable.get("blocked_domains")}
        return {key: item for key, item in domains.items() if item}
    if name == "files":
        return [_with_data(request, entry, unreadable.get("file_contents") or {}) for entry in value]
    if name in _SOURCES:
        sources = unreadable.get(_SOURCES[name]) or {}
        return [await _with_source(request, name, entry, sources) for entry in value]
    return value


def _with_data(request: WriteRequest, entry: Mapping[str, JSON], contents: Mapping[str, str]) -> Mapping[str, JSON]:
    if entry["type"] != "inline":
        return entry
    content = contents.get(entry["path"])
    if content is None or len(decoded(content)) != entry["size_bytes"]:
        raise _unknown(request, f"the file {entry['path']}")
    return {"type": "inline", "path": entry["path"], "data": content}


async def _with_source(
    request: WriteRequest, field: str, entry: Mapping[str, JSON], sources: Mapping[str, JSON]
) -> Mapping[str, JSON]:
    if entry["type"] != "inline":
        return {name: value for name, value in entry.items() if value is not None}
    source = sources.get(entry["name"])
    if source is None:
        raise _unknown(request, f"{entry['name']} in `{field}`")
    if isinstance(source, str):
        part = next(one for one in request.desired.parts if one.path == source)
        content = await asyncio.to_thread(planned_bytes, request.root, part, request.desired)
        source = {"type": "base64", "media_type": "application/zip", "data": base64.b64encode(content).decode()}
    return {**entry, "source": source}


def _unknown(request: WriteRequest, what: str) -> LiveError:
    """Return the error for drift that is kept beside a change of the same list, which is written whole."""
    message = f"{request.desired.address}: {what} was written outside Reconciler, and its content cannot be read"
    hint = "Add it to the manifest, or apply with `--on-drift revert`, which removes it."
    return LiveError(Problem("content-unknown", message, place=request.desired.place, hint=hint))
