"""The dimensions of estates that concern what agents run with and what starts them. See `coverage`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from tests.property.guard.environment_edits import PARTS, without
from tests.property.guard.environments import PREFIXES
from tests.property.guard.estates import Estate, PeerDocument, Stranger
from tests.property.guard.holders import Holding
from tests.property.guard.manifests import KINDS, left_objects, live_releases, objects
from tests.property.guard.oracle import Judgement
from tests.property.guard.parts import is_chatbot


def _has_part(part: str, outcome: Holding) -> bool:
    return any(one.startswith(f"{KINDS[part]}/") for one in outcome.before)


SHAPES: Final[Mapping[str, Callable[[Holding], bool]]] = {
    **{part: partial(_has_part, part) for part in PARTS},
    "replaced credentials": lambda outcome: bool(outcome.superseded),
    "earlier credentials": lambda outcome: bool(outcome.former_credentials),
    "others around agents": lambda outcome: _others(outcome.estate) != (outcome.estate.unmanaged, outcome.estate.peers),
}


def _without_part(part: str, made: Estate) -> Estate:
    """Return the estate without the objects of a part, and without what refers to them."""
    before, after = without(made.before, part), without(made.after, part)
    live = objects(before, live_releases(before, made.tombstones)) | left_objects(made.left)
    gone = tuple(f"{KINDS[one]}/" for one in ("credentials", part) if part == "vaults" or one == part)

    def others(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(one for one in names if one in live or not one.startswith((*gone, "file/")))

    marks: Mapping[str, Any] = {
        mark: frozenset(one for one in getattr(made, mark) if not one.startswith(gone))
        for mark in ("kept", "targets", "duplicates", "taken", "other_lineage", "lost")
    }
    return replace(
        made,
        before=before,
        after=after,
        succeeded={} if part in {"vaults", "credentials"} else made.succeeded,
        outdated=frozenset() if part in {"vaults", "credentials"} else made.outdated,
        unmanaged=tuple(replace(one, refers_to=others(one.refers_to)) for one in made.unmanaged),
        peers=tuple(replace(one, refers_to=others(one.refers_to)) for one in made.peers),
        strays=tuple(replace(one, refers_to=others(one.refers_to)) for one in made.strays),
        **marks,
        protected={one: how for one, how in made.protected.items() if not one.startswith(gone)},
    )


def _as_before(made: Estate) -> Estate:
    """Return the estate with the servers and vaults of before for its credentials."""
    was = made.before.credentials
    now = {
        name: replace(one, vault=was[former].vault, server=was[former].server) if former in was else one
        for name, one in made.after.credentials.items()
        for former in [one.moved_from or name]
    }
    return replace(made, after=replace(made.after, credentials=now))


def _without_former(made: Estate) -> Estate:
    earlier = tuple(f"credential/replaced@cred_{name}" for name in made.succeeded)
    unmanaged = tuple(
        replace(one, refers_to=tuple(name for name in one.refers_to if not name.startswith(earlier)))
        if earlier
        else one
        for one in made.unmanaged
    )
    return replace(made, succeeded={}, outdated=frozenset(), unmanaged=unmanaged)


def _others(made: Estate) -> tuple[tuple[Stranger, ...], tuple[PeerDocument, ...]]:
    unmanaged = tuple(one for one in made.unmanaged if not one.knows and not _concerns(one.refers_to))
    return unmanaged, tuple(one for one in made.peers if not _concerns(one.refers_to))


def _concerns(names: tuple[str, ...]) -> bool:
    return any(name.startswith(PREFIXES) for name in names)


def _without_others(made: Estate) -> Estate:
    unmanaged, peers = _others(made)
    return replace(made, unmanaged=unmanaged, peers=peers)


WITHOUT: Final[Mapping[str, Callable[[Estate], Estate]]] = {
    **{part: partial(_without_part, part) for part in PARTS},
    "replaced credentials": _as_before,
    "earlier credentials": _without_former,
    "others around agents": _without_others,
}

TRAITS: Final[Mapping[str, float]] = {
    **{f"referenced {KINDS[part]}": 0.02 for part in PARTS if part != "automations"},
    "kept credentials": 0.02,
    "held earlier credentials": 0.02,
    "disputed vaults": 0.02,
    "vaults of held credentials": 0.02,
    "automations of chatbots": 0.05,
    "automations of chatbots that publish another release, or none": 0.01,
    **{
        f"{title} of others": 0.01 for title in ("agent", "automation", "credential", "environment_template", "session")
    },
}
"""The share of estates that have it, at least."""


def traits(outcome: Holding, judgement: Judgement) -> Iterator[str]:
    made = outcome.estate
    refused = {address: sections for (rule, address), sections in judgement.refusals.items() if rule == "referenced"}
    yield from (f"referenced {address.partition('/')[0]}" for address in refused)
    chatbots = {one.agent.partition("/")[2] for one in made.after.automations.values() if is_chatbot(one.agent)}
    was, now = made.before.bots, made.after.bots
    if chatbots:
        yield "automations of chatbots"
    if any(one in was and was[one].published != now[one].published for one in chatbots):
        yield "automations of chatbots that publish another release, or none"
    if judgement.kept:
        yield "kept credentials"
    if any(map(outcome.holders, outcome.former_credentials)):
        yield "held earlier credentials"
    if any(one.startswith(("vault/", "credential/", "automation/")) for one in outcome.disputed):
        yield "disputed vaults"
    for vault in (address for address in refused if address.startswith("vault/")):
        if any(not name.startswith("credential/") for names in refused[vault].values() for name in names):
            yield "vaults of held credentials"
    blocking = {name for sections in refused.values() for names in sections.values() for name in names}
    blocking |= {name for names in judgement.kept.values() for name in names}
    yield from (f"{one.type} of others" for one in made.unmanaged if one.title in blocking and _concerns(one.refers_to))
