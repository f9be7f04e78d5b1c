"""Which live objects are meant: by kind, address, id, and pattern of the name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from reconciler.project.suggest import did_you_mean
from reconciler.resources.address import Address
from reconciler.resources.base import Live
from reconciler.resources.kind import Kind
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.registry import kinds


def importable() -> Mapping[str, Kind]:
    """The kinds that can say what is live, by type of live object."""
    return {type_: kind for kind in kinds().values() for type_ in kind.to_manifest}


@dataclass(frozen=True)
class Selection:
    """What was asked for; everything where nothing was."""

    types: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    pattern: str | None = None
    """Of the live name, as in a shell; case does not matter."""

    @property
    def is_open(self) -> bool:
        """Whether objects are meant that are not named one by one."""
        return not (self.types or self.addresses or self.ids)

    def reads(self) -> frozenset[str]:
        """The types that have to be read."""
        everything = frozenset(importable())
        if self.is_open or self.ids:
            return everything
        prefixes = {Address.parse(text).kind for text in self.addresses}
        return self.types | {type_ for type_, kind in importable().items() if kind.prefix in prefixes}

    def wants(self, live: Live, address: str) -> bool:
        """Whether an object is meant; `address` is what it would be called here."""
        if live.type not in importable():
            return False
        if live.id in self.ids:
            return True
        fits = self.pattern is None or fnmatchcase(live.name.lower(), self.pattern.lower())
        return fits and (self.is_open or live.type in self.types or address in self.addresses)


def selection(words: Sequence[str], pattern: str | None) -> Selection:
    """What the words mean; ReconcilerError where one is no kind, no address and no id."""
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
            hint = did_you_mean(word, known) or f"Write a kind ({', '.join(known)}), kind/name, or a live id."
            problems.append(Problem("unknown-selection", f"{word!r} is no kind, no address and no id", hint=hint))
    if problems:
        raise ReconcilerError(*problems)
    return Selection(frozenset(types), frozenset(addresses), frozenset(ids), pattern)


def missing(selected: Selection, found: Iterable[tuple[Live, str]]) -> list[Problem]:
    """What was asked for by id or address and is not live."""
    pairs = [(live.id, address) for live, address in found]
    gone = [
        *sorted(selected.ids - {id_ for id_, _ in pairs}),
        *sorted(selected.addresses - {address for _, address in pairs}),
    ]
    hint = "Look at what is live with `reconciler inventory`."
    return [Problem("not-live", f"nothing live is {what}, of what can be imported", hint=hint) for what in gone]


def _types(word: str) -> set[str]:
    """The types that a word in the singular or plural means: `assistant`, `vectorstores`, `vector_store`, `agents`."""
    wanted = {word.lower(), word.lower().removesuffix("s")}
    return {type_ for type_, kind in importable().items() if wanted & {type_, kind.prefix, kind.name.lower()}}
