"""The fewest requests of a plan and its apply, for projects with objects of every kind, from both sides alone.

Like `request_bound`, it is computed without the plan: from the manifests, in which each object varies in few values,
and from what the API holds. All lists have one page. The rules:

- A plan reads each list that has objects of the project, and the lists of what may refer to an object that goes.
- An apply reads each object that it changes or deletes once more, and again the lists of what may refer to one that
  goes: the API has no conditional writes. Uploads never change, and are not read.
- Deletes come last, so that each of these lists is read once, if all deletes take no longer than a look serves. If an
  upload goes, the files of every store that stays are read, even of one that this apply created: while its files were
  indexed, others may have attached the upload to it.
- Each object that differs takes one write. A new version of a skill is uploaded, listed, and made the default; before
  that, the list shows whether an earlier run uploaded it. Files go into a store in a batch, whose state is read.
- Assistants of target `responses`, pipelines, chatbots and releases are documents, without requests.
- Models are listed if an assistant is written, or a release made or published: a model may have been shut down.
"""

import hashlib
import io
import re
import zipfile
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from reconciler.resources.labels import FILE_SHA256
from tests.support.world import Document, World

Key: TypeAlias = tuple[str, str]
"""The list of an object, and its name; of an upload also its content."""

LISTS: Final = {
    "agents": "agents",
    "assistants": "assistants",
    "automations": "agents/automations",
    "credentials": "vaults/*/credentials",
    "files": "files",
    "skills": "skills",
    "stores": "vector_stores",
    "templates": "agents/environments/templates",
    "vaults": "vaults",
}
"""Path of each list."""
REFERRERS: Final[Mapping[str, Collection[str]]] = {
    "agents": ("automations",),
    "credentials": ("agents", "automations"),
    "files": ("assistants", "automations", "stores", "templates"),
    "skills": ("automations", "templates"),
    "stores": ("assistants",),
    "templates": ("automations",),
    "vaults": ("agents", "automations", "credentials"),
}
"""The lists of what may refer to an object. Sessions refer to agents, and to what their agents had."""
MODELS: Final = Counter({"GET /v1/models": 1})


@dataclass(frozen=True)
class Estate:
    """One side: objects by list and name, each with everything about it that varies, and the uploads in each store."""

    objects: Mapping[Key, object]
    stores: Mapping[str, frozenset[str]]
    others: Mapping[str, int] = field(default_factory=dict)
    """Numbers of objects of others by list."""

    def names(self, list_: str) -> set[str]:
        return {name for one, name in self.objects if one == list_}

    @property
    def lists(self) -> set[str]:
        return {list_ for list_, _ in self.objects}


def desired(world: World) -> Estate:
    """Return the side of the manifests of `world`."""
    objects: dict[Key, object] = {}
    stores: dict[str, frozenset[str]] = {}
    for document in world.documents.values():
        name, spec = document["metadata"]["name"], document["spec"]
        match document["kind"]:
            case "Assistant" if spec["target"] == "agents":
                tools = [tool["credential_id"] for tool in spec.get("tools", ())]
                objects["agents", name] = (spec.get("instructions"), tools)
            case "Assistant" if spec["target"] == "assistants":
                objects["assistants", name] = spec.get("instructions")
            case "Vault" | "Credential" as kind:
                objects[f"{kind.lower()}s", name] = spec.get("metadata", {})
            case "Skill":
                objects["skills", name] = (world.root / spec["folder"] / "SKILL.md").read_text()
            case "EnvironmentTemplate":
                paths = [file["file_id"] for file in spec["files"]]
                objects["templates", name] = (spec["packages"]["python"], [path.rpartition("/")[2] for path in paths])
                objects |= {("files", upload(world, path)): None for path in paths}
            case "Automation":
                objects["automations", name] = (spec.get("metadata", {}), spec["target"]["agent"])
            case "VectorStore":
                stores[name] = frozenset(upload(world, path) for path in spec["files"])
                objects["stores", name] = spec.get("metadata", {})
                objects |= {("files", one): None for one in stores[name]}
    return Estate(objects, stores)


