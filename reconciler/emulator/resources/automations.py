"""Automations: schedules that start sessions or wake one. They never run here, because there is no scheduler.

A schedule is active, paused, or, after its only run time, completed. Choices where the API is not documented: a target
must exist when it is set, and may be deleted afterwards.
"""

from collections.abc import Mapping

from openai.types.beta.agents.automation_create_params import AutomationCreateParams
from openai.types.beta.agents.automation_list_params import AutomationListParams
from openai.types.beta.agents.automation_update_params import AutomationUpdateParams

from reconciler.emulator.api import Body, Call, Endpoint, deleted, new_id
from reconciler.emulator.errors import invalid, not_found
from reconciler.emulator.limits import pairs
from reconciler.emulator.paging import Paging
from reconciler.emulator.resources import agents, environment_templates, sessions, vaults
from reconciler.emulator.resources.environments import files, requested
from reconciler.emulator.schema import Check
from reconciler.emulator.store import Document, Where

KIND = "agent.automation"
SCHEDULE = {"periodic": ("expression", "timezone"), "once": ("run_at",)}


def create(call: Call) -> Document:
    given = call.body
    automation = {
        "id": new_id("auto_"),
        "object": KIND,
        "created_at": int(call.now),
        "created_by": {"type": "developer"},
        "type": given["type"],
        "name": given["name"].strip(),
        "metadata": given.get("metadata") or {},
        "paused": False,
        "target": _target(call, given["target"]),
        **_schedule(call, given["type"]),
    }
    call.store.put(KIND, automation)
    return _render(call, automation)


def retrieve(call: Call) -> Document:
    return _render(call, _existing(call))


def update(call: Call) -> Document:
    """Replace fields. The target is replaced completely; its type cannot change."""
    automation = _existing(call)
    if "run_at" in call.body and _status(call, automation) == "completed":
        raise invalid("'run_at' is accepted only before the scheduled invocation exists.", "run_at")
    given = {"name": call.body["name"].strip()} if "name" in call.body else {}
    automation |= given | ({"metadata": call.body["metadata"]} if "metadata" in call.body else {})
    automation |= _schedule(call, automation["type"])
    if "target" in call.body:
        if call.body["target"]["type"] != automation["target"]["type"]:
            raise invalid("The type of an automation's target cannot change.", "target.type")
        automation["target"] = _target(call, call.body["target"])
    call.store.put(KIND, automation)
    return _render(call, automation)


def delete(call: Call) -> Document:
    """Delete the schedule. Its sessions stay."""
    _existing(call)
    call.store.delete(KIND, call.id)
    return deleted(call, "agent.automation.deleted")


def pause(call: Call) -> Document:
    return _set_paused(call, paused=True)


def resume(call: Call) -> Document:
    return _set_paused(call, paused=False)


def list_automations(call: Call) -> Document:
    def waking(session_id: str | None) -> Where:
        return Where("json_extract(body, '$.target.session_id') = ?", (session_id,)) if session_id else Where()

    paging = Paging(params=AutomationListParams, beta=True)
    return call.list(
        KIND, paging, lambda it: _render(call, it), where=lambda filters: waking(filters.get("session_id"))
    )


def _existing(call: Call) -> Document:
    automation = call.store.get(KIND, call.id)
    if automation is None:
        raise not_found(f"Automation with id '{call.id}' not found.")
    return automation


def _set_paused(call: Call, *, paused: bool) -> Document:
    automation = {**_existing(call), "paused": paused, "pause_reason": None}
    call.store.put(KIND, automation)
    return _render(call, automation)


def _schedule(call: Call, type_: str) -> Document:
    given = {name: call.body[name] for names in SCHEDULE.values() for name in names if name in call.body}
    for name in given.keys() - SCHEDULE[type_]:
        raise invalid(f"'{name}' is not accepted for automations of type '{type_}'.", name)
    if "expression" in given and len(given["expression"].split()) != 5:
        raise invalid("Invalid 'expression': a cron expression of five fields is expected.", "expression")
    if "run_at" in given and given["run_at"] <= call.now:
        raise invalid("Invalid 'run_at': a time in the future is expected.", "run_at")
    return given


def _target(call: Call, given: Document) -> Document:
    if given["type"] == "existing_session":
        sessions.existing(call, given["session_id"])
        return given
    if ("agent" in given) == ("agent_id" in given):
        raise invalid("Provide exactly one of 'agent' and 'agent_id'.", "target.agent_id")
    if "agent_id" in given:
        agents.existing(call, given["agent_id"])
    elif "model" not in given["agent"]:
        raise invalid("Missing required parameter: 'target.agent.model'.", "target.agent.model")
    for vault_id in given.get("vault_ids") or []:
        vaults.existing(call, vault_id)
    environment = requested(given["environment"])
    if environment.get("environment_template_id"):
        environment_templates.existing(call, environment["environment_template_id"])
    return {
        "type": given["type"],
        "agent": agents.embedded(given["agent"]) if "agent" in given else None,
        "agent_id": given.get("agent_id"),
        "environment": environment,
        "input": [{**message, "type": "message"} for message in given["input"]],
        "metadata": given.get("metadata") or {},
        "vault_ids": given.get("vault_ids") or [],
    }


def _render(call: Call, automation: Document) -> Document:
    shown = {name: value for name, value in automation.items() if name != "paused"}
    return {**shown, "status": _status(call, automation), "pause_reason": automation.get("pause_reason")}


def _status(call: Call, automation: Document) -> str:
    if automation["paused"]:
        return "paused"
    is_over = automation["type"] == "once" and automation["run_at"] <= call.now
    return "completed" if is_over else "active"


LIMITS: Mapping[str, Check] = {"metadata": pairs, "target.metadata": pairs, "target.environment.files": files}
CREATE = Body(AutomationCreateParams, LIMITS)
UPDATE = Body(AutomationUpdateParams, LIMITS)
AUTOMATIONS = "/v1/agents/automations"
ENDPOINTS = [
    Endpoint(method="POST", path=AUTOMATIONS, handle=create, body=CREATE, status=201),
    Endpoint(method="GET", path=AUTOMATIONS, handle=list_automations),
    Endpoint(method="GET", path=AUTOMATIONS + "/{id}", handle=retrieve),
    Endpoint(method="POST", path=AUTOMATIONS + "/{id}", handle=update, body=UPDATE),
    Endpoint(method="DELETE", path=AUTOMATIONS + "/{id}", handle=delete),
    Endpoint(method="POST", path=AUTOMATIONS + "/{id}/pause", handle=pause),
    Endpoint(method="POST", path=AUTOMATIONS + "/{id}/resume", handle=resume),
]
