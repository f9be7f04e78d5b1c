"""Properties of every assistant that the models accept."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from openai.types.beta.agent_create_params import AgentCreateParams
from openai.types.responses.response_create_params import ResponseCreateParamsBase
from starlette.datastructures import QueryParams

from reconciler.emulator import Settings
from reconciler.emulator.api import Call
from reconciler.emulator.resources import agents
from reconciler.emulator.store import Store
from reconciler.resources.kinds.assistant import AGENT, KIND, REQUEST
from reconciler.resources.values import JSON, replace_references, same
from tests.resources.assistants.examples import desired
from tests.support.shapes import adapter
from tests.support.specs import specs

FORMS = {"agents": AGENT, "responses": REQUEST}
BODIES = {"agents": AgentCreateParams, "responses": ResponseCreateParamsBase}
TARGETS = pytest.mark.parametrize("target", ["agents", "responses"])
SOME = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def body(target: str, spec: dict[str, Any]) -> dict[str, JSON]:
    fields = desired(target, spec)[0].fields
    rendered: dict[str, JSON] = replace_references(FORMS[target].render(fields), lambda address: f"id-of-{address}")
    return rendered


def canonical(target: str, fields: dict[str, JSON]) -> dict[str, JSON]:
    return {name: FORMS[target].canonical(name, value) for name, value in fields.items()}


@TARGETS
@SOME
@given(data=st.data())
def test_rendered_body_is_the_body_of_the_sdk(target, data):
    spec = data.draw(specs(KIND.models[target]))
    adapter(BODIES[target]).validate_python(body(target, spec))


@TARGETS
@SOME
@given(data=st.data())
def test_every_field_reaches_the_request(target, data):
    spec = data.draw(specs(KIND.models[target], every=True))
    sent = body(target, spec)
    adapter(BODIES[target]).validate_python(sent)
    assert sent.keys() - {"name"} == spec.keys() - {"name"}


@TARGETS
@SOME
@given(data=st.data())
def test_canonical_is_idempotent_and_render_its_inverse(target, data):
    once = canonical(target, data.draw(specs(KIND.models[target])))
    assert same(canonical(target, once), once)
    assert same(canonical(target, FORMS[target].render(once)), once)


@TARGETS
@SOME
@given(data=st.data())
def test_the_order_of_tools_never_matters(target, data):
    tools = data.draw(specs(KIND.models[target], every=True))["tools"]
    twice = [*tools, *tools[:1]]
    shuffled = data.draw(st.permutations(twice))
    assert same(FORMS[target].canonical("tools", shuffled), FORMS[target].canonical("tools", twice))


@SOME
@given(data=st.data())
def test_response_of_the_api_has_the_written_values(data):
    fields = desired("agents", data.draw(specs(KIND.models["agents"])))[0].fields
    sent = AGENT.render(fields)
    agents.CREATE.check(sent)
    answer = canonical("agents", created(sent))
    for name, value in fields.items():
        owned = name in AGENT.owned_by_key
        assert same({key: answer[name][key] for key in value} if owned else answer[name], value), name


def created(sent: dict[str, JSON]) -> dict[str, JSON]:
    store = Store(None)
    with store.transaction(write=True):
        return agents.create(Call(store=store, settings=Settings(), path={}, query=QueryParams(), body=sent))