def upload(world: World, path: str) -> str:
    """Return the name and the content of a file, which are those of its upload."""
    return f"{path.rpartition('/')[2]} {hashlib.sha256((world.root / path).read_bytes()).hexdigest()}"


def live(world: World, ours: Collection[Key]) -> Estate:
    """Return the side of the API. An object is one of `ours` by its name; the requests for it are not counted."""
    return world.by_hand(_live(world, ours))


async def _live(world: World, ours: Collection[Key]) -> Estate:
    found = await _listed(world)
    names = {one["id"]: str(one.get("name") or one.get("filename")) for bodies in found.values() for one in bodies}
    fixed = {path.rpartition("/")[2]: upload(world, path) for path in FIXED}
    objects: dict[Key, object] = {
        ("files", fixed[file["filename"]]): None for file in found["files"] if file["filename"] in fixed
    }
    stores: dict[str, frozenset[str]] = {}
    for list_, bodies in found.items():
        for body in bodies:
            if (list_, body.get("name")) in ours:
                objects[list_, body["name"]] = await _value(world, list_, body, names)
                if list_ == "stores":
                    entries = await _page(world, "vector_stores", body["id"], "files")
                    held = [f"{names[one['id']]} {one['attributes'][FILE_SHA256]}" for one in entries]
                    stores[body["name"]] = frozenset(held)
                    objects |= {("files", one): None for one in held}
    mine = Counter(list_ for list_, _ in objects)
    return Estate(objects, stores, {list_: len(bodies) - mine[list_] for list_, bodies in found.items()})


async def _page(world: World, *path: str) -> list[Document]:
    found: list[Document] = (await world.connection.page(*path, query={"limit": 100}))["data"]
    return found


async def _listed(world: World) -> dict[str, list[Document]]:
    """Return everything that the API holds, by list."""
    found = {one: await _page(world, *path.split("/")) for one, path in LISTS.items() if one != "credentials"}
    vaults = [await _page(world, "vaults", vault["id"], "credentials") for vault in found["vaults"]]
    for file in found["files"]:  # a part of the digest is in the name of an upload that is in no store
        file["filename"] = re.sub(r"\.[0-9a-f]{12}(?=\.)", "", file["filename"])
    return {**found, "credentials": [one for credentials in vaults for one in credentials]}


FIXED: Final = ("data/one.csv", "data/two.csv")
"""Files of templates. Their content never changes: the API does not return it."""


async def _value(world: World, list_: str, body: Document, names: Mapping[str, str]) -> object:
    own = {key: text for key, text in (body.get("metadata") or {}).items() if not key.startswith("reconciler")}
    match list_:
        case "agents":
            return body.get("instructions"), [names[tool["credential_id"]] for tool in body.get("tools") or ()]
        case "assistants":
            return body.get("instructions")
        case "templates":
            return body["packages"]["python"], [names[file["file_id"]] for file in body["files"]]
        case "automations":
            return own, names[body["target"]["agent_id"]]
        case "skills":
            version = body["default_version"]
            content = await world.connection.content("skills", body["id"], "versions", version, "content")
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                return next(archive.read(name).decode() for name in archive.namelist() if name.endswith("SKILL.md"))
        case _:
            return own


