"""Estates of skills, vaults, credentials, templates, agents and automations that use each other: after an apply, and
after any edit, the plan is empty, and nothing is left that no manifest has.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.support.credentials import with_secrets
from tests.support.world import Document, World, is_silent, manifest, told, world

FEW = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=250)

LATE: Final = 3.0
"""Seconds for which lists do not show a new skill or version."""
SKILL_MD: Final = "---\nname: {name}\ndescription: {about}\n---\nDo it.\n"
PROJECT: Final = {"kind": "Project", "metadata": {"name": "acme"}, "spec": {"safety": {"max_deletes": 100}}}
SECRET: Final = st.sampled_from([{"$env": "CRM_TOKEN"}, {"$env": "NEXT_TOKEN"}])
SERVERS: Final = ("https://mcp.example.com/crm", "https://MCP.Example.com/crm", "https://mcp.example.com:443/a/")
TITLES: Final = st.sampled_from(["CRM", "  CRM", "CRM ", "\tBüro 7\n", "a" * 256, "é" * 128])
PAIRS: Final = st.dictionaries(st.sampled_from(["team", "B c", "ü"]), st.sampled_from(["", "a", " b "]), max_size=2)
BEARERS: Final = st.fixed_dictionaries(
    {"type": st.just("static_bearer"), "mcp_server_url": st.sampled_from(SERVERS), "token": SECRET}
)
METHODS: Final = st.one_of(
    st.just({"type": "none"}),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["client_secret_basic", "client_secret_post"]), "client_secret": SECRET}
    ),
)
REFRESHES: Final = st.fixed_dictionaries(
    {
        "client_id": st.sampled_from(["acme", "other"]),
        "refresh_token": SECRET,
        "token_endpoint": st.sampled_from(["https://login.example.com/token", "https://Login.Example.com/token"]),
        "token_endpoint_auth": METHODS,
    },
    optional={"scope": st.sampled_from([None, "read", "read write"]), "resource": st.sampled_from([None, SERVERS[0]])},
)
OAUTHS: Final = st.fixed_dictionaries(
    {"type": st.just("mcp_oauth"), "mcp_server_url": st.sampled_from(SERVERS), "access_token": SECRET},
    optional={
        "refresh": st.none() | REFRESHES,
        "expires_at": st.sampled_from([None, "2099-01-01T00:00:00Z", "2099-01-01T01:00:00+01:00"]),
    },
)
HOSTS: Final = st.lists(st.sampled_from(["a.example.com", "B.Example.com", "c.io"]), min_size=1, unique=True)
VARIABLES: Final = st.fixed_dictionaries(
    {
        "type": st.just("environment_variable"),
        "secret_name": st.sampled_from(["KEY", "_key"]),
        "secret_value": SECRET,
        "networking": st.one_of(
            st.just({"type": "unrestricted"}),
            st.fixed_dictionaries({"type": st.just("limited"), "allowed_hosts": HOSTS}),
        ),
    }
)
CREDENTIALS: Final = st.fixed_dictionaries(
    {"auth": st.one_of(BEARERS, OAUTHS, VARIABLES)},
    optional={"name": st.none() | TITLES, "metadata": st.none() | PAIRS, "generation": st.sampled_from([None, 1, 2])},
)
VAULTS: Final = st.fixed_dictionaries({}, optional={"name": st.none() | TITLES, "metadata": st.none() | PAIRS})
ENVIRONMENTS: Final = st.fixed_dictionaries(
    {"network": st.sampled_from([{"access": "disabled"}, {"access": "restricted", "allowed_domains": ["B.io"]}])},
    optional={
        "env": st.dictionaries(st.sampled_from(["MODE", "KEY_NAME"]), SECRET, max_size=2),
        "setup_commands": st.none() | st.lists(st.just({"command": "make"}), max_size=2),
    },
)
NAMES: Final = st.lists(st.sampled_from(["a", "b", "c"]), unique=True, max_size=2)
SOME: Final = st.lists(st.sampled_from(["a", "b", "c"]), unique=True, min_size=1, max_size=2)
LISTS: Final = {
    "Skill": ("skills",),
    "Vault": ("vaults",),
    "EnvironmentTemplate": ("agents", "environments", "templates"),
    "Assistant": ("agents",),
    "Automation": ("agents", "automations"),
}


class Ahead:
    """A clock that waits move forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    async def sleep(self, seconds: float) -> None:
        self.ahead += seconds


