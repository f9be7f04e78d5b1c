"""Small plan inputs: seven resource types, and a builder of desired, applied and live objects, one line each.

worlds = Worlds()
worlds.want("widget/lamp", note="on")
worlds.applied("widget/lamp", note="off")
worlds.live("widget/lamp", note="off")
worlds.plan().changes
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any, Self

from reconciler.planning import build
from reconciler.planning.announced import marker_of
from reconciler.planning.build import Planned
from reconciler.planning.inputs import Link, Pending, PlanInputs
from reconciler.planning.model import Change, Plan
from reconciler.planning.published import Bundle, Pointer
from reconciler.planning.reasons import Reason
from reconciler.resources import store_files
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied, Desired, Labels, Lifecycle, Live, LocalFile
from reconciler.resources.guard_settings import GuardSettings
from reconciler.resources.kinds.file import RESOURCE_TYPE
from reconciler.resources.labels import spec_hashes
from reconciler.resources.problems import Place
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import Fields, digest, reference

IDENTITY = Identity("acme", "production")
SETTINGS = frozenset({"max_deletes", "max_archives", "max_daily_cost", "strict"})
"""Guard settings that are options of a plan."""
LINEAGE = "0123456789abcdef"
"""The lineage of the state, and of the labels that it wrote."""


def _form(type_: str, **options: Any) -> ResourceType:
    return ResourceType(type_, canonical=lambda _name, value: value, render=dict, **options)


def _widget(type_: str, **options: Any) -> ResourceType:
    """Return a resource type: `metadata` is owned by key, `size` is immutable, the default of `colour` is grey."""
    return _form(
        type_,
        defaults={"note": None, "colour": "grey", "metadata": {}, "tools": [], "uses": None},
        owned_by_key=frozenset({"metadata"}),
        immutable=frozenset({"size"}),
        **options,
    )


def _named_ids(fields: Fields, addresses_of: Callable[[str], Sequence[str]], _expected: Fields) -> Fields:
    """Return `fields` with each id of a managed object replaced by a reference."""

    def named(value: Any) -> Any:
        if isinstance(value, list):
            return [named(item) for item in value]
        known = addresses_of(value) if isinstance(value, str) else ()
        return reference(known[0]) if known else value

    return {name: named(value) for name, value in fields.items()}


FORMS: Mapping[str, ResourceType] = {
    "widget": _widget("widget"),
    "agent": _widget("agent", prefix="assistant"),
    "store": _form(
        "store",
        defaults={"files": {}},
        owned_by_key=frozenset({"files"}),
        apart=frozenset({"files"}),
        creation_only=frozenset({"description"}),
        own_localise=store_files.localise,
        rename=store_files.renamed,
        members=store_files.MEMBERS,
        prefix="vectorstore",
        delete_ranks=(10, 10),
        billed=True,
        serves=True,
    ),
    "key": _form(
        "key", defaults={}, immutable=frozenset({"size"}), outlives=True, parent="widget", secret=frozenset({"token"})
    ),
    "clock": _form("clock", defaults={}, runs=lambda fields, _after: fields.get("runs", ())),
    "note": _form("note", defaults={"text": None}, identity="state"),
    "page": _form("page", defaults={}, identity="document", own_localise=_named_ids),
    "file": RESOURCE_TYPE,
}
"""Resource types by type. A `page` is a document in the outlets; the owner of a `note` is in the state only. A `key`
may outlive its replacement, has a secret, and is deleted with a widget. A `clock` acts at the times in `runs`."""
_TYPES = {"assistant": "agent", "chatbot": "page", "pipeline": "page", "release": "page", "vectorstore": "store"}


def sha(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def ref(address: str) -> dict[str, str]:
    return reference(address)


def type_of(address: str) -> str:
    kind = address.partition("/")[0]
    return _TYPES.get(kind, kind)


def entry(path: str, content: str, **settings: Any) -> dict[str, Any]:
    """Return the entry of a file in the manifest of a store."""
    return {"file": ref(f"file/{path}"), "sha256": sha(content), **settings}


@dataclass
class Worlds:
    """A builder of `PlanInputs`."""

    wanted: dict[Address, Desired] = field(default_factory=dict)
    state: dict[Address, Applied] = field(default_factory=dict)
    objects: list[Live] = field(default_factory=list)
    links: dict[Address, list[Link]] = field(default_factory=dict)
    pending: list[Pending] = field(default_factory=list)
    superseded: list[Pending] = field(default_factory=list)
    bundles: dict[Address, Bundle] = field(default_factory=dict)
    pointers: dict[Address, Pointer] = field(default_factory=dict)
    peers: dict[Identity, list[Live]] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    """Options of every plan, which those of one plan replace."""

    def want(
        self,
        address: str,
        /,
        *,
        protect: bool = False,
        ignore: tuple[str, ...] = (),
        moved_from: tuple[str, ...] = (),
        keep: bool = False,
        type_: str = "",
        line: int = 1,
        secret: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> Self:
        key = Address.parse(address)
        self.wanted[key] = Desired(
            address=key,
            type=type_ or type_of(address),
            fields=fields,
            place=Place(f"manifests/{key.name}.yaml", line),
            lifecycle=Lifecycle(protect=protect, ignore=ignore, moved_from=moved_from, keep_on_delete=keep),
            write_only=digests(secret),
            unreadable=secret or {},
        )
        return self

    def applied(
        self,
        address: str,
        /,
        *,
        id_: str = "",
        type_: str = "",
        protect: bool = False,
        keep: bool = False,
        secret: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> Self:
        key, type_ = Address.parse(address), type_ or type_of(address)
        self.state[key] = Applied(id_ or live_id(address, type_), type_, fields, digests(secret), protect, keep)
        return self

    def live(
        self,
        address: str,
        /,
        *,
        id_: str = "",
        type_: str = "",
        owner: str | None = str(IDENTITY),
        lineage: str | None = LINEAGE,
        hashes: Mapping[str, Any] | None = None,
        protect: bool = False,
        refers_to: tuple[str, ...] = (),
        detail: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> Self:
        """Add a labelled live object. The label has the hashes of `hashes`; default: of the fields in the state."""
        type_ = type_ or type_of(address)
        known = self.state.get(Address.parse(address))
        vouched = hashes if hashes is not None else (known.fields if known else {})
        spec = spec_hashes({name: value for name, value in vouched.items() if name not in FORMS[type_].apart})
        labels = (
            None if owner is None or not FORMS[type_].is_labelled else Labels(owner, address, spec, protect, lineage)
        )
        name = address.partition("/")[2]
        self.objects.append(
            Live(type_, id_ or live_id(address, type_), fields, labels, name, tuple(refers_to), detail or {})
        )
        return self

    def synced(self, address: str, /, *, id_: str = "", protect: bool = False, **fields: Any) -> Self:
        """Add an object that is desired, applied and live with equal fields."""
        self.want(address, protect=protect, **fields)
        return self.stays(address, id_=id_, protect=protect, **fields)

    def stays(
        self, address: str, /, *, id_: str = "", protect: bool = False, keep: bool = False, **fields: Any
    ) -> Self:
        """Add an object that is applied and live, but not desired."""
        self.applied(address, id_=id_, protect=protect, keep=keep, **fields)
        found: dict[str, Any] = {
            name: _by_id(self, value) if name == "files" else value for name, value in fields.items()
        }
        refers = tuple(sorted(found.get("files", ())))
        return self.live(address, id_=id_, protect=protect, refers_to=refers, **found)

    def want_file(self, path: str, content: str) -> Self:
        key = Address("file", path)
        self.wanted[key] = Desired(
            address=key,
            type="file",
            fields={"sha256": sha(content), "purpose": "assistants"},
            parts=(LocalFile(path, sha(content), len(content)),),
            upload_name=PurePosixPath(path).name,
        )
        return self

    def applied_file(self, path: str, content: str, *, id_: str = "") -> Self:
        fields = {"sha256": sha(content), "purpose": "assistants"}
        self.state[Address("file", path)] = Applied(id_ or live_id(f"file/{path}", "file"), "file", fields)
        return self

    def live_file(self, path: str, content: str, *, id_: str = "", created: float = 1000.0) -> Self:
        found = Live(
            "file",
            id_ or live_id(f"file/{path}", "file"),
            {"purpose": "assistants"},
            name=PurePosixPath(path).name,
            detail={"bytes": len(content), "created_at": created},
        )
        self.objects.append(found)
        return self

    def synced_file(self, path: str, content: str) -> Self:
        return self.want_file(path, content).stays_file(path, content)

    def stays_file(self, path: str, content: str) -> Self:
        return self.applied_file(path, content).live_file(path, content)

    def announce(self, path: str, content: str, *, since: float = 1000.0) -> Self:
        """Add the intent of an interrupted run to upload a file."""
        marker = {"filename": PurePosixPath(path).name, "bytes": len(content), "sha256": sha(content)}
        self.pending.append(Pending(Address("file", path), "file", marker, since))
        return self

    def unfinished(
        self, address: str, /, *, since: float = 1000.0, type_: str = "", is_superseded: bool = False, **fields: Any
    ) -> Self:
        """Add the intent of an interrupted run to create an object with these fields."""
        desired = Desired(Address.parse(address), type_ or type_of(address), fields)
        intent = Pending(desired.address, desired.type, marker_of(self.world(), desired), since)
        (self.superseded if is_superseded else self.pending).append(intent)
        return self

    def stranger(
        self, id_: str, *, type_: str = "agent", name: str = "", refers_to: tuple[str, ...] = (), **fields: Any
    ) -> Self:
        self.objects.append(Live(type_, id_, fields, None, name, refers_to))
        return self

    def peer(self, identity: str, address: str, *refers_to: str, type_: str = "page") -> Self:
        """Add a document in the outlets of another identity."""
        document = Live(type_, f"{identity}: {address}", {}, name=address, refers_to=refers_to)
        self.peers.setdefault(Identity.parse(identity), []).append(document)
        return self

    def link(self, source: str, target: str, *, place: str = "manifests/links.yaml:3") -> Self:
        self.links.setdefault(Address.parse(source), []).append(Link(Address.parse(target), place))
        return self

    def recorded(self, /, **settings: Any) -> Self:
        """Set the guard settings that the last apply recorded. Those of the manifest are options of the plan."""
        self.options["recorded"] = GuardSettings(**settings)
        return self

    def bundle(self, address: str, content: Any, *refers_to: str) -> Self:
        self.bundles[Address.parse(address)] = Bundle(digest(content), frozenset(map(Address.parse, refers_to)))
        return self

    def pointer(
        self, address: str, content: Any, ids: Mapping[str, str] | None = None, fault: Reason | None = None
    ) -> Self:
        self.pointers[Address.parse(address)] = Pointer(digest(content), ids or {}, fault)
        return self

    def world(self, **options: Any) -> PlanInputs:
        options = {**self.options, **options}
        given = {name: options.pop(name) for name in SETTINGS & options.keys()}
        if given:
            options["settings"] = replace(options.get("settings", GuardSettings()), **given)
        world = PlanInputs(
            identity=IDENTITY,
            resource_types=FORMS,
            desired=dict(self.wanted),
            applied=dict(self.state),
            live=tuple(self.objects),
            links=dict(self.links),
            pending=tuple(self.pending),
            superseded=tuple(self.superseded),
            bundles=dict(self.bundles),
            pointers=dict(self.pointers),
            peers=dict(self.peers),
            openai_project="proj_a",
            applied_project="proj_a",
            lineage=LINEAGE,
        )
        return replace(world, **options)

    def planned(self, **options: Any) -> Planned:
        return build.plan(self.world(**options))

    def plan(self, **options: Any) -> Plan:
        return self.planned(**options).plan


def digests(secret: Mapping[str, str] | None) -> dict[str, str]:
    return {name: digest(value) for name, value in (secret or {}).items()}


def live_id(address: str, type_: str) -> str:
    """Return the default id of an object."""
    name = address.partition("/")[2].replace("/", "-").replace(".", "-")
    return address if type_ == "page" else f"{type_}_{name}"


def _by_id(worlds: Worlds, files: Mapping[str, Any]) -> dict[str, Any]:
    """Return the files of a store as the API returns them."""
    return {
        worlds.state[Address("file", path)].id: {
            "attributes": {},
            **{name: value for name, value in settings.items() if name != "file"},
        }
        for path, settings in files.items()
    }


def done(*changes: Change) -> list[tuple[str, str]]:
    """Return the action and address of each change."""
    return [(change.action, change.address) for change in changes]


def fields_of(plan: Plan) -> list[tuple[str, Any, Any, str]]:
    """Return the path, live value, desired value and origin of each field change."""
    return [
        (item.path, item.live, item.desired, item.origin)
        for change in (*plan.changes, *plan.drift)
        for item in change.fields
    ]
