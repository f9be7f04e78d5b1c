"""The results of `release`, `publish` and `archive`: edits of the working tree, or the reasons against them."""

from dataclasses import dataclass

from reconciler.planning.model import Refusal
from reconciler.project.edits import Edit
from reconciler.releases.comparison import Comparison
from reconciler.resources.base import Resource


@dataclass(frozen=True)
class Move:
    """The published release of one environment, before and after."""

    environment: str | None
    """None where the project has no environments."""
    before: int | None
    after: int | None

    @property
    def rollback(self) -> bool:
        """Whether an older release is published again."""
        return self.before is not None and self.after is not None and self.after < self.before


@dataclass(frozen=True)
class Released:
    """A release that was written."""

    release: Resource
    path: str
    """Of its manifest, relative to the project folder."""
    changes: Comparison | None = None
    """Since the newest release before it; None where there is none that it could be compared with."""
    vendored: tuple[str, ...] = ()
    """Files whose bytes were copied, by path."""
    moves: tuple[Move, ...] = ()
    """The environments that publish it now."""
    edited: tuple[str, ...] = ()
    """Manifests that were changed besides."""


@dataclass(frozen=True)
class Publication:
    """The published release of a chatbot after an edit."""

    chatbot: str
    number: int | None
    """None where none is published any more."""
    moves: tuple[Move, ...]
    """Empty where it was published already."""
    path: str
    """Of the manifest, relative to the project folder."""


@dataclass(frozen=True)
class Refused:
    """A refusal, and the environments in which it holds."""

    environments: tuple[str, ...]
    """Empty where the project has none."""
    refusal: Refusal


@dataclass(frozen=True)
class Archived:
    """The edits that archive an object; or the refusals, and no edit."""

    address: str
    removed: tuple[str, ...] = ()
    """Addresses whose manifests are removed."""
    marked: tuple[str, ...] = ()
    """Releases that are archived."""
    edits: tuple[Edit, ...] = ()
    refusals: tuple[Refused, ...] = ()
