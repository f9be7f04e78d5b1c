"""Refusals as all reports show them: the cause, who refers to the object and where, and the remedies."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from reconciler.planning.model import SECTIONS, Refusal
from reconciler.planning.referrers import Referrer
from reconciler.reports.views.changes import SIGNS
from reconciler.reports.wording import cause_text, place_text, referrer_text, remedies_text, remedy_texts
from reconciler.resources.address import Address, Identity
from reconciler.resources.problems import env_option

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
    """All of them as one sentence."""
    remedy_lines: tuple[str, ...]
    """The same, one by one."""
    consent: tuple[str, ...]
    """The lines of a manifest that permits it; empty without one."""
    command: str = ""
    """The command that writes this manifest; empty without one."""


def refusal_views(refusals: Sequence[Refusal], identity: str = "") -> tuple[RefusalView, ...]:
    """Return the views of the refusals of a plan for `identity`."""
    return tuple(_view(one, Identity.parse(identity).environment) for one in refusals)


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
        remedies=remedies_text(refusal.remedies),
        remedy_lines=remedy_texts(refusal.remedies),
        consent=tuple(refusal.consent.strip("\n").split("\n")) if refusal.consent else (),
        command=_command(refusal, environment) if refusal.consent else "",
    )


def _command(refusal: Refusal, environment: str | None) -> str:
    words = ["reconciler", "consent", refusal.address, refusal.rule, "--reason", "REASON", "--expires", "30d"]
    return shlex.join(words) + env_option(environment)


def _longer_chains(refusal: Refusal) -> list[tuple[Referrer, ...]]:
    """Return the chains with a link between the referrer, which a section lists, and the refused object."""
    refused = Address.parse(refusal.address)
    return [chain for chain in refusal.chains if [link.node for link in chain[1:]] != [refused]]


def _links(chain: Sequence[Referrer]) -> tuple[Link, ...]:
    *above, last = chain
    return (*((str(one.node), place_text(one)) for one in above), (str(last.node), ""))
