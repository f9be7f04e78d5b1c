"""`migrate --cutover`: switch one chatbot to the counterparts of its assistants on another target, and back.

The assistants of the old target stay as they are. A counterpart is a manifest of its own; the chatbot and its pipelines
refer to one or to the other. If the chatbot is published, the switch is a release and a new value of `published`. Works
on the working tree only.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from reconciler.manifests import find_project
from reconciler.manifests.editing.documents import source_of
from reconciler.migration.conversion import ASSISTANTS, Conversion, convert
from reconciler.migration.counterparts import LABEL, Families, copied, family, restored, target_of
from reconciler.migration.cutover_model import Cutover, Pair, Row, Verdict
from reconciler.migration.cutover_release import publish_switched
from reconciler.migration.redirects import Edits, Redirects
from reconciler.migration.side_by_side import call_differences, plain_rows, rows_of, turned, with_lengths
from reconciler.project.all_environments import CHATBOT, AllEnvironments, load_all_environments
from reconciler.project.edits import write
from reconciler.releases.snapshot import closure, own_object
from reconciler.resources.address import Address
from reconciler.resources.assistants.model_parameters import parameter_risks
from reconciler.resources.base import Resource
from reconciler.resources.kinds.assistant import KIND
from reconciler.resources.model_names import has_instructions_last
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.risks import Hazard
from reconciler.resources.values import ABSENT

_IGNORE: Final = "lifecycle.ignore"


def cutover(
    start: Path, environ: Mapping[str, str], chatbot: str, target: str, *, env: str | None = None, dry_run: bool = False
) -> Cutover:
    """Switch a chatbot of the project at or above `start` to assistants with `target`.

    Its pointer moves in `env`, or in all environments in which it is published. Nothing is written if something cannot
    be expressed on the target; the result has the reasons. Raises ReconcilerError for a project with errors.
    """
    project = load_all_environments(find_project(start), environ)
    switch = _Switch(project, environ, project.named(Address(CHATBOT, chatbot)), target)
    done = switch.prepare(env or environ.get("RECONCILER_ENV") or None)
    if dry_run or done.is_empty:
        return done
    write(project.root, done.edits)
    return replace(done, written=tuple(edit.path for edit in done.edits))


@dataclass
class _Switch:
    """The switch of one chatbot, with the edits so far."""

    project: AllEnvironments
    environ: Mapping[str, str]
    chatbot: Resource
    target: str
    edits: Edits = field(default_factory=Edits)
    switched: dict[Address, Address] = field(default_factory=dict)
    """New assistants by the address of the old one."""

    @cached_property
    def families(self) -> Families:
        return Families.of(self.project)

    def prepare(self, env: str | None) -> Cutover:
        loads = self.project.loads
        used = {address: part for one in loads for address, part in closure(one, self.chatbot.address).items()}
        assistants = [one for one in used.values() if one.kind is KIND]
        pairs = [pair for one in assistants if (pair := self._pair(one))]
        others = [one for one in assistants if target_of(one) != self.target and one.address not in self.switched]
        if len(others) == len(assistants) and not self.edits.refusals:
            raise ReconcilerError(self._nothing())
        redirects = Redirects(self.project, self.chatbot.address, used, self.switched, self.edits)
        redirects.write()
        done = Cutover(
            self.chatbot.address,
            self.target,
            tuple(pairs),
            call_differences(pairs[0].before_target, self.target) if pairs else (),
            tuple(redirects.shared()),
            tuple((one.address, target_of(one)) for one in others),
        )
        if not self.edits.refusals:
            done = self._published(done, env)
        warnings = (*self.project.warnings(), *self.edits.warnings)
        return replace(done, edits=self.edits.all(), refusals=tuple(self.edits.refusals), warnings=warnings)

    def _pair(self, resource: Resource) -> Pair | None:
        """Return an assistant of the chatbot beside its counterpart, which is written if there is none; None if there
        cannot be one.
        """
        if target_of(resource) == self.target:
            olds = [one for one in KIND.models if (one == ASSISTANTS) != (self.target == ASSISTANTS)]
            found = [old for target in olds if (old := self.families.counterpart(resource, target))]
            return _compared(self.project, found[0], resource) if found else None
        known = self.families.counterpart(resource, self.target)
        if known:
            self.switched[resource.address] = known.address
            return replace(_compared(self.project, resource, known), is_switched=True)
        if target_of(resource) == ASSISTANTS:
            return self._converted(resource)
        return self._restored(resource) if LABEL in resource.labels else None

    def _converted(self, resource: Resource) -> Pair:
        """Return an assistant beside a new counterpart."""
        address = Address(KIND.prefix, self.families.free_name(resource, self.target))
        source = source_of(self.project.project, resource)
        made = convert(resource, source.document.value.get("spec", {}), self.target, address.name)
        self.edits.refusals += _prevented(resource, self.target, made)
        ignored = {field: made.renamed(field) for field in resource.lifecycle.ignore}
        kept = list(dict.fromkeys(field for field in ignored.values() if field))
        self.edits.put(*copied(source, resource, address.name, made.spec, kept))
        self.switched[resource.address] = address
        rows = [*rows_of(resource.written(), made.expected, made.parts, made.expected), *_ignored(ignored, kept)]
        return replace(_side_by_side(resource, address, self.target, rows), is_new=True, is_switched=True)

    def _restored(self, resource: Resource) -> Pair | None:
        """Return an assistant beside its old manifest, which was removed, as a release contains it."""
        address = Address(KIND.prefix, family(resource))
        found = restored(self.project, self.chatbot.address.name, address, self.target)
        if found is None or address in self.project.resources:
            message = f"{resource.address} has no counterpart with target {self.target}"
            hint = f"Restore the manifest of {address} from Git, or set the label `{LABEL}: {address.name}` on another."
            if self.target != ASSISTANTS:
                back = f"reconciler migrate --cutover {self.chatbot.address.name} --to {ASSISTANTS}"
                hint = f"Switch it back to {ASSISTANTS} first: {back}"
            self.edits.refusals.append(Problem("no-counterpart", message, resource.place, hint))
            return None
        message = f"the manifest of {address} is restored from {found.release}, without labels, lifecycle and comments"
        hint = f"Git has the manifest as it was: git log -p -S {address.name}"
        self.edits.warnings.append(Problem("restored-manifest", message, resource.place, hint, severity="warning"))
        self.edits.put(found.path, found.text)
        self.switched[resource.address] = address
        return replace(_side_by_side(resource, address, self.target, ()), is_new=True, is_switched=True)

    def _nothing(self) -> Problem:
        message = f"{self.chatbot.address} uses no assistant that can be switched to target {self.target}"
        hint = f"Assistants with target {ASSISTANTS} can be switched, and those with a label `{LABEL}`."
        return Problem("nothing-to-switch", message, self.chatbot.place, hint)

    def _published(self, done: Cutover, env: str | None) -> Cutover:
        """Load the edited project, and publish a release of it where the chatbot is published."""
        try:
            after = load_all_environments(self.project.root, self.environ, edited=self.edits.texts)
            pairs = tuple(replace(_filled(after, pair), risks=_risks(after, pair)) for pair in done.pairs)
            message = f"Switch to target {self.target}" if self.switched else ""
            found = publish_switched(self.project, after, self.chatbot, env, message, self.edits)
        except ReconcilerError as error:
            self.edits.refusals += error.problems
            return done
        done = replace(done, pairs=pairs)
        if found is None:
            return done
        is_everywhere = len(found.moves) == len(self.project.loads)
        return replace(
            done, release=found.release, is_released=found.is_new, moves=found.moves, is_everywhere=is_everywhere
        )


def _ignored(fields: Mapping[str, str | None], kept: list[str]) -> Iterator[Row]:
    """Yield a row for `lifecycle.ignore`, if there are ignored fields."""
    lost = [field for field, new in fields.items() if new is None]
    if fields:
        note = f"the new manifest does not have {', '.join(lost)}" if lost else ""
        after = kept or ABSENT
        verdict: Verdict = "same" if list(fields) == kept else "changed" if kept else "lost"
        yield Row(_IGNORE, _IGNORE if kept else "", list(fields), after, verdict, note)


def _prevented(resource: Resource, target: str, made: Conversion) -> Iterator[Problem]:
    for entry in made.prevented:
        message = f"{resource.address} cannot be switched to target {target}: {entry.field}: {entry.note}"
        yield Problem("not-expressible", message, resource.place, entry.hint)


def _side_by_side(resource: Resource, after: Address, target: str, rows: Iterable[Row]) -> Pair:
    before = target_of(resource)
    return Pair(resource.address, after, before, target, tuple(with_lengths(row, before, target) for row in rows))


def _compared(project: AllEnvironments, old: Resource, new: Resource) -> Pair:
    """Return two existing assistants side by side."""
    before, after = target_of(old), target_of(new)
    rows: Iterable[Row]
    if ASSISTANTS in (before, after):
        first, second = (old, new) if before == ASSISTANTS else (new, old)
        written = source_of(project.project, first).document.value.get("spec", {})
        made = convert(first, written, target_of(second), second.address.name)
        rows = rows_of(first.written(), second.written(), made.parts, made.expected)
        rows = rows if first is old else map(turned, rows)
    else:
        rows = plain_rows(old.written(), new.written())
    return _side_by_side(old, new.address, after, rows)


def _filled(project: AllEnvironments, pair: Pair) -> Pair:
    """Return a pair with its fields, also if its manifest was restored, which includes no files."""
    if pair.rows:
        return pair
    old, new = project.named(pair.before), project.named(pair.after)
    made = convert(new, new.written(), pair.before_target, old.address.name)
    rows = map(turned, rows_of(new.written(), old.written(), made.parts, made.expected))
    return replace(pair, rows=_side_by_side(old, new.address, pair.after_target, rows).rows)


def _risks(project: AllEnvironments, pair: Pair) -> tuple[Hazard, ...]:
    """Return what the model of the new configuration refuses, once for all environments."""
    found: dict[tuple[str, str, str], Hazard] = {}
    for loaded, resource in zip(project.loads, project.in_each(pair.after), strict=True):
        fields = own_object(resource, loaded.scope).fields
        model = str(fields.get("model"))
        hazards = [*parameter_risks(fields, loaded.project.spec.refused_parameters)]
        if pair.after_target == "responses" and fields.get("instructions") and has_instructions_last(model):
            hazards.append(Hazard("instructions-moved", {"before": model, "after": model}))
        for one in hazards:
            found.setdefault((one.rule, model, str(one.args.get("parameter"))), one)
    return tuple(found.values())
