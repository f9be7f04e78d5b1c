"""What a state that is written anew has otherwise than the one before. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.resources.address import Address
from reconciler.state.model import State


@dataclass(frozen=True, slots=True)
class Edited:
    """What became of the entries, and what follows from that."""

    identity: str
    added: tuple[Address, ...] = ()
    changed: tuple[Address, ...] = ()
    removed: tuple[Address, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A state made anew, compared with the one that was there."""

    edited: Edited
    objects: int
    unknown: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    """Fields of which nobody knows what was applied."""
    ambiguous: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    """Ids of several objects with one label: none of them is in the state."""
    written: bool = True

    @property
    def replaces(self) -> bool:
        """Whether there was another state, not only none."""
        return bool(self.edited.changed or self.edited.removed or (self.edited.added and self.kept))

    @property
    def kept(self) -> int:
        """Entries that were there before, the same or otherwise."""
        return self.objects - len(self.edited.added)


def compared(before: State, after: State) -> Edited:
    """Which entries `after` has that `before` has not, or otherwise, and which it lacks."""
    old, new = before.objects, after.objects
    return Edited(
        str(after.identity),
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(sorted(address for address in new.keys() & old.keys() if new[address] != old[address])),
        removed=tuple(sorted(old.keys() - new.keys())),
    )
