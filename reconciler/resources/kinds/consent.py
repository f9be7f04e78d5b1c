"""Consents: reviewed exceptions to one refusal each. They have no live objects."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Final, Literal

from pydantic import WithJsonSchema

from reconciler.resources.address import IDENTITY_PATTERN, Address, Identity, is_name
from reconciler.resources.base import Resource, Scope, Spec
from reconciler.resources.kind import Kind
from reconciler.resources.problems import Finding

LONGEST: Final = 90
"""Largest number of days until a consent expires."""
TOO_BROAD: Final = "consent-too-broad"
_DIGEST: Final = re.compile("sha256:[0-9a-f]{64}")


def _shaped(pattern: str) -> WithJsonSchema:
    """Return a JSON Schema with a pattern for editors. `check` reports violations with better messages."""
    return WithJsonSchema({"type": "string", "pattern": pattern})


class ConsentSpec(Spec):
    """A reviewed exception to one refusal, as printed by the refusal and completed with a reason and an expiry date."""

    identity: Annotated[str, _shaped(IDENTITY_PATTERN)]
    """Identity that the consent holds for, as `PROJECT` or `PROJECT/ENVIRONMENT`."""
    address: Annotated[str, _shaped("^[a-z]+/[^*]+$")]
    """Address of the object that was refused, such as `assistant/triage`. Exactly one object; wildcards are refused."""
    rule: Literal["referenced", "protected", "threshold", "release-drift", "retired-model", "wrong-project", "cost"]
    """Rule of the guard that the consent overrides."""
    subject: Annotated[str, _shaped(f"^{_DIGEST.pattern}$")] = ""
    """Digest of what the consent permits, copied from the refusal (`sha256:` and 64 hexadecimal digits). The consent is
    void once the refusal changes."""
    reason: str = ""
    """Reason for the exception, in one sentence, for the reviewers. Must not be empty."""
    expires: Annotated[str, _shaped("^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] = ""
    """Last day on which the consent is valid, as `YYYY-MM-DD` in quotes, at most 90 days ahead."""


def _check(resource: Resource, scope: Scope) -> Iterator[Finding]:
    spec: ConsentSpec = resource.spec
    yield from _identity(spec, scope)
    yield from _address(spec)
    if not _DIGEST.fullmatch(spec.subject):
        hint = "copy the line `subject: sha256:…` from the refusal that the plan prints"
        yield Finding(("spec", "subject"), TOO_BROAD, "`subject` is not the digest of a refusal", hint)
    if not spec.reason.strip():
        hint = "write one sentence for the reviewers"
        yield Finding(("spec", "reason"), TOO_BROAD, "a consent must have a reason", hint)
    yield from _expires(spec, scope)


def _identity(spec: ConsentSpec, scope: Scope) -> Iterator[Finding]:
    environment = Identity.parse(spec.identity).environment
    if environment not in (scope.environments or (None,)):
        written = Identity.parse(spec.identity).project
        project = written if is_name(written) else "PROJECT"
        known = ", ".join(f"`{project}/{name}`" for name in scope.environments)
        message = f"a consent must name one environment, and `{spec.identity}` does not exist"
        hint = f"write one of {known}" if known else f"write `{project}`"
        yield Finding(("spec", "identity"), TOO_BROAD, message, hint)


def _address(spec: ConsentSpec) -> Iterator[Finding]:
    try:
        Address.parse(spec.address)
    except ValueError:
        one = False
    else:
        one = "*" not in spec.address
    if not one:
        message = f"`{spec.address}` is not the address of one object"
        hint = "copy the address of the refusal, such as `assistant/triage`"
        yield Finding(("spec", "address"), TOO_BROAD, message, hint)


def _expires(spec: ConsentSpec, scope: Scope) -> Iterator[Finding]:
    path = ("spec", "expires")
    try:
        last = date.fromisoformat(spec.expires)
    except ValueError:
        hint = 'write the last day on which it is valid, such as "2026-12-24"'
        yield Finding(path, TOO_BROAD, "a consent must have an expiry date", hint)
        return
    latest = scope.today + timedelta(days=LONGEST) if scope.today else date.max
    if last > latest:
        message = f"a consent is valid for at most {LONGEST} days"
        yield Finding(path, TOO_BROAD, message, f'write "{latest}" or earlier')


KIND: Final = Kind(
    name="Consent",
    prefix="consent",
    models={"": ConsentSpec},
    desired=lambda _resource, _scope: (),
    check=_check,
    is_object=False,
    is_dated=True,
    has_lifecycle=False,
)
