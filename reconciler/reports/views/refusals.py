"""Refusals as all reports show them: the cause, who refers to the object and where, and the remedies."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, TypeAlias

from reconciler.planning.model import SECTIONS, Refusal
from reconciler.planning.referrers import Referrer
from reconciler.reports.views.changes import SIGNS
from reconciler.reports.wording import cause_of_several, cause_text, place_text, referrer_text, remedies_text
from reconciler.reports.wording.remedies import Way, ways_out
from reconciler.resources.address import Address, Identity
from reconciler.resources.problems import command_text

MOST_CHAINS: Final = 5
REMEDY: Final = "Remedy"
CONSENT: Final = "Or add this consent, with a reason and an expiry date"
COMMAND: Final = "Or run"
Link: TypeAlias = tuple[str, str]
"""An object, and the place where it refers to the next one; the place may be empty."""


@dataclass(frozen=True)
class RefusalView:
    """One refusal; all texts are not escaped."""

    rule: str
    cause: str
    sign: str
    action: str
    address: str
    """Empty if the whole plan is refused."""
    sections: tuple[tuple[str, tuple[Link, ...]], ...]
    """Titles and referrers, each with its state."""
    chains: tuple[tuple[Link, ...], ...]
    """Paths of references with a link that no section shows."""
    remedies: str
    """The ways out as one sentence."""
    consent: tuple[str, ...]
    """The lines of a manifest that permits it; empty without one."""
    command: str = ""
    """The command that writes this manifest; empty without one."""
    ways: tuple[Way, ...] = ()
    """The ways out, to be printed as lists."""
    cause_of_several: str = ""
    """The cause, for a `{number}` of objects with the same ways out; empty if it is stated for each of them."""
    environment: str | None = None


def refusal_views(refusals: Sequence[Refusal], identity: str = "") -> tuple[RefusalView, ...]:
    """Return the views of the refusals of a plan for `identity`."""
    return tuple(_view(one, Identity.parse(identity).environment) for one in refusals)


def grouped(refusals: Sequence[RefusalView]) -> list[tuple[RefusalView, ...]]:
    """Return the refusals with one rule, action, cause and way out together, at the place of the first."""
    found: dict[object, list[RefusalView]] = {}
    for index, one in enumerate(refusals):
        several = (one.rule, one.action, one.cause_of_several, one.ways, bool(one.consent))
        found.setdefault(several if one.cause_of_several and one.address else index, []).append(one)
    return list(map(tuple, found.values()))


def consent_of_each(refusals: Sequence[RefusalView]) -> str:
    """Return the command that writes the consent for one of several refusals; empty if nothing permits them."""
    first = refusals[0]
    return _command("ADDRESS", first.rule, first.environment) if first.consent else ""


def is_of_whole_plan(refusal: Refusal) -> bool:
    """Return whether the whole plan is refused and not one object of it."""
    return refusal.address.startswith("project/")


def _view(refusal: Refusal, environment: str | None) -> RefusalView:
    sections = ((title, refusal.sections.get(title, ())) for title in SECTIONS)
    return RefusalView(
        rule=refusal.rule,
        cause=cause_text(refusal.cause),
        sign=SIGNS[refusal.action],
        action=refusal.action,
        address="" if is_of_whole_plan(refusal) else refusal.address,
        sections=tuple(
            (title, tuple((referrer_text(one), place_text(one)) for one in referrers))
            for title, referrers in sections
            if referrers
        ),
        chains=tuple(map(_links, _longer_chains(refusal))),
        remedies=remedies_text(refusal.remedies, environment),
        consent=tuple(refusal.consent.strip("\n").split("\n")) if refusal.consent else (),
        command=_command(refusal.address, refusal.rule, environment) if refusal.consent else "",
        ways=tuple(chain.from_iterable(ways_out(refusal.remedies, environment))),
        cause_of_several=cause_of_several(refusal.cause),
        environment=environment,
    )


def _command(address: str, rule: str, environment: str | None) -> str:
    words = map(shlex.quote, ("consent", address, rule, "--reason", "REASON", "--expires", "30d"))
    return command_text(environment, *words)


def _longer_chains(refusal: Refusal) -> list[tuple[Referrer, ...]]:
    """Return the chains with a link between the referrer, which a section lists, and the refused object."""
    refused = Address.parse(refusal.address)
    return [chain for chain in refusal.chains if [link.node for link in chain[1:]] != [refused]]


def _links(chain: Sequence[Referrer]) -> tuple[Link, ...]:
    *above, last = chain
    return (*((str(one.node), place_text(one)) for one in above), (str(last.node), ""))
