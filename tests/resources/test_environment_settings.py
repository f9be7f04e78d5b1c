"""Compare the fields of environments with the types of the SDK: a new field there is a difference."""

import pytest
from openai.types.beta import (
    hosted_environment_file_param as file,
    hosted_plugin_param as plugin,
    hosted_skill_param as skill,
    setup_command_param as command,
)
from openai.types.beta.agents.environments import template_create_params as create, template_update_params as update

from reconciler.resources.assistants.containers import SkillReference
from reconciler.resources.environment_settings import (
    Desktop,
    EnvironmentTemplateSpec,
    InlineFile,
    InlineSkill,
    Network,
    Packages,
    Plugin,
    SetupCommand,
    UploadedFile,
)

OWN = {"generation", "text"}
"""Fields of manifests that are not fields of requests."""


@pytest.mark.parametrize(
    ("model", "types"),
    [
        (EnvironmentTemplateSpec, (create.TemplateCreateParams, update.TemplateUpdateParams)),
        (Network, (create.Network, update.Network)),
        (Packages, (create.Packages, update.Packages)),
        (Desktop, (create.Desktop, update.Desktop)),
        (UploadedFile, (file.HostedEnvironmentFileParamFileID,)),
        (InlineFile, (file.HostedEnvironmentFileParamInline,)),
        (SkillReference, (skill.HostedSkillParamSkillReference,)),
        (InlineSkill, (skill.HostedSkillParamInline,)),
        (Plugin, (plugin.HostedPluginParam,)),
        (SetupCommand, (command.SetupCommandParam,)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_model_has_the_fields_of_the_sdk(model, types):
    for one in types:
        assert model.model_fields.keys() - OWN == one.__annotations__.keys()
