"""The files that `pull` writes for objects that consist of files, such as the folder of a skill."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from reconciler.files.changes import FileChange
from reconciler.live.adapters import Adapter, gather
from reconciler.planning.build import Planned
from reconciler.planning.model import Change
from reconciler.resources.address import Address, composed
from reconciler.resources.base import Desired, Live, LocalFile, Resource, Scope
from reconciler.resources.patterns import matches
from reconciler.resources.problems import Finding, Problem
from reconciler.resources.registry import kind_of


@dataclass(frozen=True)
class PulledFiles:
    """The changes of files that make an object as it is live, or the problems that prevent it."""

    changes: tuple[FileChange, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class _NewFiles:
    """Contents that are not written yet, as the files of a project."""

    contents: Mapping[str, bytes]

    def glob(self, pattern: str) -> list[str]:
        parts = PurePosixPath(composed(pattern)).parts
        return sorted(path for path in self.contents if matches(path, parts))

    def read(self, path: str) -> LocalFile | Finding:
        content = self.contents[path]
        return LocalFile(path, hashlib.sha256(content).hexdigest(), len(content))

    def text(self, path: str) -> str | Finding:
        try:
            return self.contents[path].decode("utf-8-sig")
        except UnicodeDecodeError:
            return Finding((), "not-utf-8", f"{path} is not valid UTF-8")


async def whole_objects(
    adapters: Mapping[str, Adapter], planned: Planned, changes: list[Change]
) -> Mapping[Address, Live]:
    """Return the changed objects of kinds with files that `pull` writes, each with the contents of its files."""
    addresses = {Address.parse(one.address) for one in changes if one.action == "update"}
    wanted = sorted(one for one in addresses if (kind := kind_of(one.kind)) and kind.pulled and not one.is_frozen)

    async def whole(address: Address) -> tuple[Address, Live | None]:
        live = planned.matched.live[address]
        return address, await adapters[live.type].whole(live)

    return {address: live for address, live in await gather(map(whole, wanted)) if live is not None}


def pulled_files(resource: Resource, desired: Desired, scope: Scope, root: Path, live: Live, env: str) -> PulledFiles:
    """Return the changes of the files of a manifest that make them equal to those of the live object. `env` is the
    option that selects the environment, for hints.
    """
    if resource.kind.pulled is None:
        raise ValueError(f"{resource.address} has no files")
    draft = resource.kind.pulled(resource.spec, live)
    hint = f"upload the object again without it, or run `reconciler apply{env}` to revert the drift"
    lost = tuple(Problem("not-pulled", f"{resource.address}: {one}", resource.place, hint) for one in draft.losses)
    if lost:
        return PulledFiles(problems=lost)
    new = replace(scope, files=_NewFiles({composed(path): content for path, content in draft.files.items()}))
    wrong = [one for one in resource.kind.check(resource, new) if one.severity == "error"]
    if wrong:
        hint = f"edit the files, or run `reconciler apply{env}` to revert the drift"
        message = f"{resource.address}: the live files are not valid: {wrong[0].message}"
        return PulledFiles(problems=(Problem("not-pulled", message, resource.place, hint),))
    return PulledFiles(tuple(_changes(root, desired, draft.files)))


def _changes(root: Path, desired: Desired, files: Mapping[str, bytes]) -> Iterator[FileChange]:
    places = {part.path: part.place for part in desired.parts}
    for path in sorted({*places, *files}):
        place = places.get(path, path)
        before = (root / place).read_bytes() if (root / place).is_file() else None
        if before != files.get(path):
            yield FileChange(place, before, files.get(path))
