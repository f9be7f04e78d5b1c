"""The canonical form of the settings of environments: what the API returns, with its defaults."""

from collections.abc import Callable, Mapping
from typing import Final

from reconciler.resources.environment_settings import decoded
from reconciler.resources.values import JSON, Fields

PACKAGES: Final = ("npm", "python", "system")


def canonical(field: str, value: JSON) -> JSON:
    """Return the canonical form of a setting, of a manifest or of a response: without what the API does not return."""
    made = _CANONICAL.get(field)
    return made(value) if made else value


def _network(value: JSON) -> JSON:
    if value is None:
        return None
    hosts = {host.lower() for host in value.get("allowed_domains") or ()}
    return {"access": value["access"], "allowed_domains": sorted(hosts)}


def _packages(value: JSON) -> JSON:
    return {name: list((value or {}).get(name) or ()) for name in PACKAGES}


def _files(value: JSON) -> JSON:
    return sorted(map(_file, value or ()), key=lambda one: str(one["path"]))


def _file(entry: Mapping[str, JSON]) -> dict[str, JSON]:
    if entry["type"] != "inline":
        return {name: entry[name] for name in ("type", "file_id", "path")}
    size = entry.get("size_bytes")
    if size is None:
        text = entry.get("text")
        size = len(text.encode()) if text is not None else len(decoded(entry["data"]))
    return {"type": "inline", "path": entry["path"], "size_bytes": size}


def _skills(value: JSON) -> JSON:
    return [_described(one) if one["type"] == "inline" else _referred(one) for one in value or ()]


def _referred(entry: Mapping[str, JSON]) -> dict[str, JSON]:
    return {"type": entry["type"], "skill_id": entry["skill_id"], "version": entry.get("version")}


def _plugins(value: JSON) -> JSON:
    return [_described(one) for one in value or ()]


def _described(entry: Mapping[str, JSON]) -> dict[str, JSON]:
    return {name: entry[name] for name in ("type", "name", "description")}


def _desktop(value: JSON) -> JSON:
    return {"enabled": bool((value or {}).get("enabled"))}


_CANONICAL: Final[Mapping[str, Callable[[JSON], JSON]]] = {
    "name": lambda value: value.strip() if isinstance(value, str) else value,
    "network": _network,
    "packages": _packages,
    "files": _files,
    "skills": _skills,
    "plugins": _plugins,
    "capability_directories": lambda value: list(value or ()),
    "desktop": _desktop,
}
DEFAULTS: Final[Fields] = {
    name: canonical(name, None)
    for name in ("packages", "files", "skills", "plugins", "capability_directories", "desktop")
}
"""Values of settings that are not set."""
LISTS: Final = ("files", "skills", "plugins")
"""Settings whose entries may have a content that cannot be read."""


def inline_names(field: str, value: JSON) -> list[str]:
    """Return the names of the entries of a live setting whose content cannot be read."""
    entries = value or () if field in LISTS else ()
    return [one.get("path") or one["name"] for one in entries if one["type"] == "inline"]


def unknown_contents(field: str, desired: JSON, live: JSON) -> list[str]:
    """Return the names of the entries of a live setting whose content the manifest does not have."""
    return inline_names(field, [one for one in live or () if one not in (desired or ())] if field in LISTS else ())


def written(field: str, value: JSON) -> JSON:
    """Return a canonical setting as a manifest has it, without what is not set."""
    if field in ("network", "packages") and isinstance(value, Mapping):
        return {name: item for name, item in value.items() if item}
    if field == "skills":
        return [{name: item for name, item in one.items() if item is not None} for one in value]
    return value
