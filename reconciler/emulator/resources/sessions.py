"""Sessions without a model: a turn continues until it is cancelled.

Input at creation or by the event `agent.session.input.message` starts a turn. The session is then `in_progress`, or
`requires_action` if the application hosts the environment, because none connects here. The event
`agent.session.input.cancel` makes it `idle` again. A session keeps the configuration that its agent had at creation.
"""

from collections.abc import Callable, Mapping

from openai.types.beta.agents.session_create_params import SessionCreateParamsNonStreaming
from openai.types.beta.agents.session_list_params import SessionListParams
from openai.types.beta.agents.session_update_params import SessionUpdateParams
from openai.types.beta.agents.sessions.event_create_params import EventCreateParams
from starlette.responses import Response

from reconciler.emulator.api import Body, Call, Endpoint, deleted, new_id
from reconciler.emulator.errors import ApiError, invalid, not_found
from reconciler.emulator.limits import pairs
from reconciler.emulator.paging import Paging, by_metadata
from reconciler.emulator.resources import agents, environment_templates, files as uploads, vaults
from reconciler.emulator.resources.environments import SHOWN, files
from reconciler.emulator.schema import Check, missing
from reconciler.emulator.store import Document, Where

KIND = "agent.session"
DELETED = "agent.session.deleted"
OPTIONAL = ("prompt_cache_options", "review")


def create(call: Call) -> Document:
    given = call.body
    for vault_id in given.get("vault_ids") or []:
        vaults.existing(call, vault_id)
    if given["environment"]["type"] == "none" and not given.get("input"):
        raise missing("input")
    session = {
        "id": new_id("sess_"),
        "object": KIND,
        "agent": _agent(call),
        "created_at": int(call.now),
        "environment": _environment(call, given["environment"]),
        "error": None,
        "last_active_at": int(call.now),
        "metadata": given.get("metadata") or {},
        "required_actions": [],
        "status": "idle",
        "usage": None,
        "vault_ids": given.get("vault_ids") or [],
        **_options(given),
    }
    if given.get("input"):
        session = _started(session)
    call.store.put(KIND, session)
    return _render(session)


def retrieve(call: Call) -> Document:
    return _render(existing(call, call.id))


def update(call: Call) -> Document:
    """Replace fields, and those fields of the agent that are given."""
    session, given = existing(call, call.id), call.body
    session |= _options(given)
    if "metadata" in given:
        session["metadata"] = given["metadata"] or {}
    if "agent" in given:
        agent = session["agent"]
        changed = agents.embedded({**agent, **given["agent"]})
        session["agent"] = {**changed, "id": agent["id"], "name": agent["name"]}
    call.store.put(KIND, session)
    return _render(session)


def delete(call: Call) -> Document:
    """Delete an idle or failed session. Deleting it again succeeds, too."""
    if call.store.get(DELETED, call.id) is None:
        session = existing(call, call.id)
        if session["status"] not in {"idle", "failed"} or session["required_actions"]:
            message = f"Session '{call.id}' is {session['status']}: cancel its turn first."
            raise ApiError(409, message, type="conflict_error", code="conflict_error")
        call.store.delete(KIND, call.id)
        call.store.put(DELETED, {"id": call.id})
    return deleted(call, DELETED)


def list_sessions(call: Call) -> Document:
    def where(filters: Mapping[str, str]) -> Where:
        agent_id = filters.get("agent_id")
        of_agent = Where("json_extract(body, '$.agent.id') = ?", (agent_id,)) if agent_id else Where()
        return of_agent & by_metadata(call.query)

    return call.list(KIND, Paging(params=SessionListParams, beta=True), _render, where=where)


def submit(call: Call) -> Response:
    """Process input events in order. The API answers only 202 Accepted."""
    session = existing(call, call.id)
    for index, event in enumerate(call.body["events"]):
        if event["type"] not in EVENTS:
            raise invalid("The session waits for no such answer.", f"events[{index}]")
        session = EVENTS[event["type"]](session)
    call.store.put(KIND, {**session, "last_active_at": int(call.now)})
    return Response(status_code=202)


def existing(call: Call, id_: str) -> Document:
    session = call.store.get(KIND, id_)
    if session is None:
        raise not_found(f"Session with id '{id_}' not found.")
    return session


