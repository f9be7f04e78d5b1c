"""Tests that the models have every member of the SDK's request types, and no other.

A newer SDK makes these fail with the names of what the API has gained.
"""

import subprocess
import sys

import pytest
from openai.types.beta.agent_create_params import AgentCreateParams
from openai.types.beta.assistant_create_params import AssistantCreateParams
from openai.types.responses.response_create_params import ResponseCreateParamsBase

from reconciler.resources.assistants.agents import AgentsSpec
from reconciler.resources.assistants.assistants import AssistantsSpec
from reconciler.resources.assistants.responses import ResponsesSpec
from tests.support.shapes import flat

RUN_TIME = "belongs to a turn, not to the assistant"
MADE = "makes a vector store, for which there are manifests"
SECRET = "a secret: the application adds it"
DEPRECATED = "the API's docs name its successor"

LEFT_OUT = {
    "background": RUN_TIME,
    "background_options": RUN_TIME,
    "conversation": RUN_TIME,
    "input": RUN_TIME,
    "previous_response_id": RUN_TIME,
    "prompt_cache_options.comparison_response_id": RUN_TIME,
    "prompt_cache_options.prewarm": RUN_TIME,
    "safety_identifier": RUN_TIME,
    "stream_options": RUN_TIME,
    "prompt": DEPRECATED,
    "prompt_cache_retention": DEPRECATED,
    "reasoning.generate_summary": DEPRECATED,
    "user": DEPRECATED,
    "tool_resources.file_search.vector_stores": MADE,
    "tools[mcp].authorization": SECRET,
    "tools[code_interpreter].container.network_policy[allowlist].domain_secrets": SECRET,
    "tools[shell].environment[container_auto].network_policy[allowlist].domain_secrets": SECRET,
}

NARROWED = {
    "tools[namespace].tools[function].parameters": "any value for the SDK, a JSON Schema by its docs",
    "tools[tool_search].parameters": "any value for the SDK, a JSON Schema by its docs",
    "tools[file_search].filters[and].filters": "the SDK has lost the type of filters in filters",
    "tools[file_search].filters[or].filters": "the SDK has lost the type of filters in filters",
    "model": "required: where it is left out, a stored prompt has to name it, and those end",
}


def left_out(path: str) -> bool:
    return any(path == name or path.startswith((f"{name}.", f"{name}[")) for name in LEFT_OUT)


TARGETS = pytest.mark.parametrize(
    ("sdk", "ours"),
    [
        pytest.param(AgentCreateParams, AgentsSpec, id="agents"),
        pytest.param(ResponseCreateParamsBase, ResponsesSpec, id="responses"),
        pytest.param(AssistantCreateParams, AssistantsSpec, id="assistants"),
    ],
)


@TARGETS
def test_models_have_every_member_of_the_sdk_and_no_other(sdk, ours):
    theirs, have = flat(sdk), flat(ours)
    assert {path: what for path, what in theirs.items() if path not in have and not left_out(path)} == {}
    assert sorted(have.keys() - theirs.keys()) == []


@TARGETS
def test_members_have_the_same_types_as_in_the_sdk(sdk, ours):
    theirs, have = flat(sdk), flat(ours)
    shared = theirs.keys() & have.keys() - NARROWED.keys()
    assert {path: (theirs[path], have[path]) for path in shared if theirs[path] != have[path]} == {}


def test_excluded_members_still_exist_in_the_sdk():
    known = flat(ResponseCreateParamsBase) | flat(AssistantCreateParams)
    assert [path for path in (*LEFT_OUT, *NARROWED) if path not in known] == []


def test_manifests_are_validated_without_the_sdk():
    code = "import sys, reconciler.resources.kinds.assistant; sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
