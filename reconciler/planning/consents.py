"""Consents: reviewed permissions, each for one refused change. There is no option that forces everything."""

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
from reconciler.resources.kinds.consent import KIND, LONGEST, ConsentSpec
from reconciler.resources.values import JSON

PROJECT: Final = "project/"
"""Addresses of what is about the plan as a whole."""
_PLAIN: Final = re.compile(r"[\w./@-]+")


@dataclass(frozen=True)
class Lifted:
    """The refusals after consents were applied."""

    refusals: tuple[Refusal, ...]
    """Refusals without a valid consent."""
    permits: tuple[tuple[Refusal, Consent], ...] = ()
    """Lifted refusals, each with its consent."""
    warnings: tuple[Notice, ...] = ()

    def permitted(self, change: Change) -> Iterator[Consent]:
        """Return the consents that permit `change`. Consents about the plan as a whole are warnings."""
        made = (change.address, change.action)
        about = ((refusal, consent) for refusal, consent in self.permits if not refusal.address.startswith(PROJECT))
        return (consent for refusal, consent in about if (refusal.address, refusal.action) == made)


def consents(resources: Iterable[Resource]) -> tuple[Consent, ...]:
    """Return the consents among the manifests."""
    return tuple(_consent(one, one.spec) for one in consent_manifests(resources))


def consent_manifests(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    # By address, because reading the spec of a manifest from the cache builds it.
    return tuple(one for one in resources if one.address.kind == KIND.prefix)


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
    """Remove the refusals that an unexpired consent of this identity permits."""
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
    """Yield a warning for each lifted refusal of the plan as a whole."""
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
    """Yield a warning for each consent that has expired or has no refusal."""
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
    """Return the address as a YAML scalar: names of files may contain any character."""
    return address if _PLAIN.fullmatch(address) else json.dumps(address, ensure_ascii=False)


def consent_name(rule: str, subject: str) -> str:
    """Return the name of a consent in its refusal."""
    return f"{rule}-{subject.removeprefix('sha256:')[:8]}"


def consent_document(identity: str, address: str, rule: str, subject: str) -> str:
    """Return the smallest manifest that lifts one refusal. The person who consents adds the reason and the last day."""
    return f"""\
apiVersion: reconciler/v1
kind: Consent
metadata: {{name: {consent_name(rule, subject)}}}
spec:
  identity: {identity}
  address: {_scalar(address)}
  rule: {rule}
  subject: {subject}
  reason: ""  # why, for its reviewers
  expires: ""  # its last day, "YYYY-MM-DD", at most {LONGEST} days ahead
"""
