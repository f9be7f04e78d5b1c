"""Environment templates. Their files and skills are resolved when a session starts, and may be missing before.

Limits: JSON schema of the API and docstrings of `openai.types.beta.agents.environments.template_create_params`. A
choice where the API depends on its version: network access is enabled by default.
"""

from collections.abc import Mapping

from openai.types.beta.agents.environments.template_create_params import TemplateCreateParams
from openai.types.beta.agents.environments.template_list_params import TemplateListParams
from openai.types.beta.agents.environments.template_update_params import TemplateUpdateParams

from reconciler.emulator.api import Body, Call, Endpoint, deleted, new_id
from reconciler.emulator.errors import not_found
from reconciler.emulator.limits import items, length
from reconciler.emulator.paging import Paging
from reconciler.emulator.resources.environments import SHOWN, files, network
from reconciler.emulator.schema import Check
from reconciler.emulator.store import Document

KIND = "agent.environment.template"


def create(call: Call) -> Document:
    seconds = int(call.now)
    template = {
        "id": new_id("envtmpl_"),
        "object": KIND,
        "created_at": seconds,
        "updated_at": seconds,
        "name": call.body.get("name"),
        **{name: show(call.body.get(name)) for name, show in SHOWN.items()},
    }
    call.store.put(KIND, template)
    return template


def retrieve(call: Call) -> Document:
    return existing(call, call.id)


def update(call: Call) -> Document:
    """Replace fields; null clears one."""
    template = existing(call, call.id)
    template |= {name: show(call.body[name]) for name, show in SHOWN.items() if name in call.body}
    template |= {"name": call.body.get("name", template["name"]), "updated_at": int(call.now)}
    call.store.put(KIND, template)
    return template


def delete(call: Call) -> Document:
    existing(call, call.id)
    call.store.delete(KIND, call.id)
    return deleted(call, "agent.environment.template.deleted")


def list_templates(call: Call) -> Document:
    return call.list(KIND, Paging(params=TemplateListParams, beta=True), dict)


def existing(call: Call, id_: str) -> Document:
    template = call.store.get(KIND, id_)
    if template is None:
        raise not_found(f"Environment template with id '{id_}' not found.")
    return template


LIMITS: Mapping[str, Check] = {
    "name": length(256),
    "setup_commands": items(16),
    "skills": items(200),
    "plugins": items(32),
    "files": files,
    "network": network,
}
CREATE = Body(TemplateCreateParams, LIMITS)
UPDATE = Body(TemplateUpdateParams, LIMITS)
TEMPLATES = "/v1/agents/environments/templates"
ENDPOINTS = [
    Endpoint(method="POST", path=TEMPLATES, handle=create, body=CREATE, status=201),
    Endpoint(method="GET", path=TEMPLATES, handle=list_templates),
    Endpoint(method="GET", path=TEMPLATES + "/{id}", handle=retrieve),
    Endpoint(method="POST", path=TEMPLATES + "/{id}", handle=update, body=UPDATE),
    Endpoint(method="DELETE", path=TEMPLATES + "/{id}", handle=delete),
]
