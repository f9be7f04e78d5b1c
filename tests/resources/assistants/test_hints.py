"""Hints for fields of another target or another API."""

from typing import Any

import pytest
from pydantic import ValidationError

from reconciler.manifests.targets import with_alternatives
from reconciler.manifests.validation_errors import explain
from reconciler.resources.kinds.assistant import KIND
from reconciler.resources.problems import Finding

CALL = {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}}
HTTP = {"type": "http", "server_url": "https://mcp.example.com"}
MCP = {"type": "mcp", "server_label": "crm"}
SECRETS = {"type": "allowlist", "allowed_domains": [], "domain_secrets": []}


def unknown(target: str, spec: dict[str, Any]) -> list[Finding]:
    """Return the hints for the fields and types that the target does not support."""
    written = {"model": "m", **spec}
    model = KIND.models[target]
    with pytest.raises(ValidationError) as caught:
        model.model_validate(written)
    findings = with_alternatives(KIND, target, written, explain(caught.value, model, written, ("spec",)))
    return [
        finding
        for finding in findings
        if finding.code in {"other-target", "unknown-field", "unknown-type", "unknown-value"}
    ]


@pytest.mark.parametrize(
    ("target", "spec", "other"),
    [
        ("agents", {"temperature": 1}, "responses"),
        ("agents", {"tool_choice": "auto"}, "responses"),
        ("agents", {"tools": [{"type": "file_search", "vector_store_ids": ["handbook"]}]}, "responses"),
        ("agents", {"tools": [CALL | {"strict": True}]}, "responses"),
        ("agents", {"text": {"format": {"type": "json_object"}}}, "responses"),
        ("agents", {"service_tier": "scale"}, "responses"),
        ("responses", {"multi_agent": None}, "agents"),
        ("responses", {"name": "Bot"}, "agents"),
        ("responses", {"tools": [{"type": "automations"}]}, "agents"),
    ],
)
def test_unsupported_field_names_the_target_that_supports_it(target, spec, other):
    (finding,) = unknown(target, spec)
    assert finding.code == "other-target"
    assert f"target {other} does" in finding.message


@pytest.mark.parametrize(
    ("target", "spec", "hint"),
    [
        ("responses", {"prompt": {"id": "pmpt_1"}}, "instructions"),
        ("responses", {"user": "u"}, "safety_identifier"),
        ("responses", {"stream": True}, "application"),
        ("responses", {"description": "d"}, "metadata"),
        ("responses", {"file_ids": ["file-1"]}, "code_interpreter"),
        ("responses", {"tool_resources": {}}, "vector_store_ids"),
        ("responses", {"prompt_cache_retention": "24h"}, "prompt_cache_options"),
        ("responses", {"reasoning": {"generate_summary": "auto"}}, "summary"),
        ("responses", {"tools": [MCP | {"authorization": "t"}]}, "application"),
        ("responses", {"tools": [{"type": "function", "function": {"name": "f"}}]}, "beside `type`"),
        ("responses", {"tools": [{"type": "retrieval"}]}, "file_search"),
        (
            "responses",
            {"tools": [{"type": "code_interpreter", "container": {"type": "auto", "network_policy": SECRETS}}]},
            "application",
        ),
        (
            "responses",
            {"tools": [{"type": "shell", "environment": {"type": "container_auto", "network_policy": SECRETS}}]},
            "application",
        ),
        ("agents", {"response_format": "auto"}, "text"),
        ("agents", {"vault_ids": []}, "credential_id"),
        ("agents", {"tools": [MCP | {"transport": HTTP, "authorization": "t"}]}, "credential_id"),
        ("agents", {"tools": [MCP | {"transport": HTTP | {"authorization": "t"}}]}, "credential_id"),
        ("agents", {"tools": [CALL | {"strict": False}]}, "never strict"),
    ],
)
def test_unsupported_field_has_a_hint(target, spec, hint):
    (finding,) = unknown(target, spec)
    assert hint in finding.hint


def test_hints_are_for_fields_that_the_target_does_not_have():
    for target, hints in KIND.hints.items():
        fields = {field.alias or name for name, field in KIND.models[target].model_fields.items()}
        assert fields & hints.keys() == set()
