"""The selection of live objects by kind, address, id and name pattern."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from reconciler.resources.address import Address
from reconciler.resources.base import Live
from reconciler.resources.kind import Kind
from reconciler.resources.name_lists import did_you_mean
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.registry import kinds


def importable() -> Mapping[str, Kind]:
    """Return the kinds that can be imported, by type of live object."""
    return {type_: kind for kind in kinds().values() for type_ in kind.to_manifest}


@dataclass(frozen=True)
class Selection:
    """The selected objects; without any criterion, all objects."""

    types: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    pattern: str | None = None
    """Shell pattern of the live name, case-insensitive."""

    @property
    def is_open(self) -> bool:
        """True if no kind, address or id is selected."""
        return not (self.types or self.addresses or self.ids)

    def reads(self) -> frozenset[str]:
        """Return the types to read."""
        everything = frozenset(importable())
        if self.is_open or self.ids:
            return everything
        prefixes = {Address.parse(text).kind for text in self.addresses}
        return self.types | {type_ for type_, kind in importable().items() if kind.prefix in prefixes}

    def wants(self, live: Live, address: str) -> bool:
        """Return True if an object is selected; `address` is its address in this project."""
        if live.type not in importable():
            return False
        if live.id in self.ids:
            return True
        fits = self.pattern is None or fnmatchcase(live.name.lower(), self.pattern.lower())
        return fits and (self.is_open or live.type in self.types or address in self.addresses)


def selection(words: Sequence[str], pattern: str | None) -> Selection:
    """Parse the words; raises ReconcilerError for one that is not a kind, an address or an id."""
    types: set[str] = set()
    addresses: set[str] = set()
    ids: set[str] = set()
    problems: list[Problem] = []
    for word in words:
        if found := _types(word):
            types |= found
        elif "/" in word and _types(word.partition("/")[0]):
            kind = importable()[min(_types(word.partition("/")[0]))]
            addresses.add(f"{kind.prefix}/{word.partition('/')[2]}")
        elif "_" in word:
            ids.add(word)
        else:
            known = sorted({kind.prefix for kind in importable().values()})
            hint = did_you_mean(word, known) or f"Use a kind ({', '.join(known)}), kind/name, or a live id."
            problems.append(Problem("unknown-selection", f"{word!r} is not a kind, an address or an id", hint=hint))
    if problems:
        raise ReconcilerError(*problems)
    return Selection(frozenset(types), frozenset(addresses), frozenset(ids), pattern)


def missing(selected: Selection, found: Iterable[tuple[Live, str]]) -> list[Problem]:
    """Return a problem for each selected id or address that is not live."""
    pairs = [(live.id, address) for live, address in found]
    absent = [
        *sorted(selected.ids - {id_ for id_, _ in pairs}),
        *sorted(selected.addresses - {address for _, address in pairs}),
    ]
    hint = "To list live objects, run `reconciler inventory`."
    return [
        Problem("not-live", f"{what} was not found among the objects that can be imported", hint=hint)
        for what in absent
    ]


def _types(word: str) -> set[str]:
    """Return the types of a word in singular or plural: `assistant`, `vectorstores`, `vector_store`, `agents`."""
    wanted = {word.lower(), word.lower().removesuffix("s")}
    return {type_ for type_, kind in importable().items() if wanted & {type_, kind.prefix, kind.name.lower()}}
