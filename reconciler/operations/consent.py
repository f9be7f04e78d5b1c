"""`consent`: write the manifest that permits one refused change."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from typing_extensions import TypedDict

from reconciler.manifests.drafts import Draft, literal
from reconciler.manifests.editing.documents import source_of
from reconciler.manifests.editing.edits import UneditableError
from reconciler.manifests.folder import MAX_MANIFEST, UnreadableError, locate, read_text
from reconciler.manifests.writing import manifest_text, modeline, schema_around
from reconciler.operations.plan import make_plan
from reconciler.planning.consents import consent_name
from reconciler.planning.model import OnDrift, Plan, Refusal
from reconciler.project.connection import connected, run_async
from reconciler.project.edits import Edit, write
from reconciler.project.workspace import Workspace, open_workspace
from reconciler.resources.address import Address
from reconciler.resources.base import Resource
from reconciler.resources.kinds.consent import KIND, LONGEST, ConsentSpec
from reconciler.resources.name_lists import did_you_mean, few
from reconciler.resources.problems import Problem, ReconcilerError, env_option

FORMAT: Final = "reconciler/consent/v1"
FILE: Final = "consents.yaml"
"""The file that new consents are added to, in the project folder."""
RULES: Final[tuple[str, ...]] = get_args(ConsentSpec.model_fields["rule"].annotation)
"""The rules of the guard that a consent can permit an exception to."""
Action: TypeAlias = Literal["created", "updated", "unchanged"]
_DAYS: Final = re.compile(r"([1-9][0-9]{0,3})d")


@dataclass(frozen=True)
class Consented:
    """One consent, and what was done to its manifest."""

    name: str
    subject: str
    action: Action
    path: str
    """Path of the manifest, relative to the project folder."""
    before: tuple[str, str] | None = None
    """The reason and the last day that an update replaced."""


@dataclass(frozen=True)
class Consents:
    """The consents to one refusal, with the edits of their files. A rule may refuse an address for several reasons."""

    address: str
    rule: str
    reason: str
    expires: date
    consents: tuple[Consented, ...]
    edits: tuple[Edit, ...]
    warnings: tuple[Problem, ...] = ()
    identity: str = ""


def expiry(text: str, today: date | None = None) -> date:
    """Return the last day of a consent, from a date (`2026-12-31`) or a number of days (`30d`); raises ValueError with
    a message if it is not valid, has passed, or is too late.
    """
    today = today or datetime.now(UTC).date()
    days = _DAYS.fullmatch(text)
    try:
        last = today + timedelta(days=int(days[1])) if days else date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a date; write it as 2026-12-31, or as a number of days: 30d") from None
    latest = today + timedelta(days=LONGEST)
    if last < today:
        raise ValueError(f"{last} has passed; write a date from {today} to {latest}")
    if last > latest:
        raise ValueError(f"{last} is too late: a consent is valid for at most {LONGEST} days, until {latest}")
    return last


def consent(
    start: Path,
    environ: Mapping[str, str],
    address: Address,
    rule: str,
    *,
    reason: str,
    expires: date,
    env: str | None,
    endpoint: str | None,
    on_drift: OnDrift,
    dry_run: bool,
) -> Consents:
    """Write the consent to what a plan refuses for `address` with `rule`, or update an existing one.

    Raises ReconcilerError and writes nothing if the plan does not refuse that, or if no consent can permit it.
    """

    async def run() -> tuple[Workspace, Plan, list[Resource]]:
        workspace = open_workspace(start, environ, env=env, endpoint=endpoint)
        known = list(_known(workspace, address, rule))
        others = tuple(one for one in workspace.loaded.resources if one not in known)
        # Without the present consents, the plan refuses also what they permit.
        without = replace(workspace, loaded=replace(workspace.loaded, resources=others))
        async with connected(without) as connection:
            observed = await make_plan(without, connection, on_drift=on_drift)
        return workspace, observed.planned.plan, known

    workspace, plan, known = run_async(run())
    refusals = _permitted(workspace, plan, address, rule, known)
    today = datetime.now(UTC).date()
    valid = {one.spec.subject for one in known if date.fromisoformat(one.spec.expires) >= today}
    writing = _Writing(workspace, reason, expires, known)
    done = [writing.consented(refusal) for refusal in _due(refusals, valid)]
    edits = writing.edits()
    if edits and not dry_run:
        write(workspace.root, edits)
    return Consents(
        str(address),
        rule,
        reason,
        expires,
        tuple(done),
        edits,
        tuple(workspace.loaded.of_checkout),
        str(workspace.identity),
    )


def _known(workspace: Workspace, address: Address, rule: str) -> Iterator[Resource]:
    """Yield the consents of this identity for the rule and the address."""
    for one in workspace.loaded.resources:
        spec = one.spec
        if not isinstance(spec, ConsentSpec) or Address.parse(spec.address) != address:
            continue
        if (spec.identity, spec.rule) == (str(workspace.identity), rule):
            yield one


def _permitted(
    workspace: Workspace, plan: Plan, address: Address, rule: str, known: Sequence[Resource]
) -> list[Refusal]:
    """Return the refusals that a consent can permit; raises ReconcilerError if there is none."""
    found = [one for one in plan.refusals if (one.address, one.rule) == (str(address), rule)]
    permitted = [one for one in found if one.consent is not None]
    if permitted:
        return permitted
    if found:
        message = f"no consent can permit {rule} of {address}: it is caused by manifests, which must be edited"
        hint = f"To see what to edit, run `reconciler plan{env_option(workspace.identity.environment)}`."
        raise ReconcilerError(Problem("no-consent", message, hint=hint))
    if known:
        names, place = few([str(one.address) for one in known]), known[0].place
        message = f"the plan does not refuse {address} with the rule {rule}: {names} is no longer needed"
        raise ReconcilerError(Problem("not-refused", message, place, "Delete the consent."))
    message = f"the plan does not refuse {address} with the rule {rule}"
    raise ReconcilerError(Problem("not-refused", message, hint=_refused(plan, address, rule)))


def _refused(plan: Plan, address: Address, rule: str) -> str:
    """Return what the plan refuses that a consent can permit."""
    open_ = [(one.address, one.rule) for one in plan.refusals if one.consent is not None]
    addresses = [other for other, with_rule in open_ if with_rule == rule]
    rules = [with_rule for other, with_rule in open_ if other == str(address)]
    hint = f"it is refused with {few(rules)}" if rules else did_you_mean(str(address), addresses)
    listed = few([f"{other} {with_rule}" for other, with_rule in dict.fromkeys(open_)])
    return hint or (f"Refused are: {listed}." if listed else "The plan has no refusal that a consent can permit.")


def _due(refusals: Sequence[Refusal], valid: set[str]) -> Sequence[Refusal]:
    """Return the refusals without a valid consent; all, if each has one, so that these are updated."""
    return [one for one in refusals if one.subject not in valid] or refusals


class _Writing:
    """The edits of the files with consents, each on the result of the one before."""

    def __init__(self, workspace: Workspace, reason: str, expires: date, known: Sequence[Resource]) -> None:
        self._workspace, self._reason, self._expires = workspace, reason, str(expires)
        self._by_subject = {one.spec.subject: one for one in known}
        self._before: dict[str, str | None] = {}
        self._texts: dict[str, str] = {}

    def consented(self, refusal: Refusal) -> Consented:
        """Write the consent to one refusal: the one that has its subject, or an outdated one, or a new one."""
        known = self._by_subject.pop(refusal.subject, None)
        if known is None:
            outdated = next(iter(self._by_subject), None)
            known = self._by_subject.pop(outdated) if outdated is not None else None
        return self._update(known, refusal) if known else self._create(refusal)

    def edits(self) -> tuple[Edit, ...]:
        edits = (Edit(path, self._before[path], text) for path, text in self._texts.items())
        return tuple(one for one in edits if one.before != one.after)

    def _update(self, known: Resource, refusal: Refusal) -> Consented:
        source = source_of(self._workspace.loaded.project, known, self._texts)
        value, name = source.document.value, known.address.name
        if name == consent_name(known.spec.rule, known.spec.subject):
            name = consent_name(refusal.rule, refusal.subject)
        spec = {**value["spec"], "subject": refusal.subject}
        before = (known.spec.reason.strip(), known.spec.expires)
        if before != (self._reason, self._expires):
            spec |= {"reason": literal(self._reason), "expires": self._expires}
        wanted = {**value, "metadata": {**value["metadata"], "name": name}, "spec": spec}
        try:
            text = source.edited(wanted)
        except UneditableError as error:
            raise ReconcilerError(source.uneditable(error)) from error
        self._before.setdefault(source.path, source.text)
        self._texts[source.path] = text
        if text == source.text:
            return Consented(name, refusal.subject, "unchanged", source.path)
        return Consented(name, refusal.subject, "updated", source.path, before)

    def _create(self, refusal: Refusal) -> Consented:
        name = consent_name(refusal.rule, refusal.subject)
        spec = {
            "identity": str(self._workspace.identity),
            "address": literal(refusal.address),
            "rule": refusal.rule,
            "subject": refusal.subject,
            "reason": literal(self._reason),
            "expires": self._expires,
        }
        text = manifest_text(Draft(KIND.name, name, spec))
        if FILE not in self._before:
            self._before[FILE] = self._read()
        before = self._texts.get(FILE, self._before[FILE])
        self._texts[FILE] = self._first(text) if before is None else _appended(before, text)
        return Consented(name, refusal.subject, "created", FILE)

    def _read(self) -> str | None:
        """Return the text of the file for new consents; None if it does not exist."""
        try:
            target = locate(self._workspace.root, FILE)
            return read_text(target, MAX_MANIFEST) if target.exists() else None
        except UnreadableError as error:
            raise ReconcilerError(Problem(error.code, f"{FILE} {error.message}", hint=error.hint)) from error

    def _first(self, text: str) -> str:
        schema = schema_around(self._workspace.root)
        return (modeline(self._workspace.root / FILE, schema) if schema else "") + text


def _appended(before: str, text: str) -> str:
    """Return a file with one more document, with the line ends of the file."""
    ending = "\r\n" if "\r\n" in before else "\n"
    kept = before if not before or before.endswith("\n") else before + ending
    marker = f"---{ending}" if before.strip() else ""
    return kept + marker + text.replace("\n", ending)


class ConsentedDocument(TypedDict):
    """One consent."""

    address: str
    """`consent/NAME`."""
    subject: str
    """Digest of what the consent permits."""
    action: Action
    """The change of the manifest."""
    path: str
    """Path of the manifest, relative to the project folder."""


class ConsentDocument(TypedDict):
    """The consents to one refusal: printed by `consent`."""

    format: Literal["reconciler/consent/v1"]
    permits: str
    """Address of the object that the plan refuses to change."""
    rule: str
    """Rule of the guard that refuses it."""
    reason: str
    """For the reviewers."""
    expires: str
    """Last day on which the consents are valid, as `YYYY-MM-DD`."""
    written: bool
    """False if nothing was written: with `--dry-run`, or because nothing has changed."""
    consents: list[ConsentedDocument]
    """The consents, in the order of the refusals."""


def consent_json(done: Consents, *, written: bool) -> ConsentDocument:
    """Return `done` as the JSON document that `consent -o json` prints."""
    return {
        "format": FORMAT,
        "permits": done.address,
        "rule": done.rule,
        "reason": done.reason,
        "expires": str(done.expires),
        "written": written and bool(done.edits),
        "consents": [
            {"address": f"{KIND.prefix}/{one.name}", "subject": one.subject, "action": one.action, "path": one.path}
            for one in done.consents
        ],
    }
