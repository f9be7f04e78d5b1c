"""Names that a plan withdraws: applications load them before it, and it does not publish them any longer.

The names before and after the plan are compared, so that the result does not depend on the action that withdraws one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.planning.inputs import PlanInputs
from reconciler.planning.keep_on_delete import stays_published
from reconciler.planning.match import Matched
from reconciler.planning.model import Action, Change
from reconciler.planning.publications import address_of
from reconciler.planning.release_retention import release_of
from reconciler.resources.address import OUTLET, Address, Identity
from reconciler.resources.values import references_in


@dataclass(frozen=True)
class Withdrawal:
    """A name that applications load before a plan, and that is not published by it any longer."""

    name: Address
    release: Address | None = None
    """The release that the name of a chatbot stands for."""
    now: Address | None = None
    """The name under which the object is published instead."""
    outlet: str | None = None
    """The outlet in which the name is not published any longer; None for all."""
    identity: Identity | None = None
    """The identity that publishes the name, if it is another one."""


def withdrawn(
    inputs: PlanInputs, matched: Matched, work: Iterable[Change]
) -> Mapping[tuple[str, Action], Sequence[Withdrawal]]:
    """Return the names that stop being published, by address and action of the change that withdraws them."""
    found: dict[tuple[str, Action], list[Withdrawal]] = defaultdict(list)
    in_order = sorted(work, key=lambda change: change.action == "publish")
    touched: dict[Address, Action] = {Address.parse(change.address): change.action for change in in_order}
    before = names_before(inputs, matched)
    after = set(names_after(inputs, before))
    for name in before.keys() - after:
        now = matched.now(name)
        by = now if now in touched else name
        kept = stays_published(inputs, name) or (touched.get(by) == "forget" and by in matched.live)
        if by in touched and not kept:
            found[str(by), touched[by]].append(Withdrawal(name, before[name], now if now in after else None))
    for outlet, pointers in inputs.removed_outlets.items():
        if Address(OUTLET, outlet) in touched:
            names = sorted(before.keys() & pointers)
            found[f"{OUTLET}/{outlet}", "forget"] += (Withdrawal(name, before[name], outlet=outlet) for name in names)
    for identity, loaded in inputs.removed_identities.items():
        address = address_of(inputs, identity)
        if address in touched:
            found[str(address), "forget"] += (Withdrawal(name, identity=identity) for name in sorted(loaded))
    return found


def names_before(inputs: PlanInputs, matched: Matched) -> dict[Address, Address | None]:
    """Return the names under which applications load something before a plan, those of chatbots with their releases.

    Drafts, releases and frozen copies are not among them: each has another address.
    """
    found: dict[Address, Address | None] = {}
    for address in {**inputs.applied, **matched.live}:  # an applied object may be live in no outlet
        one = matched.live.get(address) or inputs.applied[address]
        resource_type = inputs.resource_types.get(one.type)
        if resource_type is None:
            continue
        pointers = resource_type.pointers
        release = next((text for name in pointers for text in references_in(one.fields.get(name))), None)
        if release is not None:
            found[address] = Address.parse(release)
        elif not pointers and address in inputs.pointers and not address.is_frozen:
            found[address] = None
    former = {now: name for now, name in matched.moved.items() if now in found}
    return {former.get(address, address): release for address, release in found.items()}


def names_after(inputs: PlanInputs, names: Iterable[Address]) -> Iterator[Address]:
    """Yield the names that the manifests publish, and those of `names` that they do not decide about."""
    for address, wanted in inputs.desired.items():
        if not inputs.resource_types[wanted.type].pointers or release_of(inputs, address) is not None:
            yield address
    yield from (name for name in names if not inputs.in_scope(name))
