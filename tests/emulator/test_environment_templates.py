"""Environment templates: shown and hidden members, and references to missing objects."""

import base64

import pytest

TEMPLATES = "/agents/environments/templates"
GUIDE = {"type": "file_id", "file_id": "file-gone", "path": "/workspace/guide.md"}
ZIP = {"type": "base64", "media_type": "application/zip", "data": "UEsFBg=="}


def made(api, **given):
    response = api.call("POST", TEMPLATES, json=given)
    assert response.status_code == 201, response.text
    return response.json()


def test_creation_answers_201_and_every_field(api):
    template = made(api)
    assert template.pop("id").startswith("envtmpl_")
    assert template == {
        "object": "agent.environment.template",
        "created_at": 1_795_000_000,
        "updated_at": 1_795_000_000,
        "name": None,
        "network": {"access": "enabled", "allowed_domains": []},
        "packages": {"npm": [], "python": [], "system": []},
        "desktop": {"enabled": False},
        "capability_directories": [],
        "files": [],
        "plugins": [],
        "skills": [],
    }


def test_what_is_confidential_is_never_shown(api):
    data = base64.b64encode(b"secret").decode()
    archive = {"type": "inline", "name": "n", "description": "d", "source": ZIP}
    template = made(
        api,
        env={"KEY": "secret"},
        setup_commands=[{"command": "secret"}],
        network={"access": "restricted", "blocked_domains": ["secret.example"]},
        files=[{"type": "inline", "data": data, "path": "/workspace/a"}],
        skills=[archive],
        plugins=[archive],
    )
    shown = {"type": "inline", "name": "n", "description": "d"}
    assert template["files"] == [{"type": "inline", "path": "/workspace/a", "size_bytes": 6}]
    assert (template["skills"], template["plugins"]) == ([shown], [shown])
    assert template["network"] == {"access": "restricted", "allowed_domains": []}
    assert not template.keys() & {"env", "setup_commands"}


def test_files_and_skills_are_looked_for_only_when_a_session_starts(api):
    template = made(api, files=[GUIDE], skills=[{"type": "skill_reference", "skill_id": "skill_gone"}])
    assert template["files"] == [GUIDE]
    assert template["skills"] == [{"type": "skill_reference", "skill_id": "skill_gone", "version": None}]


def test_domains_are_in_lower_case(api):
    template = made(api, network={"access": "restricted", "allowed_domains": ["B.Example", "a.example"]})
    assert template["network"]["allowed_domains"] == ["b.example", "a.example"]


def test_an_update_replaces_what_it_names(api, clock):
    template = made(api, name="kb", files=[GUIDE], packages={"python": ["pandas"]})
    clock.advance(5)
    updated = api.call("POST", f"{TEMPLATES}/{template['id']}", json={"files": None, "name": "desk"}).json()
    assert updated == {**template, "files": [], "name": "desk", "updated_at": template["updated_at"] + 5}


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"container_size": "small"}, "container_size"),
        ({"metadata": {}}, "metadata"),
        ({"network": {"access": "open"}}, "network.access"),
        ({"network": {"access": "enabled", "allowed_domains": ["a.example"]}}, "network"),
        ({"network": {"access": "restricted", "allowed_domains": ["*.example"]}}, "network.allowed_domains[0]"),
        ({"network": {"access": "restricted", "blocked_domains": ["a.example:1"]}}, "network.blocked_domains[0]"),
        ({"network": {"access": "restricted", "allowed_domains": ["a"], "blocked_domains": ["b"]}}, "network"),
        ({"files": [{**GUIDE, "path": "/workspace/../etc/passwd"}]}, "files[0]"),
        ({"files": [{**GUIDE, "path": "/etc/passwd"}]}, "files[0]"),
        ({"files": [{"type": "inline", "data": "?", "path": "/workspace/a"}]}, "files[0].data"),
        ({"setup_commands": [{"command": "true"}] * 17}, "setup_commands"),
    ],
    ids=str,
)
def test_bodies_are_read_strictly(api, given, param):
    assert api.refusal("POST", TEMPLATES, json=given)["param"] == param


def test_the_sdk_lists_and_deletes_them(api):
    ids = [made(api)["id"] for _ in range(3)]
    templates = api.sdk.beta.agents.environments.templates
    assert [found.id for found in api.all(templates.list(limit=2))] == ids[::-1]
    assert api.run(templates.delete(ids[0])).deleted
    api.refusal("GET", f"{TEMPLATES}/{ids[0]}", 404)
