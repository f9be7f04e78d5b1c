"""Manifests and live objects of automations and the agent that they start."""

from typing import Any, Final

from tests.support.world import Document, World, manifest

NIGHTLY: Final[Document] = {"expression": "0 3 * * *", "timezone": "Europe/London"}
AGENT: Final = manifest("Assistant", "digest", {"target": "agents", "model": "gpt-6-luna"})
TARGET: Final[Document] = {"agent": "digest", "environment": {"type": "none"}, "input": "Write the digest."}


def automation(name: str = "nightly", /, *, lifecycle: Any = None, **spec: Any) -> Document:
    """An automation that starts a session of the agent every night."""
    more = {"lifecycle": lifecycle} if lifecycle else {}
    schedule = {} if "run_at" in spec else NIGHTLY
    return manifest("Automation", name, {**schedule, "target": TARGET, **spec}, **more)


def targeting(**target: Any) -> Document:
    return automation(target={**TARGET, **target})


def automations(world: World) -> list[Document]:
    listed: list[Document] = world.by_hand(world.connection.page("agents", "automations"))["data"]
    return listed


def live(world: World, name: str = "nightly") -> Document:
    """Return the live automation with a name."""
    return next(one for one in automations(world) if one["name"] == name)


def change(world: World, id_: str, **fields: Any) -> None:
    """Somebody else changes an automation."""
    world.by_hand(world.connection.replace("agents", "automations", id_, body=fields))


def by_hand(world: World, name: str = "by hand", /, **target: Any) -> str:
    """Somebody else creates an automation of the agent, and its id is returned."""
    given = {
        "type": "new_session",
        "agent_id": world.id_of("assistant/digest"),
        "environment": {"type": "none"},
        "input": [{"role": "user", "content": [{"type": "input_text", "text": "Write the digest."}]}],
        **target,
    }
    sent = {key: value for key, value in given.items() if value is not None}
    body = {"type": "periodic", "name": name, **NIGHTLY, "target": sent}
    return str(world.by_hand(world.connection.replace("agents", "automations", body=body))["id"])
