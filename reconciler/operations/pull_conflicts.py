"""Values of manifests that exist nowhere else: `pull` must not overwrite them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from reconciler.git.uncommitted import uncommitted
from reconciler.manifests.editing.acceptance import accept
from reconciler.manifests.folder import MAX_INCLUDED, MAX_MANIFEST, locate, read_text
from reconciler.planning.model import FieldChange
from reconciler.project.loading import load_project
from reconciler.project.workspace import Workspace
from reconciler.resources.address import Address
from reconciler.resources.base import Desired, Resource
from reconciler.resources.problems import Place, Problem, env_option
from reconciler.resources.values import ABSENT, JSON, Absent, Fields, get, put, replace_references, same

_ROOM: Final = 60
"""Number of characters of a value in a message."""


@dataclass(frozen=True)
class Conflict:
    """A value that was not pulled, because the value in the manifest exists nowhere else."""

    address: str
    item: FieldChange
    place: Place
    """The first line that the live value would change."""
    environment: str | None = None
    """The environment that commands must name."""

    @property
    def problem(self) -> Problem:
        both = self.item.origin == "both"
        why = "it was changed in the manifest too" if both else "its value in the manifest is not committed"
        manifest, live = _contrast(self.item.desired, self.item.live)
        message = f"{self.address}: {self.item.path} was not pulled: {why} (manifest: {manifest}; live: {live})"
        env = env_option(self.environment)
        hint = (
            f"`reconciler pull {self.address} --force{env}` takes the live value; "
            f"`reconciler apply --target {self.address}{env}` takes that of the manifest"
        )
        return Problem("not-pulled", message, self.place, hint)


@dataclass(frozen=True)
class WorkingTree:
    """The manifests of a project, compared with the state and with the last commit."""

    workspace: Workspace

    def has_only_copy(self, address: Address, item: FieldChange) -> bool:
        """Return True if the manifest has a value that neither the state nor the last commit has, or one that was
        changed since it was applied.
        """
        if item.origin == "both":
            return True
        if _same(item.desired, item.applied):
            return False
        committed = self._committed.get(address)
        return committed is None or not _same(item.desired, get(committed, item.keys))

    def conflict(self, resource: Resource, desired: Desired, item: FieldChange) -> Conflict:
        """Return the conflict of a value, with the place in the manifest or in the file that it includes."""
        found = accept(self.workspace.loaded, resource, desired, put(dict(desired.fields), item.keys, item.live), {})
        places = [place for path, text in found.texts.items() if (place := self._first_change(path, text))]
        own = resource.where(("spec", item.keys[0]))
        included = [place for place in places if place.file != own.file]
        return Conflict(
            str(resource.address), item, next(iter((*included, *places)), own), self.workspace.identity.environment
        )

    def _first_change(self, path: str, after: str) -> Place | None:
        project = self.workspace.loaded.project
        before = read_text(locate(project.root, path), max(MAX_INCLUDED, MAX_MANIFEST))
        line = before.count("\n", 0, _common(before, after)) + 1
        return None if before == after else Place(project.shown(path), line)

    @cached_property
    def _committed(self) -> Mapping[Address, Fields]:
        """The values of all manifests in the last commit; none without one."""
        project = self.workspace.loaded.project
        texts = uncommitted(project.root)
        if texts is None:
            return {}
        loaded = load_project(
            project.root, self.workspace.environ, env=self.workspace.identity.environment, edited=texts
        )
        desired = (one for resource in loaded.resources for one in loaded.desired_of(resource))
        return {one.address: one.fields for one in desired}


def _same(left: JSON | Absent, right: JSON | Absent) -> bool:
    return left is right or (ABSENT not in (left, right) and same(left, right))


def _contrast(left: JSON | Absent, right: JSON | Absent) -> tuple[str, str]:
    """Return two values on one line each; of longer ones, the part where they begin to differ."""
    texts = (_text(left), _text(right))
    start = max(0, _common(*texts) - _ROOM // 3) if max(map(len, texts)) > _ROOM else 0
    cut = [("…" if start else "") + text[start : start + _ROOM] + "…" * (len(text) > start + _ROOM) for text in texts]
    return cut[0], cut[1]


def _common(left: str, right: str) -> int:
    """Return the number of characters with which both texts begin."""
    differing = (at for at, (one, other) in enumerate(zip(left, right, strict=False)) if one != other)
    return next(differing, min(len(left), len(right)))


def _text(value: JSON | Absent) -> str:
    return "none" if value is ABSENT else json.dumps(replace_references(value, str), ensure_ascii=False)
