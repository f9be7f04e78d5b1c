"""Compare the fields of automations with the types of the SDK: a new field there is a difference."""

import pytest
from openai.types.beta.agents import automation_create_params as create, automation_target_param as target
from openai.types.beta.environment_param import EnvironmentParamOpenAIHosted, EnvironmentParamSelfHosted

from reconciler.resources.automations.environment import HostedEnvironment, SelfHostedEnvironment
from reconciler.resources.automations.inline_agent import InlineAgent
from reconciler.resources.automations.target import ExistingSession, NewSession
from reconciler.resources.kinds.automation import AutomationSpec

OWN = {"paused", "generation", "extra"}
"""Fields of manifests that are not fields of requests."""
PERIODIC, ONCE = create.CreateAutomationParamsPeriodic, create.CreateAutomationParamsOnce


@pytest.mark.parametrize(
    ("model", "types", "implied"),
    [
        (AutomationSpec, (PERIODIC, ONCE), {"type"}),
        (NewSession, (target.AutomationTargetParamNewSession,), {"agent_id"}),
        (ExistingSession, (target.AutomationTargetParamExistingSession,), set()),
        (InlineAgent, (target.AutomationTargetParamNewSessionAgent,), set()),
        (HostedEnvironment, (EnvironmentParamOpenAIHosted,), set()),
        (SelfHostedEnvironment, (EnvironmentParamSelfHosted,), set()),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_model_has_the_fields_of_the_sdk(model, types, implied):
    known = {name.rstrip("_") for one in types for name in one.__annotations__}
    fields = {info.alias or name for name, info in model.model_fields.items()}
    assert fields - OWN == known - implied
