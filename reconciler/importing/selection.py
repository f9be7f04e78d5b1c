"""The selection of live objects by kind, address, id and name pattern."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from reconciler.resources.address import Address
from reconciler.resources.base import Live
from reconciler.resources.kind import Kind
from reconciler.resources.name_lists import did_you_mean
from reconciler.resources.problems import Problem, ReconcilerError, command_text
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
    exclusions: tuple[str, ...] = ()
    """Shell patterns of names, addresses or ids, case-insensitive. They win over everything else."""

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

    def excluded_by(self, live: Live, address: str) -> str:
        """Return the first pattern that excludes an object; empty if none does."""
        texts = [text.lower() for text in (live.name, address, live.id)]
        return next((one for one in self.exclusions if any(fnmatchcase(text, one.lower()) for text in texts)), "")

    def wants(self, live: Live, address: str) -> bool:
        """Return True if an object is selected, or would be without an exclusion; `address` is its address in this
        project.
        """
        if live.type not in importable():
            return False
        if live.id in self.ids:
            return True
        fits = self.pattern is None or fnmatchcase(live.name.lower(), self.pattern.lower())
        return fits and (self.is_open or live.type in self.types or address in self.addresses)


def selection(words: Sequence[str], pattern: str | None, exclusions: Iterable[str] = ()) -> Selection:
    """Parse the words and the patterns of exclusions; raises ReconcilerError for a word that is not a kind, an address
    or an id.
    """
    types: set[str] = set()
    addresses: set[str] = set()
    ids: set[str] = set()
    problems: list[Problem] = []
    for word in words:
        if found := _types(word):
            types |= found
        elif address := _address(word):
            addresses.add(address)
        elif "_" in word:
            ids.add(word)
        else:
            known = sorted({kind.prefix for kind in importable().values()})
            hint = did_you_mean(word, known) or f"Use a kind ({', '.join(known)}), kind/name, or a live id."
            problems.append(Problem("unknown-selection", f"{word!r} is not a kind, an address or an id", hint=hint))
    if problems:
        raise ReconcilerError(*problems)
    patterns = tuple(dict.fromkeys(_address(one) or one for one in exclusions))
    return Selection(frozenset(types), frozenset(addresses), frozenset(ids), pattern, patterns)


def idle_exclusions(selected: Selection, found: Iterable[tuple[Live, str]]) -> Iterator[Problem]:
    """Yield a warning for each exclusion that none of the objects found matches."""
    pairs = list(found)
    for pattern in selected.exclusions:
        alone = replace(selected, exclusions=(pattern,))
        if not any(alone.excluded_by(live, address) for live, address in pairs):
            texts = (text for live, address in pairs for text in (live.name, address, live.id) if text)
            kind = importable()[min(_types(pattern))].prefix if _types(pattern) else ""
            all_of_kind = f"to exclude all objects of the kind, write `--exclude '{kind}/*'`" if kind else ""
            hint = all_of_kind or did_you_mean(pattern, texts)
            message = f"`--exclude {pattern}` matches none of the objects that would be imported"
            yield Problem("idle-exclusion", message, hint=hint, severity="warning")


def missing(selected: Selection, found: Iterable[tuple[Live, str]], environment: str | None) -> list[Problem]:
    """Return a problem for each selected id or address that is not live."""
    pairs = [(live.id, address) for live, address in found]
    absent = [
        *sorted(selected.ids - {id_ for id_, _ in pairs}),
        *sorted(selected.addresses - {address for _, address in pairs}),
    ]
    hint = f"To list live objects, run `{command_text(environment, 'inventory')}`."
    return [
        Problem("not-live", f"{what} was not found among the objects that can be imported", hint=hint)
        for what in absent
    ]


def _address(word: str) -> str:
    """Return a word of the form `KIND/NAME` as an address; empty for any other word."""
    kind, _, name = word.partition("/")
    return f"{importable()[min(_types(kind))].prefix}/{name}" if name and _types(kind) else ""


def _types(word: str) -> set[str]:
    """Return the types of a word in singular or plural: `assistant`, `vectorstores`, `vector_store`, `agents`."""
    wanted = {word.lower(), word.lower().removesuffix("s")}
    return {type_ for type_, kind in importable().items() if wanted & {type_, kind.prefix, kind.name.lower()}}
