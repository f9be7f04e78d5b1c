"""The rule `unlisted`: the end of an id that could be referenced by objects that could not be listed.

A restricted key may not be permitted to list every kind, a server may not have it, and the state of a peer may not be
readable. Nothing is deleted, replaced or archived by a plan that could not look at everything that may refer to it. An
upload whose file was edited is not refused: it stays live (`held_uploads`).
"""

from collections.abc import Iterator

from reconciler.planning.guard.context import GuardContext, Violation
from reconciler.planning.reasons import Cause, Remedy
from reconciler.resources.address import Address


def not_looked_at(context: GuardContext) -> Iterator[Violation]:
    """Refuse changes that end an id while objects that may refer to it could not be listed."""
    refused = [one for one in context.inputs.unlisted if not one.is_absent]
    for change in context.work if refused else ():
        live = context.matched.live.get(Address.parse(change.address))
        if not change.ends_id or live is None or not change.id:
            continue
        lists = [one for one in refused if live.type in one.refers]
        if lists:
            scopes = sorted({one.scope for one in lists if one.scope})
            yield Violation(
                address=change.address,
                action=change.action,
                cause=Cause("not-listed", {"id": change.id, "requests": sorted({one.request for one in lists})}),
                remedies=tuple(_remedies(scopes)),
                facts={"id": change.id, "requests": sorted({one.request for one in lists})},
            )


def _remedies(scopes: list[str]) -> Iterator[Remedy]:
    yield Remedy("grant-scopes", {"scopes": scopes}) if scopes else Remedy("make-readable")
    yield Remedy("keep-or-target")
