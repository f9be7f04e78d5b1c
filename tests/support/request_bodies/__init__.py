"""Shapes of request bodies that public repositories send, with what becomes of them.

The files have one shape for each name. Every body was written for this corpus; only its fields are those of a source.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from reconciler.importing.request_api import unwrapped
from tests.support.world import World

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Shape:
    """A body as it is saved in a file; `STORE`, `FILE`, `CONTAINER` and `SKILL` are the ids of objects."""

    name: str
    body: Mapping[str, Any]
    said: tuple[str, ...] = ()
    """Words of each line that an import says about it."""
    sent: bool = True
    """False for a body that the API of its target refuses."""

    def filled(self, ids: Mapping[str, str]) -> dict[str, Any]:
        """Return the body with the ids of objects."""
        made: dict[str, Any] = _filled(self.body, ids)
        return made

    def request(self, ids: Mapping[str, str]) -> dict[str, Any]:
        """Return what the application sends."""
        return unwrapped(self.filled(ids))


def shapes(file: str) -> list[Shape]:
    """Return the shapes of a file of this folder."""
    found = YAML(typ="safe", pure=True).load((_HERE / file).read_text(encoding="utf-8"))
    return [Shape(name, one["body"], tuple(one.get("said", ())), one.get("sent", True)) for name, one in found.items()]


def objects(world: World) -> dict[str, str]:
    """Create one object of each kind that a body refers to, and return the ids by the words of the bodies."""

    async def created() -> dict[str, str]:
        skill = ("csv/SKILL.md", b"---\nname: csv\ndescription: Clean CSV files.\n---\n")
        return {
            "STORE": (await world.sdk.vector_stores.create()).id,
            "FILE": (await world.sdk.files.create(file=("a.csv", b"1,2"), purpose="assistants")).id,
            "CONTAINER": (await world.sdk.containers.create(name="lab")).id,
            "SKILL": (await world.sdk.skills.create(files=[skill])).id,
        }

    return world.by_hand(created())


def _filled(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, ids) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, ids) for item in value]
    return ids.get(value, value) if isinstance(value, str) else value
