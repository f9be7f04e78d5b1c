import hashlib
import io
import zipfile
from dataclasses import replace

import httpx2
import pytest

from reconciler.emulator.fault_spec import parse
from reconciler.live.errors import LiveError
from reconciler.resources.base import LocalFile

TEXT = "---\nname: meeting-notes\ndescription: {about}\n---\nWrite it down.\n"


class Notes:
    """Requests for one skill with the folder `skills/notes`."""

    def __init__(self, api):
        self.api = api
        self.adapter = api.adapters["skill"]

    def order(self, about="Take notes.", **more):
        folder = self.api.root / "skills/notes"
        folder.mkdir(parents=True, exist_ok=True)
        contents = {"SKILL.md": TEXT.format(about=about).encode(), "a/ü.bin": b"\xff\x00"}
        for path, content in contents.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_bytes(content)
        hashes = {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()}
        parts = tuple(LocalFile(f"skills/notes/{path}", hashes[path], len(contents[path])) for path in contents)
        fields = {"name": "meeting-notes", "description": about, "content": hashes}
        return replace(self.api.order("skill", "skill/notes", fields, parts=parts), **more)

    def run(self, work):
        return self.api.run(work)

    def make(self):
        made = self.run(self.adapter.create(self.order()))
        self.api.requests()
        return made

    def add(self, id_, about, *, default=False):
        files = [("notes/SKILL.md", TEXT.format(about=about).encode())]
        return self.run(self.api.connection.client.skills.versions.create(id_, files=files, default=default))

    def default(self, id_):
        return self.run(self.api.connection.client.skills.retrieve(id_)).default_version

    def suffer(self, faults):
        self.api.app.state.faults.set(*parse(faults))


@pytest.fixture
def notes(api):
    return Notes(api)


class TestReading:
    def test_a_list_has_the_revision_and_no_content(self, notes):
        made = notes.make()
        (live,) = notes.run(notes.adapter.list(None, []))
        assert live.fields == {"name": "meeting-notes", "description": "Take notes."}
        assert live.revision == made.revision != ""
        assert notes.api.requests() == ["GET /v1/skills"]

    def test_an_object_that_is_read_has_its_content(self, notes):
        made = notes.make()
        assert notes.run(notes.adapter.read(made.id)) == made
        assert made.fields == notes.order().desired.fields

    def test_the_revision_changes_with_the_default_only(self, notes):
        made = notes.make()
        notes.add(made.id, "Take short notes.")
        assert notes.run(notes.adapter.list(None, []))[0].revision == made.revision
        notes.run(notes.api.connection.client.skills.update(made.id, default_version="2"))
        assert notes.run(notes.adapter.list(None, []))[0].revision != made.revision

    def test_a_whole_skill_has_its_files(self, notes):
        live = notes.run(notes.adapter.whole(notes.make()))
        assert {*live.detail["files"]} == {"SKILL.md", "a/ü.bin"}

    def test_a_deleted_one_is_none(self, notes):
        made = notes.make()
        notes.run(notes.adapter.delete(made.id))
        assert notes.run(notes.adapter.read(made.id)) is notes.run(notes.adapter.whole(made)) is None

    @pytest.mark.parametrize("content", [b"", b"PK", b"not an archive"])
    def test_an_archive_that_cannot_be_read_is_an_error(self, notes, server, content):
        made = notes.make()
        answers = server.says(httpx2.Response(200, content=content))
        adapter = type(notes.adapter)(answers)
        with pytest.raises(LiveError, match="the content of skill"):
            notes.run(adapter.whole(made))

    def test_an_archive_that_is_too_large_is_not_unpacked(self, notes, server):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("notes/SKILL.md", b"0" * (25 * 2**20 + 1))
        adapter = type(notes.adapter)(server.says(httpx2.Response(200, content=packed.getvalue())))
        with pytest.raises(LiveError, match="larger than a skill can be"):
            notes.run(adapter.whole(notes.make()))


class TestFinding:
    def test_the_oldest_with_this_content_is_found(self, notes):
        first, second = notes.make(), notes.make()
        found = notes.run(notes.adapter.find(notes.order(), 0))
        assert (found.id, found.detail["also_fits"]) == (first.id, [second.id])

    def test_one_with_other_content_is_not(self, notes):
        notes.make()
        assert notes.run(notes.adapter.find(notes.order("Take short notes."), 0)) is None


class TestUpdating:
    def test_a_version_is_uploaded_and_made_the_default(self, notes):
        made = notes.make()
        order = notes.order("Take short notes.")
        live = notes.run(notes.adapter.update(made, order))
        assert live.fields == order.desired.fields
        assert live == notes.run(notes.adapter.read(made.id))
        assert notes.default(made.id) == "2"

    def test_a_newer_version_with_the_content_is_used(self, notes):
        made = notes.make()
        order = notes.order("Take short notes.")
        notes.run(notes.adapter.update(made, order))
        notes.run(notes.api.connection.client.skills.update(made.id, default_version="1"))
        notes.api.requests()
        notes.run(notes.adapter.update(made, order))
        assert "POST /v1/skills/{id}/versions" not in notes.api.requests()
        assert notes.default(made.id) == "2"

    def test_the_applied_version_is_used_again(self, notes):
        made = notes.make()
        notes.add(made.id, "Gossip.", default=True)
        live = notes.run(notes.adapter.read(made.id))
        notes.run(notes.adapter.update(live, notes.order(revision=made.revision)))
        assert notes.default(made.id) == "1"

    def test_an_upload_with_an_unread_response_is_not_repeated(self, notes):
        made = notes.make()
        notes.suffer("drop-after:POST:/v1/skills/*/versions:1")
        notes.run(notes.adapter.update(made, notes.order("Take short notes.")))
        assert (notes.default(made.id), notes.api.requests().count("POST /v1/skills/{id}/versions")) == ("2", 1)

    def test_an_upload_that_was_not_done_is_sent_again(self, notes):
        made = notes.make()
        notes.suffer("drop-before:POST:/v1/skills/*/versions:1")
        notes.run(notes.adapter.update(made, notes.order("Take short notes.")))
        assert notes.default(made.id) == "2"

    def test_the_default_moves_when_the_list_has_the_version(self, emulator):
        notes = Notes(emulator(skill_delay=3.0))
        made = notes.make()
        notes.run(notes.adapter.update(made, notes.order("Take short notes.")))
        assert notes.default(made.id) == "2"

    def test_a_version_that_is_never_listed_is_an_error_with_the_next_step(self, emulator):
        notes = Notes(emulator(skill_delay=10_000.0))
        made = notes.make()
        with pytest.raises(LiveError, match="was uploaded and is not listed") as raised:
            notes.run(notes.adapter.update(made, notes.order("Take short notes.")))
        assert raised.value.problems[0].hint.startswith("Apply again")

    def test_a_changed_file_is_not_uploaded(self, notes):
        order = notes.order()
        (notes.api.root / "skills/notes/SKILL.md").write_text("Edited meanwhile.")
        with pytest.raises(LiveError, match=r"skills/notes/SKILL\.md was changed after the plan was made"):
            notes.run(notes.adapter.create(order))
