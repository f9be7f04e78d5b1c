"""Published documents as planning compares them: the desired bundles, and what the outlets have under each name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from reconciler.planning.reasons import Reason
from reconciler.resources.address import Address

BUNDLE: Final = "bundle"
"""The type of a document in a removed outlet, as a referrer."""
OUTLETS: Final = "outlets"
"""The first key of the field changes of copies in outlets; the second is the name of the outlet."""

CopyState: TypeAlias = Literal["unwritten", "outdated", "missing", "tampered"]
"""The state of a copy that is not as the built-in outlet has it. `unwritten`: nothing was written there yet;
`outdated`: it is as it was written; `missing`: it was written and does not exist; `tampered`: it is not as it was
written, or it is not known what was written.
"""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The desired bundle of an address: the digest of its content, and the addresses that it references."""

    digest: str
    refers_to: frozenset[Address]


@dataclass(frozen=True, slots=True)
class Copy:
    """A published bundle in an outlet beside the built-in one, where it differs."""

    outlet: str
    state: CopyState
    blob: str | None = None
    """The digest in its pointer; None without a readable pointer."""
    ids: frozenset[str] = frozenset()
    """The live ids in its pointer, and all other texts of its content, among which may be literal ids."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """The published bundle of an address, as the built-in outlet has it."""

    blob: str
    ids: Mapping[str, str]
    fault: Reason | None = None
    """Set if the blob is missing, or if the pointer or the blob was altered."""
    copies: tuple[Copy, ...] = ()
    """The copies in other outlets that differ from it."""
    holds: Mapping[str, str] = field(default_factory=dict)
    """Of a release, the live ids of the objects that it was made from, when it was published."""


@dataclass(frozen=True, slots=True)
class Stray:
    """A document in an outlet beside the built-in one, which does not have its name: of a restored backup, or of an
    outlet that the project did not name for some time. Applications may load it.
    """

    name: Address
    """Its name in the outlet, such as `chatbot/support@working`."""
    address: Address
    """The object that the name belongs to."""
    copy: Copy
    is_released: bool = False
    """True for the name of a chatbot, under which a release is published."""
