"""Rules for objects and documents of this identity that another state created, or one that was lost."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.planning.guard.context import GuardContext, Violation
from reconciler.planning.reasons import Cause, Remedy
from reconciler.resources.address import Address
from reconciler.resources.base import Live

if TYPE_CHECKING:
    from reconciler.resources.values import JSON


def other_lineage(context: GuardContext) -> Iterator[Violation]:
    """Refuse a plan if live objects have the label of this identity, and another state created them: a plan would
    duplicate, overwrite or delete objects of another repository.
    """
    inputs = context.inputs
    found = sorted(_objects(context), key=lambda item: (item[0], item[1].id))
    documents = [str(address) for address in sorted({*inputs.pointers, *inputs.published})] if inputs.is_new else []
    if not found and not documents:
        return
    known = {applied.id for applied in inputs.applied.values()}
    objects: list[JSON] = [
        {
            "address": str(address),
            "id": live.id,
            "name": live.name,
            "lineage": live.labels.lineage if live.labels else None,
            "in_state": live.id in known,
        }
        for address, live in found
    ]
    about: dict[str, JSON] = {"identity": str(inputs.identity), "objects": objects, "documents": documents}
    yield Violation(
        address=f"project/{inputs.identity.project}",
        action="update",
        cause=Cause("other-lineage", about),
        remedies=(
            Remedy("rebuild-state", context.of_environment),
            Remedy("rename-project" if inputs.is_new else "rename-one-project"),
            Remedy("unlabel-copies"),
        ),
        facts=[*(live.id for _, live in found), *documents],
    )


def _objects(context: GuardContext) -> Iterator[tuple[Address, Live]]:
    """Yield the objects of other lineages, those in the state and others, by the address that they concern.

    Before the first run of a state, every object counts, also with `--target` and for an adoption: a run would give the
    state a lineage of its own, and a state that was lost could no longer be rebuilt without a choice.
    """
    inputs, matched = context.inputs, context.matched
    for address, live in matched.foreign_owned.items():
        if inputs.in_scope(address) and live.labels and live.labels.identity == str(inputs.identity):
            yield address, live
    for address, group in matched.other_lineage.items():
        if inputs.is_new or inputs.in_scope(matched.now(address)):
            yield from ((address, live) for live in group)


def foreign_pointer(context: GuardContext) -> Iterator[Violation]:
    """Refuse to write or withdraw a pointer in an outlet that another state has written there under the same name."""
    inputs = context.inputs
    ours = {*inputs.bundles, *inputs.pointers, *inputs.published, *inputs.desired}
    for address, outlets in sorted(inputs.foreign_pointers.items()):
        if address in ours and inputs.in_scope(address):
            about: dict[str, JSON] = {"address": str(address), "outlets": sorted(outlets)}
            yield Violation(
                address=str(address),
                action="publish",
                cause=Cause("foreign-pointer", about),
                remedies=(
                    Remedy("rebuild-state", context.of_environment),
                    Remedy("choose-outlet", {"outlets": sorted(outlets)}),
                ),
                facts=[str(address), *sorted(outlets)],
            )
