"""The ids and the fields of the objects of an estate, as manifests set them and as OpenAI and the outlets have them."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from reconciler.resources.address import Address
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import JSON, digest, reference
from tests.property.guard.manifests import Object, sha, upload, upload_id
from tests.property.guard.parts import NEW_MODEL, SAVED

PREFIXES: Final = {
    "agent": "agent",
    "assistant": "asst",
    "vector_store": "vs",
    "skill": "skill",
    "vault": "vault",
    "credential": "cred",
    "environment_template": "envtmpl",
    "automation": "automation",
}
TYPES: Final = {"agents": "agent", "assistants": "assistant", "responses": "request"}
"""Types of assistants by target."""
IGNORED: Final[Mapping[str, tuple[str, ...]]] = {
    "chatbot": ("assistant", "pipeline", "starts"),
    "pipeline": ("nodes",),
    "agent": ("tools",),
    "assistant": ("tools", "tool_resources"),
    "request": ("tools",),
    "vector_store": ("files",),
    "environment_template": ("files", "skills"),
    "automation": ("target",),
}
"""The fields with references, by type."""
Id = Callable[[str], str]
"""Returns the live id of an address."""
Named: TypeAlias = list[tuple[str, JSON]]
"""References by role, by name or by id."""


def type_of(address: str, thing: Object) -> str:
    """Return the resource type of an object."""
    kind = address.partition("/")[0]
    named = {"vectorstore": "vector_store", "template": "environment_template"}
    return TYPES[thing.target] if kind == "assistant" else named.get(kind, kind)


def path_of(address: str) -> str:
    return address.partition("/")[2].partition("@")[0]


def id_of(address: str, thing: Object) -> str:
    """Return the live id: the address of a document, and one id for all paths that share an upload."""
    type_ = type_of(address, thing)
    if type_ == "file":
        return upload_id(upload(address, thing.text))
    if type_ == "credential" and "@" in address:
        return address.partition("@")[2]
    name = re.sub(r"\W", "_", address.partition("/")[2].replace("@", "_at_"))
    return f"{PREFIXES[type_]}_{name}" if type_ in PREFIXES else address


def fields_of(form: ResourceType, address: str, thing: Object, id_of_address: Id) -> dict[str, JSON]:
    """Return the fields that the manifest of an object sets; of a frozen copy, all fields."""
    written = _written(form.type, address, thing, id_of_address)
    canonical = {field: form.canonical(field, value) for field, value in written.items()}
    whole = Address.parse(address).is_frozen and form.type != "file"
    return dict(form.complete(form, canonical)) if whole else canonical


def _written(type_: str, address: str, thing: Object, id_of_address: Id) -> dict[str, JSON]:
    by_id = [(how, id_of_address(target)) for how, target in thing.literal]
    by_how: list[tuple[str, JSON]] = [*((how, reference(target)) for how, target in thing.refs), *by_id]
    if type_ in {"chatbot", "release"}:
        starts = [target for how, target in by_how if how == "starts"]
        single = {how: target for how, target in by_how if how != "starts"}
        sealed = {"digest": digest(address)} if type_ == "release" else {}
        return {**single, **sealed, **({"starts": starts} if starts else {})}
    if type_ == "pipeline":
        return {"nodes": dict(_nodes(by_how)), "edges": []}
    if type_ in AROUND_AGENTS:
        return AROUND_AGENTS[type_](address, thing, by_how)
    if thing.target:
        stores = [target for how, target in by_how if how == "search"]
        held = _resources(stores, thing) if type_ == "assistant" else _tools(stores, thing, by_how)
        named = {"name": address.partition("/")[2]} if thing.target in SAVED else {}
        return {"model": thing.model, "instructions": thing.text, **named, **held}
    if type_ == "vector_store":
        return {"name": path_of(address), "files": dict(_entries(thing))}
    return {"sha256": sha(thing.text), "purpose": "assistants"}


def _nodes(by_how: list[tuple[str, JSON]]) -> Iterator[tuple[str, JSON]]:
    for index, (how, target) in enumerate(by_how):
        node = (
            {"type": "assistant", "assistant": target} if how == "node" else {"type": "llm", "vector_stores": [target]}
        )
        yield f"n{index}", node


def _tools(stores: list[JSON], thing: Object, by_how: Named) -> dict[str, JSON]:
    """Return the tools of a request or of an agent, which have stores, files, skills and credentials in them."""
    tools: list[JSON] = [{"type": "file_search", "vector_store_ids": stores}] if stores else []
    if files := _data(thing):
        tools.append({"type": "code_interpreter", "container": {"type": "auto", "file_ids": files}})
    if skills := _skills(by_how):
        tools.append({"type": "shell", "environment": {"type": "container_auto", "skills": skills}})
    tools += _servers(by_how)
    return {"tools": tools} if tools else {}


def _skills(by_how: Named) -> list[JSON]:
    return [{"type": "skill_reference", "skill_id": target} for how, target in by_how if how == "skill"]


def _servers(by_how: Named) -> list[JSON]:
    credentials = [target for how, target in by_how if how == "credential"]
    return [
        {
            "type": "mcp",
            "server_label": f"server{index}",
            "transport": {"type": "http", "server_url": "https://mcp.example.com"},
            "credential_id": target,
        }
        for index, target in enumerate(credentials)
    ]


def _skill(address: str, thing: Object, _by_how: Named) -> dict[str, JSON]:
    described = {} if Address.parse(address).is_frozen else {"name": "notes", "description": "Takes notes."}
    return {**described, "content": {"SKILL.md": sha(thing.text)}}


def _vault(address: str, _thing: Object, _by_how: Named) -> dict[str, JSON]:
    return {"name": path_of(address)}


def _credential(_address: str, thing: Object, by_how: Named) -> dict[str, JSON]:
    (vault,) = (target for _, target in by_how)
    server = f"https://{thing.text}.example.com"
    return {"vault": vault, "name": "Token", "auth": {"type": "static_bearer", "mcp_server_url": server}}


def _template(address: str, thing: Object, by_how: Named) -> dict[str, JSON]:
    own = {"name": path_of(address), "network": {"access": "disabled"}}
    files, skills = _in_workspace(thing), _skills(by_how)
    return {**own, **({"files": files} if files else {}), **({"skills": skills} if skills else {})}


def _in_workspace(thing: Object) -> list[JSON]:
    held = {path_of(address): reference(address) for address in thing.holds} | {
        key: upload_id(key) for key in thing.uploads
    }
    return [{"type": "file_id", "file_id": id_, "path": f"/workspace/{path}"} for path, id_ in held.items()]


def _automation(address: str, thing: Object, by_how: Named) -> dict[str, JSON]:
    names = dict(by_how)
    agent = {"agent_id": names["agent"]} if "agent" in names else {"agent": _inline(by_how)}
    template = {"environment_template_id": names["template"]} if "template" in names else {}
    files, skills = _in_workspace(thing), _skills(by_how)
    own = {**({"files": files} if files else {}), **({"skills": skills} if skills else {})}
    target = {
        "type": "new_session",
        **agent,
        "environment": {"type": "openai_hosted", **template, **own},
        "input": [{"content": [{"type": "input_text", "text": "Go."}]}],
        "vault_ids": [target for how, target in by_how if how == "vault"],
    }
    schedule = {"type": "periodic", "expression": "0 9 * * *", "timezone": "UTC"}
    return {"name": path_of(address), **schedule, "target": target}


def _inline(by_how: Named) -> dict[str, JSON]:
    """Return an agent that is not saved."""
    servers = _servers(by_how)
    return {"model": NEW_MODEL, "instructions": "Help.", **({"tools": servers} if servers else {})}


AROUND_AGENTS: Final[Mapping[str, Callable[[str, Object, Named], dict[str, JSON]]]] = {
    "skill": _skill,
    "vault": _vault,
    "credential": _credential,
    "environment_template": _template,
    "automation": _automation,
}


def _resources(stores: list[JSON], thing: Object) -> dict[str, JSON]:
    """Return the tools of an assistant at a server, which has the stores and files beside them."""
    parts: dict[str, JSON] = {"file_search": {"vector_store_ids": stores}} if stores else {}
    if files := _data(thing):
        parts["code_interpreter"] = {"file_ids": files}
    return {"tools": [{"type": type_} for type_ in parts], "tool_resources": parts} if parts else {}


def _data(thing: Object) -> list[JSON]:
    return [*map(reference, thing.holds), *map(upload_id, thing.uploads)]


def _entries(store: Object) -> Iterator[tuple[str, JSON]]:
    for address, text in store.holds.items():
        yield address.removeprefix("file/"), {"file": reference(address), "sha256": sha(text)}
    for key in store.uploads:
        yield upload_id(key), {"file": upload_id(key)}
