"""From an estate to the world that planning looks at: everything of before is applied and live, after is desired."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import PurePosixPath

from reconciler.planning.inputs import PlanInputs, Pointer, Release
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied, Desired, Labels, Lifecycle, Live, LocalFile
from reconciler.resources.labels import spec_hashes
from reconciler.resources.registry import resource_types
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import JSON, Fields, digest, reference
from tests.property.guard.estates import (
    OLD_MODEL,
    Estate,
    Manifests,
    Object,
    Stranger,
    frozen,
    live_releases,
    objects,
    sha,
    upload,
)

IDENTITY = Identity("acme")
PROJECT = "proj_acme"
OUTLET_TYPES = frozenset({"request", "pipeline", "chatbot", "release"})
TODAY = date(2026, 12, 1)
GONE_SINCE = date(2026, 11, 30)
HAND = "By hand."


def world(estate: Estate) -> PlanInputs:
    return _Translation(estate).world()


@dataclass(frozen=True)
class _Translation:
    estate: Estate

    def world(self) -> PlanInputs:
        estate, after = self.estate, self.estate.after
        asked = [name for name, release in after.releases.items() if not release.archived]
        wanted = objects(after, asked)
        return PlanInputs(
            identity=IDENTITY,
            resource_types=resource_types(),
            desired={Address.parse(name): self.desired(name, thing) for name, thing in wanted.items()},
            applied=dict(self.state()),
            live=(*self.live(), *map(self.stranger, estate.unmanaged)),
            releases={Address("release", name): _release(after, name) for name in asked},
            peers=dict(self.peers()),
            published={Address.parse(name): pointer for name, pointer in self.published()},
            tombstones=frozenset(Address("release", name) for name in estate.tombstones),
            archived=frozenset(Address("release", name) for name, one in after.releases.items() if one.archived),
            strict=estate.strict,
            max_deletes=estate.max_deletes,
            today=TODAY,
            shutdowns={OLD_MODEL: GONE_SINCE},
            on_drift=estate.on_drift,
            openai_project="proj_other" if estate.other_project else PROJECT,
            applied_project=PROJECT,
        )

    def state(self) -> Iterator[tuple[Address, Applied]]:
        for name, thing in self.before.items():
            if name not in self.estate.duplicates:
                yield Address.parse(name), self.applied(name, thing)

    @cached_property
    def before(self) -> dict[str, Object]:
        manifests = self.estate.before
        return objects(manifests, live_releases(manifests, self.estate.tombstones))

    def published(self) -> Iterator[tuple[str, Pointer]]:
        for name, bot in self.estate.before.bots.items():
            if bot.published is not None:
                yield f"chatbot/{name}", Pointer(digest(f"{name}@{bot.published}"), {})

    def desired(self, address: str, thing: Object) -> Desired:
        parsed, form = Address.parse(address), _form(address, thing)
        text, of_file = thing.text, parsed.kind == "file"
        edited = {"digest": digest("edited")} if thing.release in self.estate.rewritten else {}
        return Desired(
            address=parsed,
            type=form.type,
            fields={**_fields(form, address, thing), **edited},
            lifecycle=Lifecycle(protect=address in self.estate.protected),
            whole=parsed.is_frozen and not of_file,
            parts=(LocalFile(_path(address), sha(text), len(text)),) if of_file else (),
            upload_name=PurePosixPath(_path(address)).name if of_file else "",
            options={"keep": thing.keep} if thing.keep else {},
        )

    def applied(self, address: str, thing: Object) -> Applied:
        form = _form(address, thing)
        protected = self.estate.protected.get(address) == "state"
        return Applied(self.id(address, thing), form.type, _fields(form, address, thing), protected=protected)

    def live(self) -> Iterator[Live]:
        """Every object once, though several paths may share an upload."""
        by_id = {self.id(name, thing): (name, thing) for name, thing in self.before.items()}
        for id_, (address, thing) in by_id.items():
            form = _form(address, thing)
            fields = form.complete(form, _fields(form, address, thing))
            name = PurePosixPath(_path(address)).name if form.type == "file" else address.partition("/")[2]
            labels = None if form.type in {*OUTLET_TYPES, "file"} else self.labels(address, form, thing)
            by_hand = {"instructions": HAND} if address in self.estate.by_hand else {}
            found = Live(form.type, id_, {**self.as_read(fields), **by_hand}, labels, name, self.needs(fields))
            yield found
            if address in self.estate.duplicates:
                yield replace(found, id=f"{id_}-twin")

    def labels(self, address: str, form: ResourceType, thing: Object) -> Labels:
        fields = {name: item for name, item in _fields(form, address, thing).items() if name not in form.apart}
        owner = "globex" if address in self.estate.taken else str(IDENTITY)
        return Labels(owner, address, spec_hashes(fields), self.estate.protected.get(address) == "label")

    def as_read(self, fields: Fields) -> Fields:
        """The files of a store come by id."""
        if "files" not in fields:
            return fields
        by_path = fields["files"].items()
        files = {self.file_id(path): {k: v for k, v in entry.items() if k != "file"} for path, entry in by_path}
        return {**fields, "files": {id_: {"attributes": {}, **entry} for id_, entry in files.items()}}

    def needs(self, fields: Fields) -> tuple[str, ...]:
        return tuple(sorted(map(self.file_id, fields.get("files") or ())))

    def file_id(self, path: str) -> str:
        return self.id(f"file/{path}", self.before[f"file/{path}"])

    def id(self, address: str, thing: Object) -> str:
        form = _form(address, thing)
        if form.type in OUTLET_TYPES:
            return address
        name = upload(address, thing) if form.type == "file" else address.partition("/")[2]
        return f"{form.type}-{name}"

    def stranger(self, stranger: Stranger) -> Live:
        labels = Labels(stranger.owner, "vectorstore/theirs") if stranger.owner else None
        return Live(stranger.type, stranger.id, {}, labels, stranger.name, self.ids(stranger.refers_to))

    def peers(self) -> Iterator[tuple[Identity, list[Live]]]:
        for identity in dict.fromkeys(document.identity for document in self.estate.peers):
            documents = (one for one in self.estate.peers if one.identity == identity)
            found = [
                Live("request", one.name, {}, name=one.name.partition(": ")[2], refers_to=self.ids(one.refers_to))
                for one in documents
            ]
            yield Identity.parse(identity), found

    def ids(self, addresses: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted({self.id(address, self.before[address]) for address in addresses}))


def _form(address: str, thing: Object) -> ResourceType:
    kind = address.partition("/")[0]
    by_kind = {"assistant": "agent" if thing.target == "agents" else "request", "vectorstore": "vector_store"}
    return resource_types()[by_kind.get(kind, kind)]


def _fields(form: ResourceType, address: str, thing: Object) -> dict[str, JSON]:
    """As the manifest of such an object would set them; of a frozen one, all of them."""
    written = {field: form.canonical(field, value) for field, value in _written(form.type, address, thing).items()}
    whole = Address.parse(address).is_frozen and form.type != "file"
    return dict(form.complete(form, written)) if whole else written


def _written(type_: str, address: str, thing: Object) -> dict[str, JSON]:
    by_how = [(how, reference(target)) for how, target in thing.refs]
    if type_ in {"chatbot", "release"}:
        starts = [target for how, target in by_how if how == "starts"]
        single = {how: target for how, target in by_how if how != "starts"}
        sealed = {"digest": digest(address)} if type_ == "release" else {}
        return {**single, **sealed, **({"starts": starts} if starts else {})}
    if type_ == "pipeline":
        return {"nodes": dict(_nodes(by_how)), "edges": []}
    if type_ in {"agent", "request"}:
        stores = [target for _, target in by_how]
        tools = [{"type": "file_search", "vector_store_ids": stores}] if stores else []
        named = {"name": address.partition("/")[2]} if type_ == "agent" else {}
        return {"model": thing.model, "instructions": thing.text, **named, **({"tools": tools} if tools else {})}
    if type_ == "vector_store":
        return {"name": _path(address), "files": dict(_entries(thing))}
    return {"sha256": sha(thing.text), "purpose": "assistants"}


def _nodes(by_how: list[tuple[str, JSON]]) -> Iterator[tuple[str, JSON]]:
    for index, (how, target) in enumerate(by_how):
        node = (
            {"type": "assistant", "assistant": target} if how == "node" else {"type": "llm", "vector_stores": [target]}
        )
        yield f"n{index}", node


def _entries(store: Object) -> Iterator[tuple[str, JSON]]:
    for address, text in store.holds.items():
        yield address.removeprefix("file/"), {"file": reference(address), "sha256": sha(text)}


def _path(address: str) -> str:
    return address.partition("/")[2].partition("@")[0]


def _release(manifests: Manifests, name: str) -> Release:
    parts = frozenset(map(Address.parse, frozen(name, manifests.releases[name]))) - {Address("release", name)}
    return Release(Address("chatbot", name.partition("@")[0]), parts)
