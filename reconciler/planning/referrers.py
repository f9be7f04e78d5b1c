"""Referrers as values: objects at our addresses, objects that others own, and objects of peers."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from reconciler.resources.address import Address

UNWRITTEN: Final = frozenset({"live", "state"})
"""Places of references that no manifest writes."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A live object at OpenAI that this identity does not manage."""

    type: str
    id: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.type} {self.name} ({self.id})" if self.name else f"{self.type} {self.id}"


@dataclass(frozen=True, slots=True)
class PeerObject:
    """A document in the outlets of another identity."""

    identity: str
    address: str

    def __str__(self) -> str:
        return f"{self.identity}: {self.address}"


Node: TypeAlias = Address | Foreign | PeerObject
"""Anything that can refer to an object of ours. As a string it is part of digests and of consent subjects."""

ReleaseState: TypeAlias = Literal["published", "released", "unreleased"]


@dataclass(frozen=True, slots=True)
class Referrer:
    """A referrer in a refusal, and where it refers to what is refused, or to the next link of a chain."""

    node: Node
    state: ReleaseState | None = None
    """Of a release, and of a working chatbot that points at an assistant; None for anything else."""
    place: str = ""
    """The `file:line` of a manifest, or `live` or `state` for a reference that was only seen there. The last link of a
    chain has none."""


def subject_text(referrer: Referrer) -> str:
    """Return the form of a referrer in the subject of a refusal, such as `release/support@2 [published]`.

    Consents are bound to it: it never changes.
    """
    return f"{referrer.node} [{referrer.state}]" if referrer.state else str(referrer.node)
