"""What a plan costs, by estimate: storage a day, instructions, tools that are billed by use, what lies there unused."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from reconciler.planning.graph import Graph
from reconciler.planning.match import Matched
from reconciler.planning.model import MAKES, TAKES_AWAY, Change, Costs
from reconciler.planning.sides import form_of, sides
from reconciler.planning.world import World
from reconciler.resources.address import FILE, Address
from reconciler.resources.base import Form, Live
from reconciler.resources.risks import few
from reconciler.resources.values import JSON, Fields, is_reference

CHARACTERS: Final = 4
"""In a token, of English text (OpenAI's help page on tokens)."""


def costs(world: World, matched: Matched, work: Iterable[Change], after: Graph) -> Costs:
    """The estimate for `work`; `after` has the references that hold then. Linear in the work and the live objects."""
    work = tuple(work)
    storage, prompts = _Storage(world, matched, work), _Prompts(world, matched, work)
    before = sum(storage.usage.values())
    stored = before, max(0, before + sum(storage.growth.values()))
    return Costs(
        source=world.prices.source,
        stored=stored,
        per_day=(world.prices.per_day(stored[0]), world.prices.per_day(stored[1])),
        growth=tuple(sorted(storage.growth.items())),
        prompts=prompts.characters,
        prompts_per_1000=prompts.dollars,
        paid=tuple(_paid(world, matched, work)),
        unused=tuple(_unused(world, matched, work, after)),
        unknown=(*storage.unknown, *prompts.unknown),
    )


@dataclass(frozen=True, slots=True)
class _Text:
    """Instructions, by size."""

    length: int = 0
    """In characters."""
    model: str = ""
    """Which reads them; empty where it is not one."""


@dataclass(frozen=True)
class _Storage:
    """Bytes of vector stores, and what is not known of them."""

    world: World
    matched: Matched
    work: Collection[Change]

    @cached_property
    def usage(self) -> Mapping[str, int]:
        """Of each live store, by id, as OpenAI tells it."""
        return {live.id: size for live in self._stores if (size := _number(live, "usage_bytes")) is not None}

    @property
    def _stores(self) -> Iterator[Live]:
        return (live for live in self.matched.live.values() if self.world.forms[live.type].stored)

    @cached_property
    def growth(self) -> Mapping[str, int]:
        """Bytes that stores gain or lose, by address."""
        found = ((change.address, self._gain(change)) for change in self.work if self._is_store(change))
        return {address: gain for address, gain in found if gain}

    @property
    def unknown(self) -> Iterator[str]:
        silent = sorted(live.name or live.id for live in self._stores if live.id not in self.usage)
        if silent:
            yield f"how much is stored in {few(silent)}"
        files = sorted({path for change in self.work if self._is_store(change) for path in self._unsized(change)})
        if files:
            yield f"the size of {few(files)}"

    def _is_store(self, change: Change) -> bool:
        form = form_of(self.world, self.matched, change)
        return form is not None and form.stored

    def _gain(self, change: Change) -> int:
        """A store that goes takes what OpenAI says it has; files that come or go count by their own size."""
        lost = self.usage.get(change.id or "", 0) if change.action in {*TAKES_AWAY, "replace"} else 0
        coming, going = self._moving(change)
        gained = sum(size or 0 for size in coming.values())
        return gained - (lost or sum(size or 0 for size in going.values()))

    def _moving(self, change: Change) -> tuple[dict[str, int | None], dict[str, int | None]]:
        """Sizes of the files that are attached, and of those that are detached."""
        was, is_ = (side.get("files") or {} for side in sides(self.world, self.matched, change))
        fresh = change.action in MAKES
        coming = [path for path in is_ if fresh or path not in was or _content(was[path]) != _content(is_[path])]
        going = [path for path in was if path not in is_ or _content(was[path]) != _content(is_[path])]
        return {path: self._wanted(path, is_[path]) for path in coming}, {path: self._found(path) for path in going}

    def _unsized(self, change: Change) -> Iterator[str]:
        """What is attached; a store that goes is known as a whole."""
        return (path for path, size in self._moving(change)[0].items() if size is None)

    def _wanted(self, path: str, entry: Mapping[str, JSON]) -> int | None:
        if not is_reference(entry.get("file")):
            return self._uploads.get(path)
        desired = self.world.desired.get(Address.parse(next(iter(entry["file"].values()))))
        return desired.local.bytes if desired and desired.local else None

    def _found(self, path: str) -> int | None:
        live = self.matched.live.get(Address(FILE, path))
        return _number(live, "bytes") if live else self._uploads.get(path)

    @cached_property
    def _uploads(self) -> Mapping[str, int | None]:
        return {live.id: _number(live, "bytes") for live in self.world.live if live.type == FILE}


@dataclass(frozen=True)
class _Prompts:
    """Instructions that are sent from now on, of working objects: those of releases are copies of them."""

    world: World
    matched: Matched
    work: Collection[Change]

    @cached_property
    def _texts(self) -> list[tuple[_Text, _Text]]:
        """Before and after."""
        staying = (change for change in self.work if change.action not in TAKES_AWAY)
        changes = (change for change in staying if not Address.parse(change.address).is_frozen)
        pairs = (self._pair(form, change) for change in changes if (form := form_of(self.world, self.matched, change)))
        return [(before, after) for before, after in pairs if before.length or after.length]

    def _pair(self, form: Form, change: Change) -> tuple[_Text, _Text]:
        pair = sides(self.world, self.matched, change)
        before, after = form.prompt(pair.before), form.prompt(pair.after)
        if before == after:
            return _Text(), _Text()
        address = Address.parse(change.address)
        live, desired = self.matched.live.get(address), self.world.desired.get(address)
        return _text(form, before, live.fields if live else {}), _text(form, after, desired.fields if desired else {})

    @property
    def characters(self) -> tuple[int, int]:
        return sum(before.length for before, _ in self._texts), sum(after.length for _, after in self._texts)

    @property
    def dollars(self) -> tuple[float, float] | None:
        """For 1,000 requests with each of them; None where the price of a model is not given."""
        if self._unpriced:
            return None
        return sum(map(self._for_1000, (one for one, _ in self._texts))), sum(
            map(self._for_1000, (one for _, one in self._texts))
        )

    def _for_1000(self, text: _Text) -> float:
        tokens = text.length / CHARACTERS
        return 1000 * tokens * self.world.prices.models[text.model] / 1_000_000 if text.length else 0.0

    @cached_property
    def _unpriced(self) -> list[str]:
        used = {text.model for pair in self._texts for text in pair if text.length}
        return sorted(used - self.world.prices.models.keys())

    @property
    def unknown(self) -> Iterator[str]:
        if self._unpriced:
            yield f"what tokens of {few([model or 'several models' for model in self._unpriced])} cost"


def _text(form: Form, prompt: str, fields: Fields) -> _Text:
    models = set(form.models(fields))
    return _Text(len(prompt), models.pop() if len(models) == 1 else "")


def _paid(world: World, matched: Matched, work: Iterable[Change]) -> Iterator[tuple[str, str, float]]:
    """Tools that are billed by use and that a working object gets."""
    for change in work:
        form = form_of(world, matched, change)
        if form is not None and not Address.parse(change.address).is_frozen:
            before, after = sides(world, matched, change)
            for tool in sorted({*form.paid(after)} - {*form.paid(before)}):
                yield change.address, tool, getattr(world.prices, tool)


def _unused(world: World, matched: Matched, work: Iterable[Change], after: Graph) -> Iterator[tuple[str, int | None]]:
    """Stores and files that stay, and that nothing known refers to once the work is done."""
    gone = {change.address for change in work if change.action in {*TAKES_AWAY, "forget"}}
    for address, live in sorted(matched.live.items()):
        holds = live.type == FILE or world.forms[live.type].stored
        if holds and str(address) not in gone and not after.referrers.get(address):
            yield str(address), _number(live, "usage_bytes", "bytes")


def _content(entry: Mapping[str, JSON]) -> JSON:
    return entry.get("sha256")


def _number(live: Live, *names: str) -> int | None:
    found = next((live.detail[name] for name in names if name in live.detail), None)
    return None if found is None else int(found)
