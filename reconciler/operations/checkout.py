"""Warnings of a plan about the working tree: entries that were not read, and line ends that a checkout changed."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from reconciler.manifests.checkout import LARGEST_TEXT
from reconciler.planning.build import Planned
from reconciler.planning.reasons import Notice
from reconciler.project.workspace import Workspace
from reconciler.resources.address import Address
from reconciler.resources.base import LocalFile
from reconciler.resources.problems import Problem
from reconciler.resources.resource_type import CONTENT


def notices(workspace: Workspace, planned: Planned) -> Iterator[Notice]:
    """Yield the warnings of the checkout, and one for each file that differs from what was applied only in its line
    ends.
    """
    yield from map(_of_checkout, workspace.loaded.of_checkout)
    reported = {problem.place.file for problem in workspace.loaded.of_checkout if problem.place}
    for change in planned.plan.changes:
        if any(reason.code == "content-changed" for reason in change.reasons):
            address = Address.parse(change.address)
            applied, desired = planned.inputs.applied.get(address), planned.inputs.desired.get(address)
            parts = desired.parts if desired and not desired.whole else ()
            new = (part for part in parts if workspace.loaded.project.shown(part.path) not in reported)
            if applied and any(applied.fields.get(CONTENT) in _variants(workspace.root, part) for part in new):
                yield Notice("line-endings", address=change.address)


_REMOVED: Final = frozenset({"manifest-removed", "environment-destroyed"})
"""Reasons to remove an object that manifests may still protect or publish."""


def unseen(workspace: Workspace, planned: Planned) -> Iterator[Problem]:
    """Yield an error for each folder and each Markdown file that the checkout left out, if the plan removes objects
    without a manifest: it may have their manifests.
    """
    reasons = {reason.code for change in planned.plan.changes for reason in change.reasons}
    if workspace.loaded.unseen and not reasons.isdisjoint(_REMOVED):
        for one in workspace.loaded.unseen:
            message = f"{one.message}, and may contain the manifests that this plan takes for removed"
            yield replace(one, severity="error", message=message)


def not_read(workspace: Workspace, planned: Planned) -> Iterator[Problem]:
    """Yield an error for each file that probably defines an object that the plan removes."""
    removed = {
        change.address for change in planned.plan.changes if any(reason.code in _REMOVED for reason in change.reasons)
    }
    for address, one in workspace.loaded.not_read:
        if address in removed:
            message = f"{one.message}; it may be the manifest of {address}, which this plan takes for removed"
            yield replace(one, severity="error", message=message)


def _of_checkout(problem: Problem) -> Notice:
    place = problem.place.file if problem.place else ""
    args = {"place": place, "problem": problem.code, "message": problem.message, "hint": problem.hint}
    return Notice("checkout", args)


def _variants(root: Path, part: LocalFile) -> set[str]:
    """Return the hashes of the content of a text file with either line end."""
    if part.bytes > LARGEST_TEXT:
        return set()
    try:
        content = (root / part.place).read_bytes()
    except OSError:
        return set()
    if b"\n" not in content or b"\0" in content:
        return set()
    unix = content.replace(b"\r\n", b"\n")
    return {hashlib.sha256(variant).hexdigest() for variant in (unix, unix.replace(b"\n", b"\r\n"))}
