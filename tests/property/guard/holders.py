"""The ids that are held after a plan: an id ends only if no object that survives the plan, and that the plan does not
rewrite, holds it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from tests.property.guard.applied import former_credential
from tests.property.guard.bodies import id_of, type_of
from tests.property.guard.manifests import Object, upload
from tests.property.guard.outcome import Outcome, is_document, is_frozen


@dataclass(frozen=True)
class Survivor:
    """An object that exists after the plan."""

    names: frozenset[str] = frozenset()
    """The addresses that it refers to."""
    ids: frozenset[str] = frozenset()
    """The addresses whose present live ids it has, and the keys of uploads, where the plan does not rewrite them."""
    served: frozenset[str] = frozenset()
    """The same of its bundles in the outlets."""


@dataclass(frozen=True)
class Holding(Outcome):
    """An outcome with everything that survives it."""

    @cached_property
    def published(self) -> set[str]:
        """The releases that a surviving chatbot publishes, by its manifest or because the plan does not change it."""
        named = {name for survivor in self.survivors.values() for name in survivor.names}
        return {name.removeprefix("release/") for name in named if name.startswith("release/")}

    @cached_property
    def survivors(self) -> Mapping[str, Survivor]:
        """Every object that exists after the plan, or that a manifest out of scope asks for."""
        found = {address: self._written(address) for address in self.after}
        rest = (self.before.keys() | self.manifests.keys()) - self.after.keys() - self.leaving
        return found | {address: self._unchanged(address) for address in rest}

    def _written(self, address: str) -> Survivor:
        """Return an object in scope: it has the ids of after the plan, except literal and ignored ones."""
        thing, manifest = self.after[address], self.manifests[address]
        is_ours = address not in self.disputed  # otherwise its live object is listed, and not its address, too
        live = frozenset(self._ignored(address)) if is_ours and self.ignoring([address]) else frozenset[str]()
        if is_ours and address in self.before and (is_frozen(address) or self.ignoring([address])):
            live |= self._ids_behind(address)
        ids, served = thing.by_id | manifest.by_id | live, frozenset(self._served_still(address))
        return Survivor(thing.by_name | manifest.by_name, ids, served)

    def _ids_behind(self, address: str) -> frozenset[str]:
        """Return the objects whose present ids a live object has for names: a copy of a release is never rewritten."""
        live = self.before[address]
        if is_document(address, live):
            return frozenset()
        former = {self.now(f"credential/{name}"): former_credential(name) for name in self.estate.succeeded}
        is_outdated = address in map(self.entry_of, map(self.now, self.estate.outdated))
        return frozenset(former.get(one, one) for one in live.by_name) if is_outdated else live.by_name

    def _ignored(self, address: str) -> Iterator[str]:
        """Yield the uploads of an object whose manifest ignores them; a document is published with the new one of a
        file that something else in scope replaces.
        """
        live = self.before[address]
        for file, text in live.holds.items():
            if not (is_document(address, live) and file in self._renewed):
                yield upload(file, text)

    @cached_property
    def _renewed(self) -> set[str]:
        """Files that the plan uploads again, because it writes something that has them."""
        writers = self.after.keys() - set(self.ignoring(self.after))
        named = {file for one in writers for file in self.after[one].holds} & self.before.keys()
        return {file for file in named if self.before[file].text != self.after[file].text}

    def _unchanged(self, address: str) -> Survivor:
        """Return an object out of scope, or one that is kept without a manifest. What the state does not have, and of
        which no label proves that it is managed, is listed as a live object.
        """
        is_ours = address in self.before and address not in self.estate.duplicates | self.estate.lost
        was, manifest = self.before[address] if is_ours else Object(), self.manifests.get(address, Object())
        served = self.served(address) if is_document(address, was) else frozenset[str]()
        ids = was.contents | was.by_id | manifest.by_id
        ids |= self._ids_behind(address) if is_ours else frozenset()
        return Survivor(was.by_name | manifest.by_name, ids, served)

    def _served_still(self, address: str) -> Iterator[str]:
        """Yield the ids in the bundles of a document that the plan neither changes nor can publish again."""
        if address not in self.before or not is_document(address, self.before[address]):
            return
        if not self._is_complete(address) and not self._is_changed(address):
            yield from self.served(address, published=False)
        was, now = _published(self.before[address]), _published(self.after[address])
        if was == now and not all(map(self._is_complete, now)):
            yield from (id_ for release in was for id_ in self.served(release))

    def _is_changed(self, document: str) -> bool:
        """Return True if the manifest of a document differs from what was applied, also if only in names."""
        if document in self.former:
            return True
        ignoring = self.ignoring([document])
        return not ignoring and _draft(self.as_applied[document]) != _draft(self.as_written[document])

    def _is_complete(self, address: str) -> bool:
        """Return True if the assistants and pipelines that a document consists of have manifests under these names."""
        thing = self.as_written.get(address)
        if thing is None:
            return False
        live = self.as_applied.get(self.former.get(address, address), Object())
        refs = live.refs if self.ignoring([address]) else thing.refs
        return all(self._is_complete(one) for how, one in refs if how in {"assistant", "pipeline", "starts", "node"})

    def served(self, document: str, *, published: bool = True) -> frozenset[str]:
        """Return the ids in the published bundles of a document: of the agents, stores and uploads in it."""
        found, seen, waiting = set[str](), set[str](), [document]
        while waiting:
            address = self.entry_of(waiting.pop())
            thing = self.before.get(address)
            if thing is None or address in seen:
                continue
            seen.add(address)
            if is_document(address, thing):
                waiting.extend(thing.holds)
                waiting.extend(target for how, target in thing.refs if published or how != "published")
            else:
                found.add(upload(address, thing.text) if address.startswith("file/") else address)
        return frozenset(found)

    # Uploads.

    @cached_property
    def uploads(self) -> dict[str, set[str]]:
        """The live uploads, each with its paths."""
        found: dict[str, set[str]] = {}
        for address, thing in self.before.items():
            if address.startswith("file/"):
                found.setdefault(upload(address, thing.text), set()).add(address)
        return found

    @cached_property
    def written(self) -> set[str]:
        """The keys of uploads that an object in scope has after the plan because the plan writes its files."""
        writers = self.after.keys() - set(self.ignoring(self.after))
        return {upload(file, text) for one in writers for file, text in self.after[one].holds.items()}

    @cached_property
    def unused(self) -> set[str]:
        """Uploads that the plan would delete if only the manifests in scope counted."""
        return {
            key for key, paths in self.uploads.items() if key not in self.written and all(map(self._lets_go, paths))
        }

    def _lets_go(self, path: str) -> bool:
        """Return True if a file is in scope and removed or uploaded again. One that only ignored fields name is not."""
        return self.in_scope(path) and (path not in self.after or path in self._renewed)

    @cached_property
    def disowned(self) -> set[str]:
        """Uploads that stop being managed with an object that has `keep_on_delete`; a document stays managed."""
        kept = {one for one in self.kept if one not in self.manifests and self.in_scope(one)}
        live = {one for one in kept if not is_document(one, self.before[one])}
        return {key for one in live for key in self.before[one].contents}

    # Holders.

    def referrers(self, addresses: Collection[str]) -> set[str]:
        """Return who refers to one of these objects after the plan, or has its id if the plan ends it."""
        named, ended = self._holding(addresses, by_name=True), self.leaving.intersection(addresses)
        strays = {one.address for one in self.estate.strays if self._ids_of(one.refers_to) & ended}
        serving = (self._serving(one, by_name=True) for one in ended)
        return strays.union(named, *serving, *(self._holding_inside(one) for one in ended))

    def _holding_inside(self, vault: str) -> set[str]:
        """Return who holds a credential that is deleted with a vault."""
        ours = [one for one, thing in self.before.items() if ("vault", vault) in {*thing.refs, *thing.literal}]
        inside = {one for one in ours if one.startswith("credential/")}
        former = inside & self.former_credentials.keys()
        found = [self._holding({one}, by_name=one not in self.superseded) for one in inside]
        found += [{one} for one in former if self.holders(one)]
        theirs = {one.id for one in self.estate.unmanaged if one.type == "credential" and vault in one.refers_to}
        return set().union(*found, (one.title for one in self.estate.unmanaged if theirs.intersection(one.knows)))

    def holders(self, id_: str) -> set[str]:
        """Return who holds the present id of an object, or an upload, after the plan."""
        return self._holding({id_}, by_name=False) | self._serving(id_, by_name=False)

    def _serving(self, id_: str, *, by_name: bool) -> set[str]:
        """Return the documents that have an id in their bundles. One that does not refer to the object itself, and that
        has another holder in it, is not named beside that holder.
        """
        serving = {name for name, one in self.survivors.items() if id_ in one.served and name != id_}
        holding = serving | self._holding({id_}, by_name=by_name)
        if by_name:
            holding |= {name for document in serving for name in self._inside(document) if self._leads(name, id_)}
        return {name for name in serving if id_ in self.before[name].by_name or holding.isdisjoint(self._inside(name))}

    def _inside(self, document: str) -> frozenset[str]:
        return self.before[document].by_name

    def _leads(self, name: str, address: str) -> bool:
        """Return True if a survivor refers to an object after the plan, itself or through others."""
        if name not in self.survivors:
            return False
        named = self.survivors[name].names
        return address in named or any(self._leads(one, address) for one in named)

    def _holding(self, held: Collection[str], *, by_name: bool) -> set[str]:
        ours = {
            name
            for name, one in self.survivors.items()
            if not one.ids.isdisjoint(held) or (by_name and not one.names.isdisjoint(held))
        }
        estate = self.estate
        others = [(one.title, one.refers_to) for one in estate.unmanaged]
        others += [(one.name, one.refers_to) for one in estate.peers]
        others += [] if by_name else [(one.address, one.refers_to) for one in estate.strays]
        theirs = {name for name, refers_to in others if not self._ids_of(refers_to).isdisjoint(held)}
        theirs |= {name for name, ids in self._disputed() if not ids.isdisjoint(held)}
        return ours - set(held) | theirs

    def _disputed(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Yield the live assistants of which no label proves that they are managed, each with the ids that it has."""
        estate = self.estate
        for address in self.disputed & self.before.keys():
            thing = self.before[address]
            held = {target for _, target in (*thing.refs, *thing.literal)}
            ids = frozenset({*thing.contents, *map(self.entry_of, held)})
            twin = [f"{id_of(address, thing)}_twin"] if address in estate.duplicates else []
            for id_ in (id_of(address, thing), *twin):
                yield f"{type_of(address, thing)} {address.partition('/')[2]} ({id_})", ids

    def _ids_of(self, addresses: Iterable[str]) -> set[str]:
        return {
            upload(one, self.before[one].text) if one.startswith("file/") else self.entry_of(self.now(one))
            for one in addresses
        }


def _published(chatbot: Object) -> set[str]:
    """Return the release that a chatbot publishes, if any."""
    return {address for how, address in chatbot.refs if how == "published"}


def _draft(thing: Object) -> object:
    """Return the references of a document without the release that it publishes."""
    return tuple(pair for pair in thing.refs if pair[0] != "published"), thing.literal
