"""Automations of any manifest: after an apply the plan is empty, whatever the API makes of the values."""

from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.property.projects import new_world
from tests.support.automations import AGENT, automations
from tests.support.credentials import with_secrets
from tests.support.world import Document, World, is_silent, manifest, told

FEW = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=400)

TEXT: Final = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=20
).filter(lambda text: text.strip() != "" and "$" not in text)
PAIRS: Final = st.dictionaries(st.sampled_from(["a", "B c", "ü"]), TEXT, max_size=2)
SCHEDULES: Final = st.one_of(
    st.fixed_dictionaries(
        {
            "expression": st.sampled_from(["0 3 * * *", "*/5  8-18 * * MON-FRI", "0 0 29 2 *", "15 4 1,15 JAN 7"]),
            "timezone": st.sampled_from(["UTC", "Europe/London", "America/Argentina/Buenos_Aires"]),
        }
    ),
    st.fixed_dictionaries(
        {"run_at": st.sampled_from(["2099-01-01T00:00:00Z", "2099-01-01T00:00:00.5+05:30", 4_000_000_000])}
    ),
)


def _key(tool: Any) -> str:
    return f"{tool['type']}:{tool.get('server_label')}"


SERVER: Final = {"type": "http", "server_url": "https://mcp.example.com/"}
TOOLS: Final = st.lists(
    st.sampled_from(
        [
            {"type": "tool_search"},
            {"type": "web_search"},
            {"type": "web_search", "location": {"country": "GB"}, "allowed_domains": []},
            {"type": "mcp", "server_label": "crm", "transport": SERVER},
            {"type": "mcp", "server_label": "erp", "transport": {**SERVER, "headers": {"X-Team": "a"}}},
            {"type": "mcp", "server_label": "lab", "transport": {"type": "stdio", "command": "lab", "cwd": "/"}},
            {"type": "function", "name": "f", "description": "F.", "parameters": {"type": "object"}},
            {"type": "computer_use"},
        ]
    ),
    max_size=3,
    unique_by=_key,
)
CONFIGURATIONS: Final = st.fixed_dictionaries(
    {"model": st.sampled_from(["gpt-6-luna", "gpt-5"])},
    optional={
        "instructions": st.one_of(st.none(), TEXT),
        "tools": st.one_of(st.none(), TOOLS),
        "reasoning": st.sampled_from([None, {}, {"effort": "low"}, {"summary": "auto"}, {"effort": None}]),
        "text": st.sampled_from([None, {}, {"verbosity": "low"}]),
        "service_tier": st.sampled_from([None, "auto", "flex"]),
        "multi_agent": st.sampled_from([None, {"enabled": False}, {"enabled": True}]),
        "compaction": st.sampled_from([None, {}, {"async": True}]),
    },
)
HOSTED: Final = st.fixed_dictionaries(
    {
        "type": st.just("openai_hosted"),
        "network": st.sampled_from(
            [
                {"access": "enabled"},
                {"access": "restricted", "allowed_domains": ["B.example.com", "a.example.com"]},
                {"access": "restricted", "blocked_domains": ["a.example.com"]},
            ]
        ),
    },
    optional={
        "environment_template_id": st.sampled_from([None, "kitchen"]),
        "container_size": st.just("large"),
        "packages": st.sampled_from([None, {}, {"npm": ["b", "a"]}]),
        "files": st.sampled_from(
            [
                None,
                [],
                [
                    {"type": "inline", "path": "/workspace/b", "text": "B"},
                    {"type": "file_id", "path": "/workspace/a", "file_id": "kb/a.md"},
                ],
            ]
        ),
        "skills": st.sampled_from([None, [], [{"type": "skill_reference", "skill_id": "skill_theirs"}]]),
        "env": st.sampled_from([None, {}, {"MODE": "night", "KEY": {"$env": "CRM_TOKEN"}}]),
        "setup_commands": st.sampled_from([None, [], [{"command": "make"}]]),
        "capability_directories": st.sampled_from([None, [], ["/workspace/caps"]]),
        "desktop": st.sampled_from([None, {"enabled": True}]),
    },
)
ENVIRONMENTS: Final = st.one_of(
    st.just({"type": "none"}),
    st.just("kitchen"),
    st.sampled_from([None, [], ["/caps"]]).map(
        lambda found: {"type": "self_hosted", "workspace_directory": "/work", "capability_directories": found}
    ),
    HOSTED,
)
MESSAGES: Final = st.lists(
    st.lists(
        st.one_of(
            TEXT.map(lambda text: {"type": "input_text", "text": text}),
            st.just({"type": "input_image", "image_url": "https://example.com/a.png"}),
        ),
        min_size=1,
        max_size=2,
    ).map(lambda content: {"content": content}),
    min_size=1,
    max_size=2,
)
TARGETS: Final = st.fixed_dictionaries(
    {
        "agent": st.one_of(st.just("digest"), CONFIGURATIONS),
        "environment": ENVIRONMENTS,
        "input": st.one_of(TEXT, MESSAGES),
    },
    optional={
        "type": st.just("new_session"),
        "vault_ids": st.sampled_from([None, [], ["team"], ["team", "crew"]]),
        "metadata": st.one_of(st.none(), PAIRS),
    },
)
REST: Final = st.fixed_dictionaries(
    {"target": TARGETS},
    optional={
        "name": st.one_of(st.none(), TEXT, TEXT.map(lambda text: f"  {text} ")),
        "paused": st.booleans(),
        "metadata": st.one_of(st.none(), PAIRS),
    },
)
SPECS: Final = st.tuples(SCHEDULES, REST).map(lambda parts: {**parts[0], **parts[1]})


def check(specs: list[Document]) -> None:
    """Apply one manifest after the other; each plan predicts its requests, and nothing is left to do."""
    with new_world() as world:
        with_secrets(world).file("kb/a.md", "A.")
        network = {"network": {"access": "disabled"}}
        vaults = [manifest("Vault", name, {}) for name in ("team", "crew")]
        world.wants(AGENT, *vaults, manifest("EnvironmentTemplate", "kitchen", network))
        world.apply()
        for spec in specs:
            world.wants(manifest("Automation", "any", spec))
            predicted = world.plan().requests
            world.requests()
            world.apply()
            assert sent(world) == predicted.get("POST", 0) + predicted.get("DELETE", 0)
            plan = world.plan()
            assert is_silent(plan), (spec, told(plan.changes), told(plan.drift), plan)
            assert len(automations(world)) == 1


def sent(world: World) -> int:
    asked: Any = world.requests()
    return sum(number for request, number in asked.items() if not request.startswith("GET"))


@FEW
@given(st.lists(SPECS, min_size=1, max_size=3))
def test_after_apply_there_is_nothing_to_do(specs):
    check(specs)


@pytest.mark.long
@MANY
@given(st.lists(SPECS, min_size=1, max_size=4))
def test_after_apply_there_is_nothing_to_do_at_length(specs):
    check(specs)
