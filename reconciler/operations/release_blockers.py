"""Errors of releases that are found before anything is written."""

from collections.abc import Collection, Iterator
from pathlib import Path

from reconciler.live.contents import VENDORED, kept_bytes
from reconciler.planning.build import Planned, unresolved
from reconciler.planning.held_names import Renamed, renamed_without_name, undefined
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.model import CREATES
from reconciler.planning.release_retention import chatbot_of
from reconciler.resources.address import RELEASE, Address, release_number
from reconciler.resources.problems import Place, Problem, Severity, env_option


def problems(root: Path, planned: Planned) -> Iterator[Problem]:
    """Return the errors of releases in a plan: missing file contents, references to archived releases, and names that
    another identity could not resolve.
    """
    yield from _missing_bytes(root, planned)
    yield from _archived(planned)
    inputs, matched = planned.inputs, planned.matched
    yield from (_renamed(inputs, one) for one in renamed_without_name(inputs, matched))
    applied = {*inputs.applied, *matched.live}
    yield from undefined_names(inputs, {*applied, *matched.former}, applied)


def undefined_names(
    inputs: PlanInputs, known: Collection[Address] = (), applied: Collection[Address] | None = None
) -> Iterator[Problem]:
    """Return an error for each name of a release that no manifest defines, without releases that are applied.

    If no state was read (`applied` is None), the name of an assistant that the release has a copy of is a warning: a
    state that has applied the release does not need it, and a consent may have permitted to delete it.
    """
    for one in undefined(inputs, known):
        if one.release in (applied or ()) or one.name.release is not None:
            continue
        renamed = (
            f"if {one.name} was renamed, add `lifecycle: {{moved_from: {one.name.name}}}` to the manifest with its"
        )
        if one.is_copied:
            message = f"{one.release} is published with a copy of {one.name}, which no manifest defines"
            hint = (
                f"{renamed} new name; if it was deleted, publish another release when there is one. Only a state that "
                f"has applied {one.release} can still publish it"
            )
        else:
            message = f"{one.release} uses {one.name}, which no manifest defines"
            hint = (
                f"{renamed} new name; otherwise restore its manifest, or archive {one.release}. Only a state that has "
                f"applied {one.release} finds the object by its id"
            )
        severity: Severity = "warning" if one.is_copied and applied is None else "error"
        yield Problem("undefined-in-release", message, inputs.desired[one.source].place, hint, severity)


def _renamed(inputs: PlanInputs, one: Renamed) -> Problem:
    """Return the error of a rename that only the state of this identity shows."""
    message = f"{one.release} uses {one.name}, which is called {one.now} now, and no `moved_from` says so"
    hint = f"add `lifecycle: {{moved_from: {one.name.name}}}` to {one.now}, or archive {one.release}"
    if one.is_reused:
        message = f"{one.release} uses {one.name}, which is called {one.now} now: {one.name} is another object"
        hint = f"rename {one.name}, and add `lifecycle: {{moved_from: {one.name.name}}}` to {one.now}, or archive "
        hint += str(one.release)
    return Problem("moved-from-removed", message, inputs.desired[one.now].place, hint)


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
    env = env_option(inputs.identity.environment)
    numbers = [release_number(one) for one in inputs.releases if chatbot_of(inputs, one) == source]
    if numbers:
        return f"`reconciler publish {source.name} {max(numbers)}{env}` publishes a release that is not archived"
    release = f"`reconciler release {source.name} --publish --allow-unchanged{env}`"
    return f"{release} releases and publishes the present manifests under a new number"
