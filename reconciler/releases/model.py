"""The results of `release`, `publish` and `archive`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.planning.model import Refusal
from reconciler.project.edits import Edit
from reconciler.releases.comparison import Comparison
from reconciler.resources.base import Resource
from reconciler.resources.problems import Problem


@dataclass(frozen=True)
class Move:
    """A change of the published release in one environment."""

    environment: str | None
    """None if the project has no environments."""
    before: int | None
    after: int | None
    runners: tuple[str, ...] = ()
    """Addresses of the objects that run the chatbot, such as automations: apply changes them with the pointer."""

    changes: Comparison | None = None
    """The differences between the two releases; None if only one of them can be read, or there is none."""

    @property
    def requests(self) -> int:
        """The largest number of write requests to OpenAI that the change takes: one for each runner, and two to start
        one, which is changed or created, and then resumed or paused.
        """
        return len(self.runners) * (2 if self.before is None else 1)

    @property
    def rollback(self) -> bool:
        """True if an older release is published again."""
        return self.before is not None and self.after is not None and self.after < self.before


@dataclass(frozen=True)
class Released:
    """A written release."""

    release: Resource
    path: str
    """Path of its manifest, relative to the project folder."""
    changes: Comparison | None = None
    """Changes since the previous release; None if there is none to compare with."""
    vendored: tuple[str, ...] = ()
    """Paths of the files that were copied."""
    moves: tuple[Move, ...] = ()
    """Changes of the published release."""
    edited: tuple[str, ...] = ()
    """Paths of other manifests that were changed."""
    warnings: tuple[Problem, ...] = ()
    """Warnings about the working tree, such as files that were not read."""
    replaced: tuple[str, ...] = ()
    """Addresses of the objects that were replaced since the previous release, whose content is the same."""


@dataclass(frozen=True)
class Publication:
    """The result of an edit of the published release."""

    chatbot: str
    number: int | None
    """None if no release is published."""
    moves: tuple[Move, ...]
    """Empty if the release was already published."""
    path: str
    """Path of the manifest, relative to the project folder."""
    file: str = ""
    """Path of the manifest, relative to the repository."""
    warnings: tuple[Problem, ...] = ()
    """Warnings about the working tree, such as files that were not read."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """A live release that an apply archives unless it is published: an assistant that it uses has no manifest."""

    number: int
    release: str
    """Its address."""
    assistant: str
    """The address of the assistant."""


@dataclass(frozen=True)
class Rollback:
    """A chatbot, and the release that a rollback publishes in one environment."""

    chatbot: str
    environment: str | None
    """None if the project has no environments."""
    branch: str
    """The branch of the pull request that makes the manifest agree; see `review.reviewed_changes.rollback_branch`."""
    file: str
    """The file with the manifest, relative to the repository."""
    before: int | None
    """The release that the state records as published; None if there is none."""
    number: int
    is_default: bool
    """True if the release was not named: it is the one that was published before."""
    is_resumed: bool
    """True if the release was not named, and a rollback to it was interrupted."""
    archived: tuple[int, ...]
    """Releases that were published after it and before the present one, and that cannot be published again."""
    unpublishable: tuple[Problem, ...]
    """The reasons why other releases that were published in between cannot be published again."""
    in_manifest: int | None
    """The release that the manifest publishes; None if there is none."""
    left_out: tuple[Leaving, ...] = ()
    """Releases that were published in between, and that the next apply archives."""
    leaving: Leaving | None = None
    """Set if this is true of the release that is published: an apply archives it after another one is published."""
    errors: tuple[Problem, ...] = ()
    """Errors of other manifests, which the rollback does not use."""

    @property
    def is_in_manifest(self) -> bool:
        return self.in_manifest == self.number


@dataclass(frozen=True)
class Refused:
    """A refusal, and the environments that it applies to."""

    environments: tuple[str, ...]
    """Empty if the project has no environments."""
    refusal: Refusal


@dataclass(frozen=True)
class Archived:
    """The edits that archive an object, or the refusals because of which nothing was edited."""

    address: str
    removed: tuple[str, ...] = ()
    """Addresses of the removed manifests."""
    marked: tuple[str, ...] = ()
    """Addresses of the archived releases."""
    edits: tuple[Edit, ...] = ()
    refusals: tuple[Refused, ...] = ()
    warnings: tuple[Problem, ...] = ()
    """Warnings about the working tree, such as files that were not read."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """Git blobs with the removed texts that were not committed, by path."""
    unused: tuple[str, ...] = ()
    """Paths of files that only the removed manifests used. They stay."""
