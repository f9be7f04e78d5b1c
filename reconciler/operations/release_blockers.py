"""What stands in the way of releases, before anything is written."""

from collections.abc import Iterator
from pathlib import Path

from reconciler.live.contents import VENDORED, kept_bytes
from reconciler.planning.build import Planned, unresolved
from reconciler.planning.model import CREATES
from reconciler.resources.address import Address
from reconciler.resources.problems import Place, Problem


def problems(root: Path, planned: Planned) -> Iterator[Problem]:
    """Errors of a plan that releases make impossible: bytes that are nowhere, references to what was archived."""
    yield from _missing_bytes(root, planned)
    yield from _archived(planned)


def _missing_bytes(root: Path, planned: Planned) -> Iterator[Problem]:
    """Files that a release needs uploaded and that neither the folder, nor Git, nor `releases/files/` has."""
    for change in planned.plan.work:
        address = Address.parse(change.address)
        desired = planned.inputs.desired.get(address) if change.action in CREATES else None
        for part in desired.parts if desired and desired.whole else ():
            if kept_bytes(root, part) is None:
                message = f"{part.path} as it was released ({part.sha256[:12]}…) is nowhere any more"
                hint = (
                    f"put those bytes into {VENDORED}/{part.sha256}, fetch the whole history of the repository, "
                    "or archive the release"
                )
                yield Problem("missing-bytes", message, desired.place if desired else None, hint)


def _archived(planned: Planned) -> Iterator[Problem]:
    """References to releases that are archived, and to copies that went with them: of releases, and those that no
    manifest tells of because only state knows that they were.
    """
    inputs = planned.inputs
    for address, link in unresolved(planned):
        release = link.target.release
        if release in inputs.tombstones - inputs.archived or (address.is_frozen and release in inputs.archived):
            file, _, line = link.place.rpartition(":")
            place = Place(file, int(line)) if line.isdigit() else None
            message = (
                f"{link.target} is archived" if link.target == release else f"{release}, of which it is, is archived"
            )
            yield Problem("archived-reference", f"{message}: it does not come back", place, "name one that is not")
