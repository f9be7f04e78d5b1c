"""Templates have no labels, and a part of them cannot be read: a killed apply is completed without a second template,
and with the parts that the manifest has.
"""

import asyncio
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest

from reconciler.live.kinds.environment_template import EnvironmentTemplates
from tests.support.world import Document, World, is_silent, manifest, told, world

SHORT: Final = 0.2
MAKE: Final[Document] = {"setup_commands": [{"command": "make"}]}
MAKE_ALL: Final[Document] = {"setup_commands": [{"command": "make all"}]}


async def hurried(seconds: float) -> None:
    await asyncio.sleep(seconds / 100)


class Death(BaseException):
    """The end of a process."""


def template(address: str, /, **spec: Any) -> Document:
    return manifest("EnvironmentTemplate", address, {"network": {"access": "disabled"}, **spec})


@pytest.fixture
def made(tmp_path) -> Iterator[World]:
    with world(tmp_path, now=time.time) as made:
        made.connection.pace.sleep = hurried
        yield made


def templates(made: World) -> dict[str, str]:
    """Return the names of all live templates by id."""
    found = made.by_hand(made.connection.page("agents", "environments", "templates"))["data"]
    return {one["id"]: one["name"] for one in found}


def sent(made: World, monkeypatch: Any) -> dict[str, list[Any]]:
    """Record the setup commands that are sent from now on, by id of the template."""
    found: dict[str, list[Any]] = {}
    connection = made.connection
    create, replace = connection.create, connection.replace

    async def created(*path: str, body: Any, **more: Any) -> Any:
        answer = await create(*path, body=body, **more)
        found.setdefault(answer["id"], []).append(body.get("setup_commands"))
        return answer

    async def replaced(*path: str, body: Any, **more: Any) -> Any:
        found.setdefault(path[-1], []).append(body.get("setup_commands"))
        return await replace(*path, body=body, **more)

    monkeypatch.setattr(connection, "create", created)
    monkeypatch.setattr(connection, "replace", replaced)
    return found


def dies(made: World, monkeypatch: Any, *, unsent: str = "") -> None:
    """Apply in a run that is killed as soon as a template is created, or before the create of `unsent` is sent."""
    create = EnvironmentTemplates.create

    async def create_and_die(self: EnvironmentTemplates, request: Any) -> Any:
        if request.desired.address.name == unsent:
            await asyncio.sleep(SHORT)  # others may be created in the meantime
            raise Death
        await create(self, request)
        raise Death

    with monkeypatch.context() as patched:
        patched.setattr(EnvironmentTemplates, "create", create_and_die)
        with pytest.raises(Death):
            made.apply()


def test_a_template_that_is_edited_after_the_kill_is_updated(made, monkeypatch):
    made.wants(template("tools", **MAKE))
    dies(made, monkeypatch)
    made.wants(template("tools", **MAKE_ALL, packages={"python": ["pandas"]}))
    assert told(made.plan("keep").changes) == ["update template/tools: packages.python, setup_commands"]
    made.apply("keep")
    assert list(templates(made).values()) == ["tools"]
    assert is_silent(made.plan())


def test_a_template_that_is_removed_after_the_kill_is_deleted(made, monkeypatch):
    made.wants(template("tools", **MAKE))
    dies(made, monkeypatch)
    made.drops("EnvironmentTemplate/tools")
    made.apply("keep")
    assert templates(made) == {}
    assert is_silent(made.plan())


@pytest.mark.parametrize("unsent", ["first", "second"])
def test_of_two_that_can_be_read_alike_each_has_its_own_parts(made, monkeypatch, unsent):
    commands = sent(made, monkeypatch)
    made.wants(template("first", name="Same", **MAKE), template("second", name="Same", **MAKE_ALL))
    dies(made, monkeypatch, unsent=unsent)
    made.apply("keep")
    assert is_silent(made.plan())
    assert len(templates(made)) == 2
    assert commands[made.id_of("template/first")][-1][0]["command"] == "make"
    assert commands[made.id_of("template/second")][-1][0]["command"] == "make all"
