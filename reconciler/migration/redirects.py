"""The references of a chatbot and of its pipelines, changed from one assistant to another, with the files so far."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from reconciler.manifests.editing.documents import source_of
from reconciler.manifests.editing.edits import UneditableError
from reconciler.migration.cutover_model import Shared
from reconciler.project.all_environments import CHATBOT, AllEnvironments
from reconciler.project.edits import Edit
from reconciler.resources.address import RELEASE, Address, release_address
from reconciler.resources.base import Path, Resource
from reconciler.resources.kinds.assistant import KIND
from reconciler.resources.problems import Problem
from reconciler.resources.values import JSON


@dataclass
class Edits:
    """New texts of files, and the reasons why they must not be written."""

    before: dict[str, str | None] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    """New texts by path."""
    refusals: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def put(self, path: str, text: str, before: str | None = None) -> None:
        """Set the text of a file. `before` is its text in the folder; None if it is new."""
        self.before.setdefault(path, before)
        self.texts[path] = text

    def all(self) -> tuple[Edit, ...]:
        """Return the edits; none if there is a refusal."""
        return () if self.refusals else tuple(Edit(path, self.before[path], text) for path, text in self.texts.items())


@dataclass
class Redirects:
    """The change of the references of one chatbot to the assistants in `switched`."""

    project: AllEnvironments
    chatbot: Address
    used: Mapping[Address, Resource]
    """The objects that the chatbot uses."""
    switched: Mapping[Address, Address]
    """New assistants by the address of the old one."""
    edits: Edits

    def write(self) -> None:
        """Edit the manifests of the chatbot and of its pipelines, or report why that is not possible."""
        found = {one.address: list(self._references(one)) for one in self.used.values() if one.kind is not KIND}
        for address, references in found.items():
            self._refuse_pinned(self.used[address], references)
        for address, references in found.items():
            wanted = [(path, target) for path, target in references if target in self.switched]
            if wanted:
                self._refuse_shared(self.used[address])
                self._edit(self.used[address], wanted)

    def shared(self) -> Iterator[Shared]:
        """Yield the switched assistants with the others that use them, directly or through a pipeline."""
        for old in self.switched:
            users = [one for one in self._above(old) if one not in self.used and one.kind != RELEASE]
            if users:
                yield Shared(old, tuple(sorted(users)))

    def _references(self, resource: Resource) -> Iterator[tuple[Path, Address]]:
        """Yield the references of a manifest in all environments."""
        each = self._in_each[resource.address]
        yield from dict.fromkeys((one.path, one.target) for part in each for one in part.references)

    @cached_property
    def _in_each(self) -> Mapping[Address, Sequence[Resource]]:
        """The manifests of the used objects in every environment."""
        found: dict[Address, list[Resource]] = defaultdict(list)
        for loaded in self.project.loads:
            for resource in loaded.resources:
                if resource.address in self.used:
                    found[resource.address].append(resource)
        return found

    @cached_property
    def _referrers(self) -> Mapping[Address, Sequence[Address]]:
        """Addresses of the manifests that refer to an object, in any environment."""
        found: dict[Address, dict[Address, None]] = defaultdict(dict)
        for loaded in self.project.loads:
            for resource in loaded.resources:
                for one in resource.references:
                    found[one.target][resource.address] = None
        return {target: tuple(referrers) for target, referrers in found.items()}

    def _above(self, address: Address) -> Iterator[Address]:
        """Yield the objects that use an object, directly or through others."""
        seen, waiting = {address}, [address]
        while waiting:
            for one in self._referrers.get(waiting.pop(), ()):
                if one not in seen:
                    seen.add(one)
                    waiting.append(one)
                    yield one

    def _edit(self, resource: Resource, references: Iterable[tuple[Path, Address]]) -> None:
        source = source_of(self.project.project, resource, self.edits.texts)
        value: JSON = source.document.value
        for path, target in references:
            changed = _replaced(value, path, target, self.switched[target])
            if changed is None:
                message = f"{resource.address} refers to {target} in an included file or by a variable"
                hint = f"Write the name `{target.name}` into the manifest in place of it, and repeat the command."
                self.edits.refusals.append(Problem("reference-not-written", message, resource.where(path), hint))
                return
            value = changed
        try:
            self.edits.put(source.path, source.edited(value), source.text)
        except UneditableError as error:
            self.edits.refusals.append(source.uneditable(error))

    def _refuse_shared(self, resource: Resource) -> None:
        """Refuse to edit an object that other chatbots use: they would be switched too."""
        others = [str(one) for one in self._above(resource.address) if one.kind == CHATBOT and one != self.chatbot]
        if resource.address != self.chatbot and others:
            message = f"{resource.address} is also used by {', '.join(sorted(others))}, which would be switched too"
            hint = (
                f"Copy the manifest of {resource.address} under another name, let {self.chatbot} use the copy, and "
                "switch again."
            )
            self.edits.refusals.append(Problem("shared-pipeline", message, resource.place, hint))

    def _refuse_pinned(self, resource: Resource, references: Iterable[tuple[Path, Address]]) -> None:
        """Refuse a reference to the copy that a release has of an assistant, which cannot be switched."""
        for path, target in references:
            if target.kind == KIND.prefix and "@" in target.name and self._is_of_switched(target):
                message = f"{resource.address} pins {target}, a copy that has another target"
                hint = f"Refer to `{target.name.partition('@')[0]}` instead, and switch again."
                self.edits.refusals.append(Problem("pinned-copy", message, resource.where(path), hint))

    def _is_of_switched(self, copy: Address) -> bool:
        """Return True if the copy has the target that the chatbot is switched from."""
        name, _, version = copy.name.partition("@")
        chatbot, _, number = version.rpartition(".")
        release = self.project.resources.get(release_address(chatbot, int(number))) if number.isdigit() else None
        content = release.spec.content if release else None
        spec = content.objects.get(f"{KIND.prefix}/{name}", {}) if content else {}
        return spec.get("target") in {self.project.resources[old].spec.target for old in self.switched}


def _replaced(value: JSON, path: Path, old: Address, new: Address) -> JSON | None:
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