def _started(session: Document) -> Document:
    environment = session["environment"]
    if environment["type"] != "self_hosted":
        return {**session, "status": "in_progress"}
    connection = {"type": "environment_connection", "environment_id": environment["id"]}
    return {**session, "status": "requires_action", "required_actions": [connection]}


def _cancelled(session: Document) -> Document:
    return {**session, "status": "idle", "required_actions": []}


EVENTS: Mapping[str, Callable[[Document], Document]] = {
    "agent.session.input.message": _started,
    "agent.session.input.cancel": _cancelled,
}


def _agent(call: Call) -> Document:
    """Return the configuration of the saved agent with that of the session over it; without a saved one, the latter."""
    own = call.body.get("agent", {})
    if "agent_id" not in call.body:
        if "model" not in own:
            raise missing("agent.model")
        return {"id": new_id("agent_"), "name": None, **agents.embedded(own)}
    saved = agents.existing(call, call.body["agent_id"])
    configuration = agents.embedded(agents.merged(saved["given"], own))
    return {"id": saved["id"], "name": saved["given"].get("name"), **configuration}


def _environment(call: Call, given: Document) -> Document:
    """Return the environment of a session. Prewarmed environments and skills do not exist here."""
    if given["type"] == "none":
        return given
    if given["type"] == "self_hosted":
        directories = given.get("capability_directories") or []
        remote = f"https://environments.invalid/{new_id('')}"
        return {"id": new_id("env_"), **given, "capability_directories": directories, "remote_url": remote}
    if "environment_id" in given:
        raise not_found(f"Environment with id '{given['environment_id']}' not found.")
    shown = {name: show(given.get(name)) for name, show in SHOWN.items()}
    if "environment_template_id" in given:
        template = environment_templates.existing(call, given["environment_template_id"])
        shown |= {name: template[name] for name in SHOWN if given.get(name) is None}
    for skill in shown["skills"]:
        if skill["type"] == "skill_reference":
            raise not_found(f"Skill with id '{skill['skill_id']}' not found.")
    shown["files"] = _copies(call, shown["files"])
    size = given.get("container_size", "medium")
    return {"id": new_id("env_"), "type": given["type"], "container_size": size, **shown}


def _copies(call: Call, named: list[Document]) -> list[Document]:
    """Copy files at the start of a session, which therefore does not depend on the originals."""
    found = uploads.found(call, [file["file_id"] for file in named if file["type"] == "file_id"])
    sizes = {id_: {"size_bytes": file["bytes"]} for id_, file in found.items()}
    return [{"id": new_id("envfile_"), **file, **sizes.get(file.get("file_id", ""), {})} for file in named]


def _options(given: Document) -> Document:
    return {name: given[name] for name in OPTIONAL if name in given}


def _render(session: Document) -> Document:
    """Return the session as shown, without options that have no effect."""
    shown = {name: value for name, value in session.items() if name not in OPTIONAL}
    if session.get("prompt_cache_options"):
        shown["prompt_cache_options"] = {"ttl": "30m", **session["prompt_cache_options"]}
    if session.get("review", "none") != "none":
        shown["review"] = session["review"]
    return shown


LIMITS: Mapping[str, Check] = {
    "metadata": pairs,
    "environment.files": files,
}
CREATE = Body(SessionCreateParamsNonStreaming, LIMITS)
UPDATE = Body(SessionUpdateParams, LIMITS)
EVENT = Body(EventCreateParams, in_path={"Idempotency-Key"})
SESSIONS = "/v1/agents/sessions"
ENDPOINTS = [
    Endpoint(method="POST", path=SESSIONS, handle=create, body=CREATE, status=201),
    Endpoint(method="GET", path=SESSIONS, handle=list_sessions),
    Endpoint(method="GET", path=SESSIONS + "/{id}", handle=retrieve),
    Endpoint(method="POST", path=SESSIONS + "/{id}", handle=update, body=UPDATE),
    Endpoint(method="DELETE", path=SESSIONS + "/{id}", handle=delete),
    Endpoint(method="POST", path=SESSIONS + "/{id}/events", handle=submit, body=EVENT),
]
