"""Skills: bundles of files with numbered versions, of which one is the default."""

import io
import zipfile

import openai
import pytest


def manifest(name="notes", description="Take notes."):
    return f"---\nname: {name}\ndescription: {description}\n---\nWrite it down.\n".encode()


def zipped(**files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path, text in files.items():
            archive.writestr(path.replace("__", "/").replace("_", "."), text)
    return made.getvalue()


def contents(archive):
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


@pytest.fixture
def skill(api):
    files = [("notes/SKILL.md", manifest()), ("notes/scripts/note.py", b"print('noted')")]
    return api.run(api.sdk.skills.create(files=files))


def added(api, skill, description="Take short notes.", **given):
    files = [("notes/SKILL.md", manifest(description=description))]
    return api.run(api.sdk.skills.versions.create(skill.id, files=files, **given))


def retrieved(api, skill):
    return api.run(api.sdk.skills.retrieve(skill.id))


def test_a_skill_has_the_name_and_the_description_of_its_skill_md(api, skill):
    assert skill.to_dict() == {
        "id": skill.id,
        "object": "skill",
        "created_at": 1_795_000_000,
        "name": "notes",
        "description": "Take notes.",
        "default_version": "1",
        "latest_version": "1",
    }
    assert retrieved(api, skill) == skill
    assert [one.id for one in api.all(api.sdk.skills.list())] == [skill.id]


def test_the_content_is_an_archive_of_the_files(api, skill):
    read = api.run(api.sdk.skills.content.retrieve(skill.id)).content
    assert contents(read) == {"notes/SKILL.md": manifest(), "notes/scripts/note.py": b"print('noted')"}


def test_an_archive_is_a_bundle_too(api):
    archive = zipped(notes__SKILL_md=manifest(), notes__guide_md=b"Short.")
    skill = api.run(api.sdk.skills.create(files=("notes.zip", archive)))
    assert (skill.name, api.run(api.sdk.skills.content.retrieve(skill.id)).content) == ("notes", archive)


class TestVersions:
    def test_a_new_version_is_the_latest_and_not_the_default(self, api, skill):
        version = added(api, skill)
        assert (version.version, version.description) == ("2", "Take short notes.")
        found = retrieved(api, skill)
        assert (found.default_version, found.latest_version, found.description) == ("1", "2", "Take notes.")
        assert [one.version for one in api.all(api.sdk.skills.versions.list(skill.id, order="asc"))] == ["1", "2"]

    def test_the_default_version_gives_the_description_and_the_content(self, api, skill):
        added(api, skill)
        found = api.run(api.sdk.skills.update(skill.id, default_version="2"))
        assert (found.default_version, found.description) == ("2", "Take short notes.")
        read = api.run(api.sdk.skills.content.retrieve(skill.id)).content
        assert [*contents(read)] == ["notes/SKILL.md"]
        old = api.run(api.sdk.skills.versions.content.retrieve("1", skill_id=skill.id)).content
        assert len(contents(old)) == 2

    def test_a_version_may_become_the_default_when_it_is_made(self, api, skill):
        added(api, skill, default=True)
        assert retrieved(api, skill).default_version == "2"

    def test_the_default_version_is_not_deleted(self, api, skill):
        added(api, skill)
        error = api.refusal("DELETE", f"/skills/{skill.id}/versions/1")
        assert (error["param"], error["code"]) == ("version", "invalid_value")

    def test_the_number_of_a_deleted_version_is_used_again(self, api, skill):
        added(api, skill)
        api.run(api.sdk.skills.versions.delete("2", skill_id=skill.id))
        assert retrieved(api, skill).latest_version == "1"
        assert added(api, skill, "Take long notes.").version == "2"

    def test_the_only_version_takes_the_skill_with_it(self, api, skill):
        deleted = api.run(api.sdk.skills.versions.delete("1", skill_id=skill.id))
        assert (deleted.version, deleted.deleted) == ("1", True)
        api.refusal("GET", f"/skills/{skill.id}", 404)

    def test_an_unknown_version_is_refused(self, api, skill):
        api.refusal("GET", f"/skills/{skill.id}/versions/2", 404)
        assert api.refusal("POST", f"/skills/{skill.id}", json={"default_version": "2"})["param"] == "default_version"


def test_lists_may_show_skills_and_versions_later(embed, clock):
    late = embed(skill_delay=3.0)
    files = [("notes/SKILL.md", manifest())]
    skill = late.run(late.sdk.skills.create(files=files))
    assert late.all(late.sdk.skills.list()) == []
    clock.seconds += 3
    assert [one.id for one in late.all(late.sdk.skills.list())] == [skill.id]
    added(late, skill)
    assert [one.version for one in late.all(late.sdk.skills.versions.list(skill.id))] == ["1"]
    with pytest.raises(openai.BadRequestError, match="Version '2'"):
        late.run(late.sdk.skills.update(skill.id, default_version="2"))
    clock.seconds += 3
    assert late.run(late.sdk.skills.update(skill.id, default_version="2")).default_version == "2"


def test_a_deleted_skill_is_gone_with_its_versions(api, skill):
    assert api.run(api.sdk.skills.delete(skill.id)).deleted
    for path in ("", "/content", "/versions", "/versions/1"):
        api.refusal("GET", f"/skills/{skill.id}{path}", 404)


@pytest.mark.parametrize(
    "files",
    [
        {"SKILL.md": manifest()},
        {"notes/SKILL.md": manifest(), "other/SKILL.md": manifest()},
        {"notes/guide.md": b"Short."},
        {"notes/SKILL.md": manifest(), "notes/more/skill.md": manifest()},
        {"notes/SKILL.md": b"Write it down."},
        {"notes/SKILL.md": manifest(name="Our notes")},
        {"notes/SKILL.md": manifest(description='""')},
        {"notes/SKILL.md": manifest(description="[")},
    ],
    ids=["no folder", "two folders", "no SKILL.md", "two SKILL.md", "no front matter", "name", "description", "YAML"],
)
def test_other_bundles_are_refused(api, files):
    with pytest.raises(openai.BadRequestError) as refused:
        api.run(api.sdk.skills.create(files=[*files.items()]))
    assert refused.value.param == "files"


def test_a_limit_above_100_is_refused(api):
    assert api.refusal("GET", "/skills?limit=101")["code"] == "integer_above_max_value"
    assert api.call("GET", "/skills?limit=0").json()["data"] == []


class TestReferences:
    def ask(self, api, **named):
        skills = [{"type": "skill_reference", **named}]
        tool = {"type": "shell", "environment": {"type": "container_auto", "skills": skills}}
        return api.run(api.sdk.responses.create(model="gpt-6-luna", input="Hi", tools=[tool]))

    @pytest.mark.parametrize("version", [{}, {"version": "1"}, {"version": 1}, {"version": "latest"}])
    def test_a_request_may_name_a_skill(self, api, skill, version):
        assert self.ask(api, skill_id=skill.id, **version).status == "completed"

    def test_a_request_may_name_a_skill_of_openai(self, api):
        assert self.ask(api, skill_id="openai-spreadsheets").status == "completed"

    def test_a_request_that_names_an_unknown_skill_or_version_is_refused(self, api, skill):
        with pytest.raises(openai.NotFoundError, match="skill_gone"):
            self.ask(api, skill_id="skill_gone")
        with pytest.raises(openai.NotFoundError, match="Version '2'"):
            self.ask(api, skill_id=skill.id, version="2")
