"""Consents: a person's reviewed leave to do the one thing that would be refused. There is no global force."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from reconciler.planning.inputs import Consent, PlanInputs
from reconciler.planning.model import Change, Refusal
from reconciler.planning.reasons import Notice
from reconciler.resources.address import Address
from reconciler.resources.base import Resource
from reconciler.resources.kinds.consent import LONGEST, ConsentSpec
from reconciler.resources.values import JSON

PROJECT: Final = "project/"
"""Addresses of what is about the plan as a whole."""
_PLAIN: Final = re.compile(r"[\w./@-]+")


@dataclass(frozen=True)
class Lifted:
    """What consents have made of refusals."""

    refusals: tuple[Refusal, ...]
    """Those that stay."""
    permits: tuple[tuple[Refusal, Consent], ...] = ()
    """Those that were lifted, each with its consent."""
    warnings: tuple[Notice, ...] = ()

    def permitted(self, change: Change) -> Iterator[Consent]:
        """The consents by which `change` is made; those about the plan as a whole are warnings."""
        made = (change.address, change.action)
        return (consent for refusal, consent in self.permits if (refusal.address, refusal.action) == made)


def consents(resources: Iterable[Resource]) -> tuple[Consent, ...]:
    """Those among manifests."""
    return tuple(_consent(one, one.spec) for one in resources if isinstance(one.spec, ConsentSpec))


def _consent(resource: Resource, spec: ConsentSpec) -> Consent:
    return Consent(
        name=resource.address.name,
        identity=spec.identity,
        address=spec.address,
        rule=spec.rule,
        subject=spec.subject,
        reason=spec.reason.strip(),
        expires=date.fromisoformat(spec.expires),
        place=resource.place,
    )


def lift(inputs: PlanInputs, refusals: Sequence[Refusal]) -> Lifted:
    """Take away exactly those refusals to which a consent of this identity, not expired, belongs."""
    ours = [consent for consent in inputs.consents if consent.identity == str(inputs.identity)]
    valid = {_key(consent): consent for consent in ours if consent.expires >= inputs.today}
    permits = tuple((one, valid[_key(one)]) for one in refusals if one.consent is not None and _key(one) in valid)
    lifted = {_key(refusal) for refusal, _ in permits}
    refused = {(one.address, one.rule) for one in refusals}
    return Lifted(
        refusals=tuple(one for one in refusals if one.consent is None or _key(one) not in lifted),
        permits=permits,
        warnings=(*_of_the_whole(permits), *_useless(inputs, ours, lifted, refused)),
    )


def _key(one: Refusal | Consent) -> tuple[str, str, str]:
    return one.address, one.rule, one.subject


def _of_the_whole(permits: Iterable[tuple[Refusal, Consent]]) -> Iterator[Notice]:
    """What is lifted of the plan as a whole, and of no change of it."""
    for refusal, consent in permits:
        if refusal.address.startswith(PROJECT):
            cause = {"code": refusal.cause.code, "args": dict(refusal.cause.args)}
            yield Notice("consent-permits", {"rule": refusal.rule, "cause": cause, **permission(consent)})


def permission(consent: Consent) -> dict[str, JSON]:
    """Return the arguments of a statement that a consent permits something."""
    return {"consent": consent.name, "until": str(consent.expires), "why": consent.reason}


def _useless(
    inputs: PlanInputs,
    ours: Iterable[Consent],
    lifted: Collection[tuple[str, str, str]],
    refused: Collection[tuple[str, str]],
) -> Iterator[Notice]:
    """Consents that have expired, and those whose refusal there is not, or not any more."""
    for consent in sorted(ours, key=lambda consent: consent.place):
        about = {"place": f"{consent.place.file}:{consent.place.line}", "consent": consent.name}
        if consent.expires < inputs.today:
            yield Notice("consent-expired", {**about, "until": str(consent.expires)})
        elif _key(consent) in lifted or not inputs.in_scope(Address.parse(consent.address)):
            continue
        elif (consent.address, consent.rule) in refused:
            yield Notice("consent-outdated", about)
        else:
            yield Notice("consent-unneeded", about)


def _scalar(address: str) -> str:
    """As YAML reads it back: names of files may have anything in them."""
    return address if _PLAIN.fullmatch(address) else json.dumps(address, ensure_ascii=False)


def consent_document(identity: str, address: str, rule: str, subject: str) -> str:
    """The smallest manifest that lifts one refusal. Reason and last day are for the person who consents."""
    return f"""\
apiVersion: reconciler/v1
kind: Consent
metadata: {{name: {rule}-{subject.removeprefix("sha256:")[:8]}}}
spec:
  identity: {identity}
  address: {_scalar(address)}
  rule: {rule}
  subject: {subject}
  reason: ""  # why, for its reviewers
  expires: ""  # its last day, "YYYY-MM-DD", at most {LONGEST} days ahead
"""
