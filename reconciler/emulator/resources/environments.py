"""Environments as templates, sessions and automations show them. Contents, variables and commands are dropped."""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.emulator.errors import invalid
from reconciler.emulator.limits import items, matching
from reconciler.emulator.store import Document

INLINE_BYTES = 5 * 1024 * 1024
_HOST = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"


def files(given: list[Document], path: str) -> None:
    """Check files: at most 50 inside `/workspace`, inline ones of at most 5 MiB in base64."""
    items(50)(given, path)
    for index, file in enumerate(given):
        outside = not file["path"].startswith("/workspace/") or ".." in file["path"].split("/")
        if outside or len(file["path"]) > 4096:
            raise invalid(f"Invalid '{path}[{index}].path': a path inside /workspace is expected.", f"{path}[{index}]")
        if file["type"] == "inline":
            _size(file["data"], f"{path}[{index}].data")


def _size(data: str, path: str = "data") -> int:
    try:
        size = len(base64.b64decode(data, validate=True))
    except binascii.Error as error:
        raise invalid(f"Invalid '{path}': standard base64 is expected.", path) from error
    if size > INLINE_BYTES:
        raise invalid(f"Invalid '{path}': {size} bytes are more than {INLINE_BYTES}.", path)
    return size


def network(given: Document, path: str) -> None:
    """Check domains: at most 100 exact host names, for restricted access only, in one of the two lists."""
    listed = [name for name in ("allowed_domains", "blocked_domains") if given.get(name)]
    if len(listed) > 1 or (listed and given["access"] != "restricted"):
        message = f"Invalid '{path}': domains require restricted access, and only one of the lists may have some."
        raise invalid(message, path)
    for name in listed:
        items(100)(given[name], f"{path}.{name}")
        for index, host in enumerate(given[name]):
            matching(_HOST)(host, f"{path}.{name}[{index}]")


def _file(given: Document) -> Document:
    if given["type"] == "file_id":
        return given
    return {"type": "inline", "path": given["path"], "size_bytes": _size(given["data"])}


def _skill(given: Document) -> Document:
    if given["type"] == "skill_reference":
        return {**given, "version": given.get("version")}
    return _archive(given)


def _archive(given: Document) -> Document:
    return {name: given[name] for name in ("type", "name", "description")}


def _network(given: Mapping[str, Any] | None) -> Document:
    given = given or {"access": "enabled"}
    return {"access": given["access"], "allowed_domains": [host.lower() for host in given.get("allowed_domains") or []]}


def _packages(given: Mapping[str, Any] | None) -> Document:
    return {name: (given or {}).get(name) or [] for name in ("npm", "python", "system")}


SHOWN: Mapping[str, Callable[[Any], Any]] = {
    "capability_directories": lambda given: given or [],
    "desktop": lambda given: {"enabled": bool(given and given["enabled"])},
    "files": lambda given: [_file(file) for file in given or []],
    "network": _network,
    "packages": _packages,
    "plugins": lambda given: [_archive(plugin) for plugin in given or []],
    "skills": lambda given: [_skill(skill) for skill in given or []],
}
"""Functions that return the shown value of each member, given the sent value or None."""


def requested(given: Document) -> Document:
    """Return a requested environment. Omitted members are null, and inherited when a session starts."""
    if given["type"] == "none":
        return given
    if given["type"] == "self_hosted":
        directories = given.get("capability_directories") or []
        return {**given, "capability_directories": directories, "environment_id": None}
    shown = {name: None if given.get(name) is None else show(given[name]) for name, show in SHOWN.items()}
    plain = ("type", "container_size", "environment_id", "environment_template_id")
    return {**{name: given.get(name) for name in plain}, **shown}