@dataclass(frozen=True)
class Bound:
    """The fewest requests that lead from live objects to desired ones."""

    wanted: Estate
    found: Estate
    writes_models: bool
    """True if the manifest of an assistant differs from the applied one, or a release is new or to be published."""

    def plan(self) -> Counter[str]:
        """Return the fewest requests of a plan."""
        used = self.wanted.lists | self.found.lists
        stores = self.found.names("stores")
        asked = self._walks(
            used | self._referrers(), len(stores) + (self.found.others["stores"] if self._gone("files") else 0)
        )
        return asked + self._sessions() + (MODELS if self.writes_models else Counter())

    def apply(self) -> Counter[str]:
        """Return the fewest requests of an apply."""
        asked = +(self._walks(self._referrers(), self._stores_after()) + self._sessions())
        for list_ in LISTS:
            path, ours = LISTS[list_], self.found.names(list_)
            if list_ == "files":
                asked += Counter(
                    {
                        f"POST /v1/{path}": len(self.wanted.names(list_) - ours),
                        f"DELETE /v1/{path}/*": len(self._gone(list_)),
                    }
                )
                continue
            changed = [name for name in ours & self.wanted.names(list_) if self._differs(list_, name)]
            asked += Counter(
                {
                    f"POST /v1/{path}": len(self.wanted.names(list_) - ours),
                    f"GET /v1/{path}/*": len(changed) + len(self._gone(list_)),
                    f"DELETE /v1/{path}/*": len(self._gone(list_)),
                }
            )
            if list_ == "skills":
                asked += Counter(
                    {"GET /v1/skills/*/versions": 2 * len(changed), "POST /v1/skills/*/versions": len(changed)}
                )
            if list_ == "stores":
                changed = [
                    name for name in changed if self.wanted.objects[list_, name] != self.found.objects[list_, name]
                ]
            asked[f"POST /v1/{path}/*"] += len(changed)
        for name, files in self.wanted.stores.items():
            asked += self._of_store(
                files, self.found.stores.get(name, frozenset()), is_new=name not in self.found.stores
            )
        return +asked

    def _of_store(self, files: frozenset[str], held: frozenset[str], *, is_new: bool) -> Counter[str]:
        """Return the requests about the files of a store, which have one page. No one else can have attached a
        file that this run uploaded for the first time, so that only other changes of files require a look at the store.
        """
        new, old = files - held, held - files
        is_read = not is_new and (old or _paths(new) & _paths(self.found.names("files")))
        return Counter(
            {
                "GET /v1/vector_stores/*/files": 1 if is_read else 0,
                "POST /v1/vector_stores/*/file_batches": 1 if new else 0,
                "GET /v1/vector_stores/*/file_batches/*": 1 if new else 0,
                "DELETE /v1/vector_stores/*/files/*": len(old),
            }
        )

    def _differs(self, list_: str, name: str) -> bool:
        wanted, found = self.wanted, self.found
        is_same = wanted.objects[list_, name] == found.objects[list_, name]
        return not is_same or (list_ == "stores" and wanted.stores[name] != found.stores[name])

    def _gone(self, list_: str) -> set[str]:
        return self.found.names(list_) - self.wanted.names(list_)

    def _stores_after(self) -> int:
        """Return the number of stores that are there after the apply, if an upload is deleted."""
        return len(self.wanted.names("stores")) + self.found.others["stores"] if self._gone("files") else 0

    def _referrers(self) -> set[str]:
        return {one for list_, others in REFERRERS.items() if self._gone(list_) for one in others}

    def _walks(self, lists: set[str], stores: int) -> Counter[str]:
        """Return the requests that read these lists, and the files of so many stores."""
        vaults = len(self.found.names("vaults")) + self.found.others["vaults"]
        asked = Counter({f"GET /v1/{LISTS[one]}": 1 for one in lists})
        if "credentials" in lists:
            asked["GET /v1/vaults"] = 1
            asked["GET /v1/vaults/*/credentials"] = vaults
        if "stores" in lists:
            asked["GET /v1/vector_stores/*/files"] = stores
        return asked

    def _sessions(self) -> Counter[str]:
        all_ = 1 if self._gone("credentials") or self._gone("vaults") else 0
        return Counter({"GET /v1/agents/sessions": len(self._gone("agents")) + all_})


def _paths(uploads: Iterable[str]) -> set[str]:
    """Return the names of uploads without their contents: an earlier content of a file may be an upload, too."""
    return {upload.partition(" ")[0] for upload in uploads}
