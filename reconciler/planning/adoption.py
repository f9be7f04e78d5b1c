"""Matching of unmanaged live objects to manifests, for adoption."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from reconciler.planning.field_diff import LastApplied, compare
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.reasons import Notice
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Desired, Live
from reconciler.resources.labels import FILE_SHA256, PROJECT
from reconciler.resources.name_lists import few
from reconciler.resources.problems import Problem, command_text, env_option
from reconciler.resources.resource_type import CONTENT
from reconciler.resources.values import JSON, digest

_SHOWN: Final = 5


@dataclass(frozen=True)
class AdoptionMatch:
    """Objects to take over, and why others cannot be."""

    ids: Mapping[Address, str]
    problems: tuple[Problem, ...] = ()
    notices: tuple[Notice, ...] = ()


def pair(
    inputs: PlanInputs, matched: Matched, wanted: Mapping[Address, str | None], remembered: Mapping[Address, str]
) -> AdoptionMatch:
    """Return the live object of every address in `wanted`, by id or by match; if it is empty, of all that are not live
    yet.

    `remembered` are the ids in import comments. An object matches a manifest if type and name are the same; of several,
    the one that is equal in all fields of the manifest.
    """
    return _Pairing(inputs, matched, remembered).pair(wanted)


def alike(
    inputs: PlanInputs, matched: Matched, wanted: Mapping[Address, str | None], remembered: Mapping[Address, str]
) -> frozenset[str]:
    """Return the ids of all objects that `pair` compares and that must be read completely."""
    pairing = _Pairing(inputs, matched, remembered)
    found = {id_ for id_ in (*wanted.values(), *remembered.values()) if id_}
    return frozenset(found.union(live.id for address in pairing.missing() for live in pairing.candidates(address)))


@dataclass
class _Pairing:
    inputs: PlanInputs
    matched: Matched
    remembered: Mapping[Address, str]
    problems: list[Problem] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.unproven = {live.id for live in self.matched.unproven}
        self.by_id = {live.id: live for live in self.inputs.live if live.type not in self.inputs.outlet_types}
        self.free = {
            live.id: live
            for live in (*self.matched.unmanaged, *self.matched.unproven)
            if live.labels is None or live.id in self.unproven
            if not self.inputs.is_upload(live.type)
        }
        self.origins = Counter(self.remembered.values())
        self.by_name: dict[tuple[str, str], list[Live]] = defaultdict(list)
        for live in self.free.values():
            if self.origins[live.id] != 1:
                self.by_name[_likeness(live.type, live.fields.get("name"))].append(live)

    def pair(self, wanted: Mapping[Address, str | None]) -> AdoptionMatch:
        asked = {address: id_ for address, id_ in wanted.items() if self._may_adopt(address, id_)}
        found = {address: id_ for address, id_ in asked.items() if id_ and self._is_adoptable(address, id_)}
        unnamed = [address for address, id_ in asked.items() if not id_] if wanted else self.missing()
        taken = {*found.values()}
        like = ((address, self._like(address, taken, named=address in wanted)) for address in unnamed)
        found |= {address: live.id for address, live in like if live is not None}
        found = {address: id_ for address, id_ in found.items() if self._has_no_marked_members(address, id_)}
        return AdoptionMatch(dict(self._unique(found)), tuple(self.problems), tuple(self.notices))

    @property
    def _env(self) -> str:
        return env_option(self.inputs.identity.environment)

    @property
    def _list(self) -> str:
        return f"To list all live objects, run `reconciler inventory{self._env}`."

    def missing(self) -> list[Address]:
        """Return the adoptable objects of the manifests that are not live."""
        matched = self.matched
        known = {*matched.live, *matched.ambiguous, *matched.foreign_owned, *matched.other_lineage}
        return [address for address, one in sorted(self.inputs.desired.items()) if self._of_kind(one) - known]

    def candidates(self, address: Address) -> Sequence[Live]:
        """Return the object that the manifest was imported from, or else the objects with its type and name."""
        desired = self.inputs.desired[address]
        origin = self.free.get(self.remembered.get(address, ""))
        if origin and origin.type == desired.type and self.origins[origin.id] == 1:
            return [origin]
        return self.by_name.get(_likeness(desired.type, desired.fields.get("name")), ())

    def _of_kind(self, desired: Desired) -> set[Address]:
        adoptable = desired.type not in self.inputs.outlet_types and not self.inputs.is_upload(desired.type)
        return {desired.address} if adoptable else set()

    def _may_adopt(self, address: Address, id_: str | None) -> bool:
        desired, live = self.inputs.desired.get(address), self.matched.live.get(address)
        if desired is None and address in self.inputs.runners:
            message = f"{self.inputs.runners[address].chatbot}, which {address} runs, publishes no release"
            self._problem("not-adoptable", message, "Publish a release first: its agent is what the object runs.")
        elif desired is None:
            hint = f"Adoption requires a manifest. To write one, run `reconciler import{self._env}`."
            self._problem("unknown-address", f"{address} has no manifest", hint)
        elif self.inputs.is_upload(desired.type):
            hint = "Replace the path in the manifest with the id of the upload, or let apply upload the file."
            self._problem(
                "not-adoptable", f"{address}: uploads cannot be adopted, because their content cannot be read", hint
            )
        elif not self._of_kind(desired):
            self._problem(
                "not-adoptable", f"{address} is a published document, not an object at OpenAI", "Apply publishes it."
            )
        elif live is not None and id_ in (None, live.id):
            self.notices.append(Notice("already-managed", {"id": live.id}, str(address)))
        elif live is not None:
            hint = f"To use {id_} instead, remove {address} first."
            self._problem("already-live", f"{address} already has the live object {live.id}", hint)
        else:
            return True
        return False

    def _is_adoptable(self, address: Address, id_: str) -> bool:
        type_, live = self.inputs.desired[address].type, self.by_id.get(id_)
        if live is None:
            self._problem("not-live", f"{address}: {type_} {id_} was not found", self._list)
        elif live.labels and self.inputs.is_mislabelled(live) and live.id not in self.matched.addresses:
            hint = "Remove the `reconciler-` keys from the metadata of the object, then adopt it."
            message = f"{address}: {id_} has the label {live.labels.address}, which {_a(live.type)} cannot have"
            self._problem("wrong-label", message, hint)
        elif live.type != type_:
            self._problem("wrong-type", f"{address} requires {_a(type_)}, but {id_} is {_a(live.type)}", self._list)
        elif owner := self._owner(live):
            self._owned(address, live, owner)
        else:
            return True
        return False

    def _has_no_marked_members(self, address: Address, id_: str) -> bool:
        """Add a problem for an object with members that Reconciler attached and that are not in the state: they may
        belong to another state, and managed objects keep only the members in their manifests.
        """
        live = self.by_id[id_]
        members = self.inputs.members(live.type)
        held = members.of(live.fields) if members else {}
        failed = members.failed(live.detail).keys() if members else ()
        attached = {one for one in held if CONTENT in held[one]}.union(failed)
        marked = sorted(attached - self.matched.addresses.keys())
        if marked and members:
            hint = (
                f"Remove `{PROJECT}` and `{FILE_SHA256}` from the attributes of the {members.noun}s in {id_}, and run "
                "this command again: they then stay in it."
            )
            about = f"{members.noun}s that another state may have attached: {few(marked, _SHOWN)}"
            self._problem("foreign-owner", f"{address}: {id_} has {about}", hint)
        return not marked

    def _owner(self, live: Live) -> str:
        if live.id in self.unproven:
            return ""
        if live.labels:
            return live.labels.identity
        return str(self.inputs.identity) if live.id in self.matched.addresses else ""

    def _is_proven(self, live: Live) -> bool:
        others = chain.from_iterable((*self.matched.other_lineage.values(), self.matched.foreign_owned.values()))
        return live.id not in {other.id for other in others}

    def _owned(self, address: Address, live: Live, owner: str) -> None:
        if owner == str(self.inputs.identity) and not self._is_proven(live):
            hint = (
                f"If the state of this project was lost, run `reconciler state rebuild{self._env}`. If another "
                "repository manages the object, set another `metadata.name` in project.yaml. If someone copied it, "
                "remove the `reconciler-` keys from its metadata."
            )
            self._problem("foreign-owner", f"{address}: {live.id} was created by another state of {owner}", hint)
        elif owner == str(self.inputs.identity):
            known = self.matched.addresses.get(live.id)
            former = known[0] if known else live.labels.address if live.labels else ""
            hint = f"To rename the object, set `lifecycle: {{moved_from: {str(former).partition('/')[2]}}}`."
            self._problem("already-ours", f"{address}: {live.id} is already managed as {former}", hint)
        else:
            hint = (
                f"To release it, set `lifecycle: {{keep_on_delete: true}}` in {owner}, apply, and remove the manifest. "
                "If that project is not in use, remove the `reconciler-` keys from the metadata of the object."
            )
            other = Identity.parse(owner)
            if other.project == self.inputs.identity.project and live.labels:
                command = f"reconciler state rm {live.labels.address}{env_option(other.environment)}"
                hint = f"To move it here, run `{command}`, and adopt it then."
                if other in self.inputs.removed_environments:
                    command = command_text(other.environment, "state", "rm", "--all")
                    hint = (
                        f"To move what {other} manages, put {other.environment} back into `spec.environments`, run "
                        f"`{command}`, remove it again, and adopt it then."
                    )
                if not other.environment:
                    hint = (
                        "To move what the project manages since before it had environments, run `reconciler state rm "
                        "--all` with the project.yaml from before, put the environments back, and adopt it then."
                    )
            self._problem("foreign-owner", f"{address}: {live.id} is owned by {owner}", hint)

    def _like(self, address: Address, taken: set[str], *, named: bool) -> Live | None:
        """Return the object that matches the manifest; add a problem if there are several, or none for a named
        address.
        """
        found = [live for live in self.candidates(address) if live.id not in taken]
        equal = [live for live in found if self._is_equal(address, live)]
        if len(equal or found) == 1:
            return (equal or found)[0]
        if found:
            how = "have its name and equal it in every field that it sets" if equal else "have its name"
            ids = sorted(live.id for live in equal or found)
            hint = f"Select one: reconciler adopt {address}={ids[0]}{self._env}"
            self._problem("ambiguous", f"{address}: {len(ids)} objects {how}: {few(ids, _SHOWN)}", hint)
        elif foreign := self._owned_before(address) or self._foreign_origin(address):
            self._owned(address, foreign, foreign.labels.identity if foreign.labels else "")
        elif named:
            self._problem("nothing-alike", f"{address}: no unmanaged object has its name", self._others(address))
        else:
            self.notices.append(Notice("nothing-to-adopt", address=str(address)))
        return None

    def _owned_before(self, address: Address) -> Live | None:
        """Return the object that the project manages for no environment, or for one that was removed."""
        name = str(address)
        return self.inputs.of_undivided.get(name) or self.inputs.of_removed_environments.get(name)

    def _foreign_origin(self, address: Address) -> Live | None:
        """Return the object that the manifest was imported from, if another project manages it."""
        live = self.by_id.get(self.remembered.get(address, ""))
        same_type = live is not None and live.type == self.inputs.desired[address].type
        return live if live and same_type and self.inputs.is_of_another_project(live) else None

    def _is_equal(self, address: Address, live: Live) -> bool:
        desired = self.inputs.desired[address]
        localised = self.matched.localise(self.inputs, address, live)
        return not compare(self.inputs.resource_types[live.type], desired, LastApplied(), localised.fields)

    def _others(self, address: Address) -> str:
        type_ = self.inputs.desired[address].type
        ids = sorted(f"{live.id} ({live.name})" for live in self.free.values() if live.type == type_)
        if not ids:
            return f"No {type_} is unmanaged. {self._list}"
        return f"Select one, as in {address}=ID: {few(ids, _SHOWN)}"

    def _unique(self, found: Mapping[Address, str]) -> Iterator[tuple[Address, str]]:
        claims: dict[str, list[Address]] = defaultdict(list)
        for address, id_ in found.items():
            claims[id_].append(address)
        for id_, addresses in claims.items():
            if len(addresses) == 1:
                yield addresses[0], id_
            else:
                hint = "Select one of them, as in ADDRESS=ID."
                self._problem("ambiguous", f"{id_} matches {', '.join(map(str, sorted(addresses)))}", hint)

    def _problem(self, code: str, message: str, hint: str) -> None:
        self.problems.append(Problem(code, message, hint=hint))


def _likeness(type_: str, name: JSON) -> tuple[str, str]:
    return type_, digest(name)


def _a(type_: str) -> str:
    return f"{'an' if type_[0] in 'aeiou' else 'a'} {type_}"
