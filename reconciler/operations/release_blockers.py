"""Errors of releases that are found before anything is written."""

from collections.abc import Iterator
from pathlib import Path

from reconciler.live.contents import VENDORED, kept_bytes
from reconciler.planning.build import Planned, unresolved
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.model import CREATES
from reconciler.planning.release_retention import chatbot_of
from reconciler.resources.address import RELEASE, Address, release_number
from reconciler.resources.problems import Place, Problem, env_option


def problems(root: Path, planned: Planned) -> Iterator[Problem]:
    """Return the errors of releases in a plan: missing file contents, and references to archived releases."""
    yield from _missing_bytes(root, planned)
    yield from _archived(planned)


def _missing_bytes(root: Path, planned: Planned) -> Iterator[Problem]:
    """Return an error for each file of a release that is in neither the folder, nor Git, nor `releases/files/`."""
    for change in planned.plan.work:
        address = Address.parse(change.address)
        desired = planned.inputs.desired.get(address) if change.action in CREATES else None
        for part in desired.parts if desired and desired.whole else ():
            if kept_bytes(root, part) is None:
                message = f"the released content of {part.path} ({part.sha256[:12]}…) was not found"
                hint = (
                    f"fetch the complete history of the repository, restore the file as {VENDORED}/{part.sha256}, "
                    "or archive the release"
                )
                yield Problem("missing-bytes", message, desired.place if desired else None, hint)


def _archived(planned: Planned) -> Iterator[Problem]:
    """Return an error for each reference to an archived release or one of its copies, including releases that are
    recorded in the state only.
    """
    inputs = planned.inputs
    for address, link in unresolved(planned):
        release = link.target.release
        if release in inputs.tombstones - inputs.archived or (address.is_frozen and release in inputs.archived):
            file, _, line = link.place.rpartition(":")
            place = Place(file, int(line)) if line.isdigit() else None
            message = (
                f"{link.target} is archived"
                if link.target == release
                else f"{link.target} is part of {release}, which is archived"
            )
            yield Problem("archived-reference", message, place, _instead(inputs, address, link.target))


def _instead(inputs: PlanInputs, source: Address, target: Address) -> str:
    """Return the command that publishes another release; an archived one cannot be restored."""
    if target.kind != RELEASE:
        return "reference a release that is not archived"
    env = env_option(inputs.chosen_environment)
    numbers = [release_number(one) for one in inputs.releases if chatbot_of(inputs, one) == source]
    if numbers:
        return f"`reconciler publish {source.name} {max(numbers)}{env}` publishes a release that is not archived"
    release = f"`reconciler release {source.name} --publish --allow-unchanged{env}`"
    return f"{release} releases and publishes the present manifests under a new number"
