import asyncio
from typing import Any

from reconciler.live.versions import with_versions
from reconciler.resources.base import Applied, Live
from reconciler.resources.registry import resource_types

CONTENT = {"SKILL.md": "a" * 64}
READ = {"SKILL.md": "b" * 64}


class Reader:
    def __init__(self):
        self.asked = []

    async def read(self, id_):
        self.asked.append(id_)
        return None if id_ == "skill_gone" else listed(id_, revision="9-x", content=READ)


def listed(id_="skill_1", revision="1-x", **fields):
    return Live("skill", id_, {"name": "notes", **fields}, revision=revision)


def completed(live, *applied, is_read=lambda _live: False):
    reader: Any = Reader()
    found = asyncio.run(with_versions({"skill": reader}, resource_types(), [live], applied, is_read))
    return [one.fields.get("content") for one in found], reader.asked


def test_an_unchanged_revision_has_the_content_of_the_state():
    known = Applied("skill_1", "skill", {"content": CONTENT}, revision="1-x")
    assert completed(listed(), known) == ([CONTENT], [])


def test_another_revision_is_read():
    known = Applied("skill_1", "skill", {"content": CONTENT}, revision="2-x")
    assert completed(listed(), known) == ([READ], ["skill_1"])


def test_a_state_without_the_content_is_no_proof():
    assert completed(listed(), Applied("skill_1", "skill", {}, revision="1-x")) == ([READ], ["skill_1"])


def test_an_unmanaged_object_is_read_only_if_it_is_wanted():
    assert completed(listed()) == ([None], [])
    assert completed(listed(), is_read=lambda _live: True) == ([READ], ["skill_1"])


def test_a_deleted_object_is_left_out():
    assert completed(listed("skill_gone"), is_read=lambda _live: True) == ([], ["skill_gone"])


def test_types_without_versions_stay_as_they_are():
    live = Live("agent", "agent_1", {"name": "a"})
    assert asyncio.run(with_versions({}, resource_types(), [live], (), lambda _live: True)) == [live]
