"""Estates: what manifests ask for before and after an edit, who else is there, and what the plan is restricted to.

Everything of before is applied and live.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tests.property.guard.parts import LITERAL, Manifests


@dataclass(frozen=True)
class Stranger:
    """A live object that is not managed."""

    type: str
    name: str
    refers_to: tuple[str, ...]
    """Addresses of managed objects, whose live ids it has."""
    owner: str | None = None
    """The identity on its label, if it has one."""
    knows: tuple[str, ...] = ()
    """The ids of other objects that are not managed, which it has."""

    @property
    def id(self) -> str:
        return f"{self.type}_{self.name}"

    @property
    def title(self) -> str:
        return f"{self.type} {self.name} ({self.id})"


@dataclass(frozen=True)
class PeerDocument:
    """A document in the outlets of another identity, as its state has it."""

    identity: str
    address: str
    refers_to: tuple[str, ...]
    """Addresses of managed objects, whose live ids it has."""

    @property
    def name(self) -> str:
        return f"{self.identity}: {self.address}"


@dataclass(frozen=True)
class Stray:
    """A document that only a further outlet has, such as one of a restored backup."""

    address: str
    refers_to: tuple[str, ...]
    """Addresses of managed objects, whose live ids it has."""


@dataclass(frozen=True)
class Recorded:
    """The guard settings that the last apply recorded."""

    strict: bool = False
    max_deletes: int | None = 100
    max_archives: int | None = 100
    other_project: bool = False
    """True if they pin another OpenAI project than that of the key; the manifest pins none."""


@dataclass(frozen=True)
class Estate:
    before: Manifests
    after: Manifests
    past: Mapping[str, str] = field(default_factory=dict)
    """Renames that were applied long ago, whose `moved_from` was removed: the address before the edit by the former
    one, which releases from before the rename still have."""
    entries: Mapping[str, str] = field(default_factory=dict)
    """Copies whose entry in the state was moved to another address, as by `state mv`: the address in the state by that
    in the manifests, on the label and in the outlets."""
    strays: tuple[Stray, ...] = ()
    targets: frozenset[str] = frozenset()
    """The addresses of `--target`; empty for a plan of everything."""
    ignored: frozenset[str] = frozenset()
    """Objects whose references are in `lifecycle.ignore`, as their manifests are now."""
    kept: frozenset[str] = frozenset()
    """Objects that were applied with `keep_on_delete`."""
    left: Mapping[str, str] = field(default_factory=dict)
    """Uploads that an earlier plan left live because others held them, as the state has them: content by key."""
    succeeded: Mapping[str, str] = field(default_factory=dict)
    """The vaults of credentials that an earlier plan left live beside those that replaced them, by the name of the
    credential."""
    outdated: frozenset[str] = frozenset()
    """Frozen copies that have the ids of such credentials, because they are never rewritten."""
    unmanaged: tuple[Stranger, ...] = ()
    peers: tuple[PeerDocument, ...] = ()
    protected: Mapping[str, Literal["state", "label"]] = field(default_factory=dict)
    """What was applied as protected, and where that is recorded; manifests that still exist say so too."""
    tombstones: frozenset[str] = frozenset()
    """Releases that were archived once; the manifests of some exist again, or still."""
    strict: bool = False
    max_deletes: int | None = None
    max_archives: int | None = 100
    recorded: Recorded | None = None
    """None for a state without recorded settings: those of the manifest count alone."""
    by_hand: frozenset[str] = frozenset()
    """Agents whose instructions were changed outside Reconciler."""
    on_drift: Literal["revert", "keep", "refuse"] = "revert"
    duplicates: frozenset[str] = frozenset()
    """Agents that are live twice, and the state has neither."""
    taken: frozenset[str] = frozenset()
    """Agents with the label of another owner."""
    other_lineage: frozenset[str] = frozenset()
    """Agents that another state of the same identity has labelled; the state has them."""
    lost: frozenset[str] = frozenset()
    """Agents that the state does not have, labelled by another state."""
    older: frozenset[str] = frozenset()
    """Agents and stores whose label has no lineage, because an earlier version wrote it."""
    rewritten: frozenset[str] = frozenset()
    """Releases whose manifests differ from what was released."""
    other_project: bool = False
    """True if the key is of another OpenAI project."""


def without_literal_ids(manifests: Manifests) -> Manifests:
    """Return the manifests without the literal ids in lists."""
    pipelines = {
        name: replace(one, nodes=_names(one.nodes), searches=_names(one.searches))
        for name, one in manifests.pipelines.items()
    }
    assistants = {
        name: replace(one, stores=_names(one.stores), files=_names(one.files), credentials=_names(one.credentials))
        for name, one in manifests.assistants.items()
    }
    credentials = {
        name: replace(one, vault=one.vault.removeprefix(LITERAL)) for name, one in manifests.credentials.items()
    }
    templates = {name: replace(one, skills=_names(one.skills)) for name, one in manifests.templates.items()}
    automations = {
        name: replace(one, agent=one.agent.removeprefix(LITERAL)) for name, one in manifests.automations.items()
    }
    around: Mapping[str, Any] = {"credentials": credentials, "templates": templates, "automations": automations}
    stores = {name: replace(one, files=_names(one.files)) for name, one in manifests.stores.items()}
    bots = {name: replace(one, answers=one.answers.removeprefix(LITERAL)) for name, one in manifests.bots.items()}
    return replace(manifests, bots=bots, pipelines=pipelines, assistants=assistants, stores=stores, **around)


def _names(items: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(item for item in items if not item.startswith(LITERAL))
