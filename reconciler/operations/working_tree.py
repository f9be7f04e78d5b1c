"""Warnings of a plan about the working tree: entries that were not read, and line endings that a checkout changed."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from reconciler.planning.build import Planned
from reconciler.planning.reasons import Notice
from reconciler.project.workspace import Workspace
from reconciler.resources.address import Address
from reconciler.resources.base import LocalFile
from reconciler.resources.problems import Problem
from reconciler.resources.resource_type import CONTENT

_LARGEST_TEXT: Final = 16 * 2**20
"""Largest size of a file, in bytes, whose line endings are compared."""


def notices(workspace: Workspace, planned: Planned) -> Iterator[Notice]:
    """Yield the warnings about entries that were not read, and about line endings."""
    yield from map(_unread, workspace.loaded.unread)
    for change in planned.plan.changes:
        if any(reason.code == "content-changed" for reason in change.reasons):
            address = Address.parse(change.address)
            applied, desired = planned.inputs.applied.get(address), planned.inputs.desired.get(address)
            parts = desired.parts if desired and not desired.whole else ()
            if applied and any(applied.fields.get(CONTENT) in _variants(workspace.root, part) for part in parts):
                yield Notice("line-endings", address=change.address)


def unseen(workspace: Workspace, planned: Planned) -> Iterator[Problem]:
    """Yield an error for each folder that the checkout left out, if the plan removes objects without a manifest: their
    manifests may be in that folder.
    """
    reasons = (reason.code for change in planned.plan.changes for reason in change.reasons)
    if workspace.loaded.unseen and "manifest-removed" in reasons:
        for one in workspace.loaded.unseen:
            message = f"{one.message}, and may contain the manifests that this plan takes for removed"
            yield replace(one, severity="error", message=message)


def _unread(problem: Problem) -> Notice:
    place = problem.place.file if problem.place else ""
    return Notice("unread", {"place": place, "problem": problem.code, "message": problem.message, "hint": problem.hint})


def _variants(root: Path, part: LocalFile) -> set[str]:
    """Return the hashes of the content of a text file with either line ending."""
    if part.bytes > _LARGEST_TEXT:
        return set()
    try:
        content = (root / part.place).read_bytes()
    except OSError:
        return set()
    if b"\n" not in content or b"\0" in content:
        return set()
    unix = content.replace(b"\r\n", b"\n")
    return {hashlib.sha256(variant).hexdigest() for variant in (unix, unix.replace(b"\n", b"\r\n"))}