@st.composite
def estates(draw: st.DrawFn) -> Sequence[Document]:
    """Return the manifests of a small estate. Names come from so few that two estates have many in common."""
    skills, vaults, agents = draw(NAMES), draw(SOME), draw(SOME)
    templates, automations = draw(NAMES), draw(NAMES)
    credentials = [f"{vault}-{name}" for vault in vaults for name in draw(NAMES)]
    places = {name: draw(st.sampled_from(vaults)) for name in credentials}
    return [
        *(manifest("Skill", name, {"folder": f"skills/{name}-{draw(st.sampled_from('xy'))}"}) for name in skills),
        *(manifest("Vault", name, draw(VAULTS)) for name in vaults),
        *(manifest("Credential", name, {"vault": places[name], **draw(CREDENTIALS)}) for name in credentials),
        *(manifest("EnvironmentTemplate", name, _template(draw, skills)) for name in templates),
        *(manifest("Assistant", name, _agent(draw, credentials)) for name in agents),
        *(manifest("Automation", name, _automation(draw, agents, vaults, templates)) for name in automations),
    ]


def _template(draw: st.DrawFn, skills: Sequence[str]) -> Document:
    held = draw(st.lists(st.sampled_from(skills), unique=True)) if skills else []
    return {**draw(ENVIRONMENTS), "skills": [{"type": "skill_reference", "skill_id": name} for name in held]}


def _agent(draw: st.DrawFn, credentials: Sequence[str]) -> Document:
    used = draw(st.lists(st.sampled_from(credentials), unique=True, max_size=2)) if credentials else []
    tools = [
        {
            "type": "mcp",
            "server_label": name,
            "transport": {"type": "http", "server_url": SERVERS[0]},
            "credential_id": draw(st.sampled_from([name, f"credential/{name}"])),
        }
        for name in used
    ]
    return {"target": "agents", "model": "gpt-6-luna", "tools": tools}


def _automation(draw: st.DrawFn, agents: Sequence[str], vaults: Sequence[str], templates: Sequence[str]) -> Document:
    target: Document = {
        "agent": draw(st.sampled_from(agents)),
        "environment": draw(st.sampled_from([{"type": "none"}, *templates])),
        "input": "Begin.",
        "vault_ids": draw(st.lists(st.sampled_from(vaults), unique=True)),
    }
    spec = {"target": target, "expression": "0 3 * * *", "timezone": "UTC"}
    return spec | ({"paused": draw(st.booleans())} if draw(st.booleans()) else {})


@contextmanager
def new_estate() -> Iterator[World]:
    """A project with folders of skills, at an API that shows new skills late."""
    clock = Ahead()
    with tempfile.TemporaryDirectory() as folder, world(Path(folder), now=clock, skill_delay=LATE) as made:
        made.connection.pace.clock, made.connection.pace.sleep = clock, clock.sleep
        with_secrets(made)
        for name in ("a", "b", "c"):
            for form in "xy":
                made.file(f"skills/{name}-{form}/SKILL.md", SKILL_MD.format(name=name, about=f"Form {form}."))
        yield made


def reconcile(made: World, estate: Sequence[Document]) -> None:
    """Apply the estate; then the plan is empty, and live objects are those of the manifests."""
    made.documents.clear()
    made.wants(PROJECT, *estate)
    made.apply()
    plan = made.plan()
    assert is_silent(plan), (told(plan.changes), told(plan.drift), plan)
    for kind, path in LISTS.items():
        assert number(made, *path) == sum(document["kind"] == kind for document in estate), kind


def number(made: World, *path: str) -> int:
    assert isinstance(made.connection.pace.clock, Ahead)
    made.connection.pace.clock.ahead += LATE + 1
    return len(made.by_hand(made.connection.page(*path))["data"])


@FEW
@given(estates(), estates())
def test_after_apply_and_any_edit_there_is_nothing_to_do(before, after):
    with new_estate() as made:
        reconcile(made, before)
        reconcile(made, after)


@pytest.mark.long
@MANY
@given(estates(), estates())
def test_after_apply_and_any_edit_there_is_nothing_to_do_at_length(before, after):
    with new_estate() as made:
        reconcile(made, before)
        reconcile(made, after)
