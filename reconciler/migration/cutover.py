"""`migrate --cutover`: switch one chatbot to the counterparts of its assistants on another target, and back.

The assistants of the old target stay as they are. A counterpart is a manifest of its own; the chatbot and its pipelines
refer to one or to the other. If the chatbot is published, the switch is a release and a new value of `published`. Works
on the working tree only.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from reconciler.manifests import find_project
from reconciler.manifests.editing.documents import source_of
from reconciler.manifests.editing.edits import UneditableError
from reconciler.migration import counterparts
from reconciler.migration.conversion import ASSISTANTS, Conversion, convert
from reconciler.migration.counterparts import LABEL, family, target_of
from reconciler.migration.cutover_model import Cutover, Pair, Row, Shared
from reconciler.migration.model import Target
from reconciler.migration.side_by_side import call_differences, plain_rows, rows_of, turned, with_lengths
from reconciler.project.all_environments import AllEnvironments, load_all_environments
from reconciler.project.edits import Edit, write
from reconciler.releases.comparison import compare_versions
from reconciler.releases.diff import of_release, of_working
from reconciler.releases.pointer import chosen, published_numbers, set_published
from reconciler.releases.release import next_release, working_content
from reconciler.releases.snapshot import closure, own_object
from reconciler.resources.address import RELEASE, Address, release_address, release_number
from reconciler.resources.assistants.model_parameters import parameter_risks
from reconciler.resources.base import Reference, Resource
from reconciler.resources.kinds.assistant import KIND
from reconciler.resources.model_names import has_instructions_last
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.releases.content import content_digest, lacking
from reconciler.resources.risks import Hazard
from reconciler.resources.values import JSON

CHATBOT = "chatbot"


def cutover(
    start: Path, environ: Mapping[str, str], chatbot: str, target: str, *, env: str | None = None, dry_run: bool = False
) -> Cutover:
    """Switch a chatbot of the project at or above `start` to assistants with `target`.

    Its pointer moves in `env`, or in all environments in which it is published. Nothing is written if something cannot
    be expressed on the target; the result has the reasons. Raises ReconcilerError for a project with errors.
    """
    project = load_all_environments(find_project(start))
    plan = _Switch(project, project.named(Address(CHATBOT, chatbot)), target)
    done = plan.prepare(env or environ.get("RECONCILER_ENV") or None)
    if dry_run or done.refusals or done.is_empty:
        return done
    write(project.root, done.edits)
    return replace(done, written=tuple(edit.path for edit in done.edits))


@dataclass
class _Switch:
    """The switch of one chatbot, with the edits so far."""

    project: AllEnvironments
    chatbot: Resource
    target: str
    before: dict[str, str | None] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    """New texts by path."""
    switched: dict[Address, Address] = field(default_factory=dict)
    """New assistants by the address of the old one."""
    new: set[Address] = field(default_factory=set)
    refusals: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def prepare(self, env: str | None) -> Cutover:
        used = self._used(self.chatbot)
        assistants = [one for one in used.values() if one.kind is KIND]
        pairs, others = [], []
        for one in assistants:
            pair = self._already(one) if target_of(one) == self.target else self._pair(one)
            if pair:
                pairs.append(pair)
            elif target_of(one) != self.target:
                others.append((one.address, target_of(one)))
        if not any(target_of(one) == self.target for one in assistants) and not pairs:
            raise ReconcilerError(self._nothing())
        self._refuse_pinned(used)
        if not self.refusals:
            self._point(used)
        done = Cutover(
            self.chatbot.address,
            self.target,
            tuple(pairs),
            _calls(pairs, self.target),
            tuple(self._shared(used)),
            tuple(others),
        )
        if not self.refusals:
            done = self._published(done, env)
        edits = () if self.refusals else tuple(Edit(path, self.before[path], text) for path, text in self.texts.items())
        warnings = (*self.project.warnings(), *self.warnings)
        return replace(done, edits=edits, refusals=tuple(self.refusals), warnings=warnings)

    # Assistants

    def _used(self, chatbot: Resource) -> dict[Address, Resource]:
        """Return the objects that a chatbot uses in any environment."""
        return {
            address: part
            for loaded in self.project.loads
            for address, part in closure(loaded, chatbot.address).items()
        }

    def _already(self, resource: Resource) -> Pair | None:
        """Return an assistant that has the target, beside its counterpart on the old one."""
        wanted = [ASSISTANTS] if self.target != ASSISTANTS else [one for one in KIND.models if one != ASSISTANTS]
        for target in wanted:
            old = counterparts.counterpart(self.project, resource, target)
            if old:
                return _compared(self.project, old, resource)
        return None

    def _pair(self, resource: Resource) -> Pair | None:
        """Return an assistant beside its counterpart, which is written if there is none; None if there cannot be one."""
        known = counterparts.counterpart(self.project, resource, self.target)
        if known:
            self.switched[resource.address] = known.address
            return replace(_compared(self.project, resource, known), is_switched=True)
        if target_of(resource) == ASSISTANTS:
            return self._converted(resource)
        return self._restored(resource) if LABEL in resource.labels else None

    def _converted(self, resource: Resource) -> Pair:
        """Return an assistant beside a new counterpart."""
        name = counterparts.name_of(self.project, resource, self.target)
        source = source_of(self.project.project, resource)
        written = source.document.value.get("spec", {})
        made = convert(resource, written, cast(Target, self.target), name)
        self.refusals += _prevented(resource, self.target, made)
        self._add(*counterparts.copied(source, resource, name, made.spec))
        address = Address(KIND.prefix, name)
        self.switched[resource.address] = address
        self.new.add(address)
        rows = rows_of(resource.written(), made.expected, made.parts, made.expected)
        return _pair(resource, address, self.target, rows, is_new=True)

    def _restored(self, resource: Resource) -> Pair | None:
        """Return an assistant beside its old manifest, which was removed, as a release contains it."""
        name, chatbot = family(resource), self.chatbot.address.name
        found = counterparts.restored(self.project, chatbot, name, self.target)
        address = Address(KIND.prefix, name)
        if found is None or address in self.project.resources:
            message = f"{resource.address} has no counterpart with target {self.target}"
            hint = f"Restore the manifest of {address} from Git, or set the label `{LABEL}: {name}` on another one."
            self.refusals.append(Problem("no-counterpart", message, resource.place, hint))
            return None
        release, path, text = found
        message = f"the manifest of {address} is restored from {release}, without labels, lifecycle and comments"
        self.warnings.append(
            Problem("restored-manifest", message, resource.place, "Git has the rest.", severity="warning")
        )
        self._add(path, text)
        self.switched[resource.address] = address
        self.new.add(address)
        return _pair(resource, address, self.target, (), is_new=True)

    def _add(self, path: str, text: str) -> None:
        self.before[path] = None
        self.texts[path] = text

    def _nothing(self) -> Problem:
        message = f"{self.chatbot.address} uses no assistant that can be switched to target {self.target}"
        hint = f"Assistants with target {ASSISTANTS} can be switched, and those with a label `{LABEL}`."
        return Problem("nothing-to-switch", message, self.chatbot.place, hint)

    # References

    def _point(self, used: Mapping[Address, Resource]) -> None:
        """Replace the references of the chatbot and of its pipelines."""
        for resource in used.values():
            found = [one for one in resource.kind.references(resource) if one.target in self.switched]
            if found and resource.kind is not KIND:
                self._refuse_shared(resource)
                self._edit(resource, found)

    def _edit(self, resource: Resource, references: Iterable[Reference]) -> None:
        source = source_of(self.project.project, resource, self.texts)
        value: JSON = source.document.value
        for one in references:
            changed = _replaced(value, one.path, one.target, self.switched[one.target])
            if changed is None:
                where = resource.where(one.path)
                message = f"{resource.address} refers to {one.target} in an included file or by a variable"
                hint = f"Write the name in the manifest, or replace it by `{self.switched[one.target].name}` there."
                self.refusals.append(Problem("reference-not-written", message, where, hint))
                return
            value = changed
        try:
            text = source.edited(value)
        except UneditableError as error:
            self.refusals.append(source.uneditable(error))
            return
        self.before.setdefault(source.path, source.text)
        self.texts[source.path] = text

    def _refuse_shared(self, resource: Resource) -> None:
        """Refuse to edit an object that other chatbots use: they would be switched too."""
        others = [
            str(one.address)
            for one in self._chatbots()
            if one.address != resource.address and resource.address in self._used(one)
        ]
        if others:
            message = f"{resource.address} is also used by {', '.join(others)}, which would be switched too"
            hint = (
                f"Copy the manifest of {resource.address} under another name, let {self.chatbot.address} use the copy, "
                "and switch again."
            )
            self.refusals.append(Problem("shared-pipeline", message, resource.place, hint))

    def _refuse_pinned(self, used: Mapping[Address, Resource]) -> None:
        """Refuse a reference to the copy of a release, which cannot be switched."""
        for resource in used.values():
            for one in resource.kind.references(resource):
                if one.target.kind == KIND.prefix and "@" in one.target.name and self._is_old(one.target):
                    message = f"{resource.address} pins {one.target}, a copy that has another target"
                    working = one.target.name.partition("@")[0]
                    hint = f"Refer to `{working}` instead, and switch again."
                    self.refusals.append(Problem("pinned-copy", message, resource.where(one.path), hint))

    def _is_old(self, copy: Address) -> bool:
        name, _, version = copy.name.partition("@")
        chatbot, _, number = version.rpartition(".")
        release = self.project.resources.get(release_address(chatbot, int(number))) if number.isdigit() else None
        content = release.spec.content if release else None
        spec = content.objects.get(f"{KIND.prefix}/{name}", {}) if content else {}
        return bool(spec.get("target", self.target) != self.target)

    def _chatbots(self) -> Iterator[Resource]:
        for one in self.project.resources.values():
            if one.address.kind == CHATBOT and one.address != self.chatbot.address:
                yield one

    def _shared(self, used: Mapping[Address, Resource]) -> Iterator[Shared]:
        """Yield the switched assistants with the others that use them."""
        for old in self.switched:
            bots = [one.address for one in self._chatbots() if old in self._used(one)]
            direct = [
                one.address
                for one in self.project.resources.values()
                if one.address not in used
                and one.address.kind not in (RELEASE, CHATBOT)
                and any(reference.target == old for reference in one.kind.references(one))
            ]
            if bots or direct:
                yield Shared(old, (*bots, *direct))

    # The release

    def _published(self, done: Cutover, env: str | None) -> Cutover:
        """Load the edited project, and publish a release of it where the chatbot is published."""
        try:
            after = load_all_environments(self.project.root, edited=self.texts) if self.texts else self.project
            done = replace(done, pairs=tuple(self._with_risks(after, pair) for pair in done.pairs))
            numbers = published_numbers(self.project, self.chatbot)
            where = chosen(self.project, env) if env else tuple(name for name, number in numbers.items() if number)
            return self._with_release(done, after, where) if where else done
        except ReconcilerError as error:
            self.refusals += error.problems
            return done

    def _with_release(self, done: Cutover, after: AllEnvironments, where: tuple[str | None, ...]) -> Cutover:
        chatbot = after.named(self.chatbot.address)
        working = working_content(after, chatbot.address.name)
        digest = content_digest(working.content)
        known = [one for one in after.releases_of(chatbot.address.name).values() if not one.spec.archived]
        release = next((one for one in reversed(known) if one.spec.digest == digest), None)
        is_released = release is None
        if release is None:
            release, edit = next_release(after, working, f"Switch to target {self.target}")
            self._add(edit.path, edit.after or "")
        moves, edit = set_published(after, chatbot, release, where, self.texts)
        if moves:
            self.before.setdefault(edit.path, edit.before)
            self.texts[edit.path] = edit.after or ""
        self._check_kept(release, known, {move.before for move in moves if move.before})
        self._warn_of_unreleased(release, {move.environment: move.before for move in moves if move.before})
        return replace(done, release=release.address, is_released=is_released, moves=moves)

    def _check_kept(self, release: Resource, known: list[Resource], before: set[int]) -> None:
        """Refuse if the retention of releases would archive the release to which a rollback leads."""
        spec = self.chatbot.spec
        keep = spec.releases.keep if spec.releases else None
        if keep is None:
            return
        numbers = sorted({release_number(one.address) for one in (*known, release)})
        for number in sorted(before - set(numbers[-keep:])):
            message = f"`releases.keep: {keep}` archives release {number}, so that it cannot be published again"
            hint = f"Set `releases.keep` to {len(numbers) - numbers.index(number)} or more until the switch is final."
            self.refusals.append(Problem("rollback-archived", message, self.chatbot.place, hint))

    def _warn_of_unreleased(self, release: Resource, before: Mapping[str | None, int | None]) -> None:
        """Warn if the new release contains changes that were made since the published one."""
        name = self.chatbot.address.name
        releases = self.project.releases_of(name)
        for loaded in self.project.loads:
            environment = loaded.project.identity.environment
            old = releases.get(before.get(environment) or 0)
            if old is None or old.spec.content is None or lacking(old.spec.content, environment):
                continue
            working = of_working(self.project, self.chatbot.address, loaded)
            found = compare_versions(of_release(old, loaded), working, environment)
            if not found.same:
                changed = [*(str(one.address) for one in found.objects), *(one.path for one in found.files)]
                changed += [one.name for one in found.variables]
                message = f"{release.address} also publishes changes since {old.address}: {', '.join(changed)}"
                hint = f"To review them: reconciler diff {name}@{release_number(old.address)} {name}"
                self.warnings.append(
                    Problem("unreleased-changes", message, self.chatbot.place, hint, severity="warning")
                )
                return

    def _with_risks(self, after: AllEnvironments, pair: Pair) -> Pair:
        return replace(pair, risks=tuple(_risks(after, pair)))


def _prevented(resource: Resource, target: str, made: Conversion) -> Iterator[Problem]:
    for entry in made.prevented:
        message = f"{resource.address} cannot be switched to target {target}: {entry.field}: {entry.note}"
        yield Problem("not-expressible", message, resource.place, entry.hint)


def _pair(resource: Resource, after: Address, target: str, rows: Iterable[Row], *, is_new: bool = False) -> Pair:
    before = target_of(resource)
    found = tuple(with_lengths(row, before, target) for row in rows)
    return Pair(resource.address, after, before, target, found, is_new=is_new, is_switched=True)


def _compared(project: AllEnvironments, old: Resource, new: Resource) -> Pair:
    """Return two existing assistants side by side."""
    before, after = target_of(old), target_of(new)
    rows: Iterable[Row]
    if ASSISTANTS in (before, after):
        first, second = (old, new) if before == ASSISTANTS else (new, old)
        written = source_of(project.project, first).document.value.get("spec", {})
        made = convert(first, written, cast(Target, target_of(second)), second.address.name)
        rows = rows_of(first.written(), second.written(), made.parts, made.expected)
        rows = rows if first is old else map(turned, rows)
    else:
        rows = plain_rows(old.written(), new.written())
    return replace(_pair(old, new.address, after, rows), is_switched=False)


def _calls(pairs: Iterable[Pair], target: str) -> tuple[Any, ...]:
    before = next((pair.before_target for pair in pairs), "")
    return call_differences(before, target) if before else ()


def _risks(project: AllEnvironments, pair: Pair) -> Iterator[Hazard]:
    """Yield what the model of the new configuration refuses, in any environment."""
    seen: list[Hazard] = []
    for loaded, resource in zip(project.loads, project.in_each(pair.after), strict=True):
        fields = own_object(resource, loaded.scope).fields
        refused = loaded.project.spec.refused_parameters
        model = fields.get("model")
        found = [*parameter_risks(fields, refused)]
        if pair.after_target == "responses" and fields.get("instructions") and has_instructions_last(model):
            found.append(Hazard("instructions-moved", {"before": model, "after": model}))
        for one in found:
            if one not in seen:
                seen.append(one)
                yield one


def _replaced(value: JSON, path: tuple[str | int, ...], old: Address, new: Address) -> JSON | None:
    """Return a document with the name of `new` in place of that of `old` at `path`; None if it is not written there."""
    if not path:
        return {old.name: new.name, str(old): str(new)}.get(value) if isinstance(value, str) else None
    step, rest = path[0], path[1:]
    if isinstance(value, dict) and step in value:
        inner = _replaced(value[str(step)], rest, old, new)
        return None if inner is None else {**value, str(step): inner}
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        inner = _replaced(value[step], rest, old, new)
        return None if inner is None else [*value[:step], inner, *value[step + 1 :]]
    return None
