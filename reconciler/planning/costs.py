"""The estimated costs of a plan: storage a day, instructions, tools billed by use, and unused objects."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from reconciler.planning.before_after import before_after, resource_type_of
from reconciler.planning.graph import Graph
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.model import CREATES, DESTROYS, INVALIDATES_ID, RELEASES_OWNERSHIP, Change, Costs, Unknown
from reconciler.resources.address import Address
from reconciler.resources.base import Live
from reconciler.resources.prices import Prices
from reconciler.resources.resource_type import CONTENT, ResourceType
from reconciler.resources.values import JSON, Fields

CHARACTERS: Final = 4
"""Characters in a token of English text (OpenAI's help page on tokens)."""


def costs(inputs: PlanInputs, matched: Matched, work: Iterable[Change], after: Graph) -> Costs:
    """Return the estimate for `work`; `after` has the references after the plan. Linear in the work and the live
    objects.
    """
    touched = tuple(_touched(inputs, matched, work))
    working = [one for one in touched if not Address.parse(one.change.address).is_frozen]
    storage = _Storage(inputs, matched, [one for one in touched if one.resource_type.billed])
    prompts = _Prompts(inputs, matched, working)
    before = sum(storage.usage.values())
    stored = before, max(0, before + sum(storage.growth.values()))
    return Costs(
        source=inputs.prices.source,
        stored=stored,
        per_day=(inputs.prices.per_day(stored[0]), inputs.prices.per_day(stored[1])),
        growth=tuple(sorted(storage.growth.items())),
        prompts=prompts.characters,
        prompts_per_1000=prompts.dollars,
        paid=tuple(_paid(inputs.prices, working)),
        unused=tuple(_unused(inputs, matched, touched, after)),
        unknown=(*storage.unknown, *prompts.unknown),
    )


class _Touched(NamedTuple):
    """A change with the fields of its object before and after."""

    change: Change
    resource_type: ResourceType
    before: Fields
    after: Fields


def _touched(inputs: PlanInputs, matched: Matched, work: Iterable[Change]) -> Iterator[_Touched]:
    for change in work:
        resource_type = resource_type_of(inputs, matched, change)
        if resource_type is not None:
            yield _Touched(change, resource_type, *before_after(inputs, matched, change))


@dataclass(frozen=True, slots=True)
class _Text:
    """Instructions, by size."""

    length: int = 0
    """Number of characters."""
    model: str = ""
    """The model that reads them; empty if there is not exactly one."""


@dataclass(frozen=True)
class _Storage:
    """Bytes of vector stores, and what is not known of them."""

    inputs: PlanInputs
    matched: Matched
    touched: Sequence[_Touched]

    @cached_property
    def usage(self) -> Mapping[str, int]:
        """Bytes of each live store, by id, as OpenAI reports them."""
        return {live.id: size for live in self._stores if (size := _number(live, "usage_bytes")) is not None}

    @property
    def _stores(self) -> Iterator[Live]:
        return (live for live in self.matched.live.values() if self.inputs.resource_types[live.type].billed)

    @cached_property
    def growth(self) -> Mapping[str, int]:
        """Bytes that stores gain or lose, by address."""
        found: Counter[str] = Counter()
        for one in self.touched:
            found[one.change.address] += self._gain(one)
        return {address: gain for address, gain in found.items() if gain}

    @property
    def unknown(self) -> Iterator[Unknown]:
        silent = sorted(live.name or live.id for live in self._stores if live.id not in self.usage)
        if silent:
            yield Unknown("storage", tuple(silent))
        files = sorted({path for one in self.touched for path, size in self._coming(one).items() if size is None})
        if files:
            yield Unknown("file-sizes", tuple(files))

    def _gain(self, one: _Touched) -> int:
        """Return the growth: a deleted store frees the bytes that OpenAI reports; files count by their own size."""
        usage = self.usage.get(one.change.id or "", 0)
        goes = one.change.action in INVALIDATES_ID
        return _sum(self._coming(one)) - (usage if goes else min(usage, _sum(self._going(one))))

    def _coming(self, one: _Touched) -> dict[str, int | None]:
        """Return the sizes of the files that are attached."""
        members = one.resource_type.members
        if members is None:
            return {}
        was, is_ = members.of({} if one.change.action in CREATES else one.before), members.of(one.after)
        return {path: self._wanted(path, members.target(is_[path])) for path in _differing(is_, was)}

    def _going(self, one: _Touched) -> dict[str, int | None]:
        """Return the sizes of the files that are detached."""
        members = one.resource_type.members
        if members is None:
            return {}
        was, is_ = members.of(one.before), members.of(one.after)
        return {path: self._found(path, members.target(was[path])) for path in _differing(was, is_)}

    def _wanted(self, path: str, target: Address | None) -> int | None:
        if target is None:
            return self._uploads.get(path)
        desired = self.inputs.desired.get(target)
        return desired.bytes if desired else None

    def _found(self, path: str, target: Address | None) -> int | None:
        live = self.matched.live.get(target) if target else None
        return _number(live, "bytes") if live else self._uploads.get(path)

    @cached_property
    def _uploads(self) -> Mapping[str, int | None]:
        return {live.id: _number(live, "bytes") for live in self.inputs.live if self.inputs.is_upload(live.type)}


@dataclass(frozen=True)
class _Prompts:
    """Instructions that are sent from now on, of working objects: those of releases are copies of them."""

    inputs: PlanInputs
    matched: Matched
    touched: Sequence[_Touched]

    @cached_property
    def _texts(self) -> list[tuple[_Text, _Text]]:
        """Before and after."""
        pairs = (self._pair(one) for one in self.touched if one.change.action not in DESTROYS)
        return [(before, after) for before, after in pairs if before.length or after.length]

    def _pair(self, one: _Touched) -> tuple[_Text, _Text]:
        address = Address.parse(one.change.address)
        live, desired = self.matched.live.get(address), self.inputs.desired.get(address)
        was, wanted = live.fields if live else {}, desired.fields if desired else {}
        before, after = one.resource_type.prompt(one.before), one.resource_type.prompt(one.after)
        if before == after:
            if {*one.resource_type.models(one.before)} == {*one.resource_type.models(one.after)}:
                return _Text(), _Text()
            before, after = (
                one.resource_type.prompt(was),
                one.resource_type.prompt(wanted),
            )  # another model reads what does not change
        return _text(one.resource_type, before, was), _text(one.resource_type, after, wanted)

    @property
    def characters(self) -> tuple[int, int]:
        return sum(before.length for before, _ in self._texts), sum(after.length for _, after in self._texts)

    @property
    def dollars(self) -> tuple[float, float] | None:
        """US dollars for 1,000 requests with each of them; None if the price of a model is unknown."""
        if self._unpriced:
            return None
        before = sum(self._for_1000(text) for text, _ in self._texts)
        return before, sum(self._for_1000(text) for _, text in self._texts)

    def _for_1000(self, text: _Text) -> float:
        tokens = text.length / CHARACTERS
        return 1000 * tokens * self.inputs.prices.models[text.model] / 1_000_000 if text.length else 0.0

    @cached_property
    def _unpriced(self) -> list[str]:
        used = {text.model for pair in self._texts for text in pair if text.length}
        return sorted(used - self.inputs.prices.models.keys())

    @property
    def unknown(self) -> Iterator[Unknown]:
        if self._unpriced:
            yield Unknown("token-prices", tuple(self._unpriced))


def _text(resource_type: ResourceType, prompt: str, fields: Fields) -> _Text:
    models = set(resource_type.models(fields))
    return _Text(len(prompt), models.pop() if len(models) == 1 else "")


def _paid(prices: Prices, working: Iterable[_Touched]) -> Iterator[tuple[str, str, float]]:
    """Yield the tools that are billed by use and new in a working object."""
    for one in working:
        for tool in sorted({*one.resource_type.paid(one.after)} - {*one.resource_type.paid(one.before)}):
            yield one.change.address, tool, getattr(prices, tool)


def _unused(
    inputs: PlanInputs, matched: Matched, touched: Iterable[_Touched], after: Graph
) -> Iterator[tuple[str, int | None]]:
    """Yield the objects that only serve others, and that nothing known references after the plan."""
    gone = {one.change.address for one in touched if one.change.action in RELEASES_OWNERSHIP}
    for address, live in sorted(matched.live.items()):
        serves = inputs.resource_types[live.type].serves
        if serves and str(address) not in gone and not after.referrers.get(address):
            yield str(address), _number(live, "usage_bytes", "bytes")


def _differing(files: Mapping[str, Mapping[str, JSON]], others: Mapping[str, Mapping[str, JSON]]) -> Iterator[str]:
    """Yield the files of one store that are missing from the other, or have other content there."""
    return (path for path in files if path not in others or files[path].get(CONTENT) != others[path].get(CONTENT))


def _sum(sizes: Mapping[str, int | None]) -> int:
    return sum(size or 0 for size in sizes.values())


def _number(live: Live, *names: str) -> int | None:
    found = next((live.detail[name] for name in names if name in live.detail), None)
    return None if found is None else int(found)
