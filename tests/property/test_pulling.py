"""Property: `pull` replaces no value that exists nowhere else, and copies every other live value."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.support.hotfixes import FILES, applied, pull, pulled_names
from tests.support.state_repositories import git
from tests.support.world import World

VALUES = ("as applied", "first", "second")
PLACES = {
    ("assistant/triage", "instructions"): ("prompts/triage.md", "Be kind.\nBe short."),
    ("assistant/triage", "metadata.tier"): ("triage.yaml", "gold"),
    ("assistant/triage", "metadata.team"): ("triage.yaml", "support"),
    ("assistant/triage", "tools.function:open.description"): ("triage.yaml", "Opens"),
    ("vectorstore/handbook", "name"): ("store.yaml", "Handbook"),
    ("vectorstore/handbook", 'files["kb/faq.md"].attributes.topic'): ("store.yaml", "faq}"),
}
"""The file and the text of each value."""
NAMES = list(PLACES)
choices = st.fixed_dictionaries({name: st.tuples(st.sampled_from(VALUES), st.sampled_from(VALUES)) for name in NAMES})
"""For each value, that of the manifest and the live one."""


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with applied(tmp_path_factory.mktemp("pulling")) as made:
        made.file(".gitignore", ".reconciler/\n")
        git(made.root, "init", "--quiet")
        git(made.root, "add", ".")
        git(made.root, "commit", "--quiet", "-m", "applied")
        yield made


def text(name: tuple[str, str], value: str) -> str:
    old = PLACES[name][1]
    return old if value == VALUES[0] else value + old.removeprefix("faq" if old.endswith("}") else old)


def written(chosen: dict[tuple[str, str], str]) -> dict[str, str]:
    """Return the files of the project with these values."""
    files = dict(FILES)
    for name, value in chosen.items():
        path, old = PLACES[name]
        files[path] = files[path].replace(old, text(name, value))
    return files


def make_live(acme: World, ids: dict[str, str], chosen: dict[tuple[str, str], str]) -> None:
    instructions, tier, team, description, store, topic = (text(name, chosen[name]).rstrip("}") for name in NAMES)
    agents, stores = acme.sdk.beta.agents, acme.sdk.vector_stores
    agent = acme.by_hand(agents.retrieve(ids["agent"]))
    tools: list[Any] = [tool.to_dict() for tool in agent.tools]
    tools[0]["description"] = description
    metadata = {**(agent.metadata or {}), "tier": tier, "team": team}
    acme.by_hand(agents.update(ids["agent"], instructions=instructions, tools=tools, metadata=metadata))
    acme.by_hand(stores.update(ids["store"], name=store))
    held = acme.by_hand(stores.files.retrieve(ids["file"], vector_store_id=ids["store"]))
    attributes = {**(held.attributes or {}), "topic": topic}
    acme.by_hand(stores.files.update(ids["file"], vector_store_id=ids["store"], attributes=attributes))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=choices)
def test_pull_replaces_no_value_that_exists_nowhere_else(
    acme: World, chosen: dict[tuple[str, str], tuple[str, str]]
) -> None:
    for path, content in FILES.items():
        acme.file(path, content)
    addresses = {"agent": "assistant/triage", "store": "vectorstore/handbook", "file": "file/kb/faq.md"}
    ids = {name: acme.id_of(address) for name, address in addresses.items()}
    mine = {name: values[0] for name, values in chosen.items()}
    live = {name: values[1] for name, values in chosen.items()}
    make_live(acme, ids, live)
    for path, content in written(mine).items():
        acme.file(path, content)
    pulled = pull(acme)
    drifted = {name for name in NAMES if live[name] not in (mine[name], VALUES[0])}
    conflicts = {name for name in drifted if mine[name] != VALUES[0]}
    assert {(one.address, one.item.path) for one in pulled.conflicts} == conflicts
    assert pulled_names(pulled) == drifted - conflicts
    expected = {name: live[name] if name in drifted - conflicts else mine[name] for name in NAMES}
    assert {path: (acme.root / path).read_text() for path in FILES} == written(expected)
    forced = pull(acme, force=True)
    assert pulled_names(forced) == conflicts
