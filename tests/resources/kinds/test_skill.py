import base64
from dataclasses import replace

import pytest
from pydantic import ValidationError

from reconciler.resources.base import Live
from reconciler.resources.kinds.skill import FILES, KIND, SKILL, SkillSpec, front_matter, members
from reconciler.resources.values import same

TEXT = "---\nname: meeting-notes\ndescription: Take notes of a meeting.\n---\nWrite it down.\n"


@pytest.fixture
def skill(resource, scope):
    """The skill of the folder `skills/notes`."""

    def build():
        return next(iter(KIND.desired(resource(KIND, "notes", {"folder": "skills/notes"}), scope)))

    return build


@pytest.fixture
def codes(resource, scope):
    """The codes of the findings about the folder `skills/notes`."""

    def check():
        found = list(KIND.check(resource(KIND, "notes", {"folder": "skills/notes"}), scope))
        assert all(one.path == ("spec", "folder") and one.hint for one in found)
        return [one.code for one in found]

    return check


def written(name="meeting-notes", description="Take notes of a meeting."):
    return f"---\nname: {name}\ndescription: {description}\n---\n"


class TestDesired:
    def test_name_and_description_are_those_of_the_skill_md(self, skill, folder):
        one, two = folder.add("skills/notes/SKILL.md", TEXT), folder.add("skills/notes/scripts/note.py")
        assert skill().fields == {
            "name": "meeting-notes",
            "description": "Take notes of a meeting.",
            "content": {"SKILL.md": one.sha256, "scripts/note.py": two.sha256},
        }
        assert skill().parts == (one, two)

    def test_files_beside_the_folder_are_not_part_of_it(self, skill, folder):
        folder.add("skills/notes/SKILL.md", TEXT)
        folder.add("skills/notes-2/SKILL.md", TEXT)
        assert [*skill().fields["content"]] == ["SKILL.md"]

    def test_spaces_around_a_description_are_no_difference(self, skill, folder):
        folder.add("skills/notes/SKILL.md", "---\nname: notes\ndescription: |\n  Take notes.\n---\n")
        assert skill().fields["description"] == SKILL.canonical("description", " Take notes. ") == "Take notes."

    def test_to_ignore_the_folder_is_to_ignore_all_of_it(self, resource, scope, folder):
        folder.add("skills/notes/SKILL.md", TEXT)
        made = resource(KIND, "notes", {"folder": "skills/notes"})
        ignoring = replace(made, lifecycle=made.lifecycle.model_copy(update={"ignore": ("folder",)}))
        (wanted,) = KIND.desired(ignoring, scope)
        assert {*wanted.lifecycle.ignore} == {*wanted.fields}

    def test_the_canonical_form_is_stable(self, skill, folder):
        folder.add("skills/notes/SKILL.md", TEXT)
        assert all(same(SKILL.canonical(name, value), value) for name, value in skill().fields.items())

    def test_members_are_relative_to_the_folder_of_the_skill_md(self, folder):
        parts = [folder.add("a/b/SKILL.md", TEXT), folder.add("a/b/c/d.md")]
        assert [*members(parts)] == ["SKILL.md", "c/d.md"]


class TestFolder:
    @pytest.mark.parametrize("path", ["skills/notes/", "./skills/notes", "skills//notes", "skills/./notes"])
    def test_it_may_be_written_in_several_ways(self, path):
        assert SkillSpec(folder=path).folder == "skills/notes"

    @pytest.mark.parametrize(
        "path", ["", ".", "./", "/tmp", "../notes", "skills/../notes", "skills/*", "skills/[ab]", "skills\\notes"]
    )
    def test_it_is_a_folder_below_the_project(self, path):
        with pytest.raises(ValidationError):
            SkillSpec(folder=path)

    @pytest.mark.parametrize("path", [".skills/notes", "skills/.notes"])
    def test_it_is_not_hidden(self, path):
        with pytest.raises(ValidationError, match="hidden folders are not read"):
            SkillSpec(folder=path)


class TestCheck:
    def test_a_good_skill_has_no_findings(self, codes, folder):
        folder.add("skills/notes/SKILL.md", TEXT)
        assert codes() == []

    def test_an_empty_folder(self, codes):
        assert codes() == ["empty-folder"]

    def test_no_skill_md(self, codes, folder):
        folder.add("skills/notes/README.md")
        assert codes() == ["no-skill-md"]

    def test_a_skill_md_in_a_nested_folder_only(self, codes, folder):
        folder.add("skills/notes/meeting/SKILL.md", TEXT)
        assert codes() == ["nested-skill-md"]

    @pytest.mark.parametrize("other", ["skills/notes/meeting/SKILL.md", "skills/notes/skill.md"])
    def test_two_of_them(self, codes, folder, other):
        folder.add("skills/notes/SKILL.md", TEXT)
        folder.add(other, TEXT)
        assert codes() == ["several-skill-md"]

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("Write it down.", "bad-front-matter"),
            ("---\nname: notes\n", "bad-front-matter"),
            ("---\nname: [\n---\n", "bad-front-matter"),
            ("---\nname: a\nname: b\ndescription: c\n---\n", "bad-front-matter"),
            ("---\n- name\n---\n", "bad-front-matter"),
            ("---\ndescription: Take notes.\n---\n", "bad-skill-name"),
            ("---\nname: 12\ndescription: Take notes.\n---\n", "bad-skill-name"),
            *((written(name=name), "bad-skill-name") for name in ("Notes", "my_notes", "-notes", "a--b", "n" * 65)),
            ("---\nname: notes\n---\n", "bad-skill-description"),
            ("---\nname: notes\ndescription: ' '\n---\n", "bad-skill-description"),
            ("---\nname: notes\ndescription: [a]\n---\n", "bad-skill-description"),
            (written(description="d" * 1025), "bad-skill-description"),
        ],
    )
    def test_a_front_matter_that_is_not_valid(self, codes, folder, text, code):
        folder.add("skills/notes/SKILL.md", text)
        assert codes() == [code]

    def test_all_findings_are_reported_together(self, codes, folder):
        folder.add("skills/notes/SKILL.md", "---\nlicense: MIT\n---\n")
        assert codes() == ["bad-skill-name", "bad-skill-description"]

    def test_the_longest_values_are_accepted(self, codes, folder):
        folder.add("skills/notes/SKILL.md", written(name="n" * 64, description="d" * 1024))
        assert codes() == []

    def test_too_many_files(self, codes, folder):
        folder.add("skills/notes/SKILL.md", TEXT)
        for number in range(500):
            folder.add(f"skills/notes/{number}.md")
        assert codes() == ["too-many-files"]

    def test_a_file_that_is_too_large(self, codes, folder):
        folder.add("skills/notes/SKILL.md", TEXT)
        folder.add("skills/notes/model.bin", size=25 * 2**20 + 1)
        assert codes() == ["file-too-large"]

    def test_a_skill_that_is_too_large(self, codes, folder):
        folder.add("skills/notes/SKILL.md", TEXT)
        for name in "abc":
            folder.add(f"skills/notes/{name}.bin", size=20 * 2**20)
        assert codes() == ["skill-too-large"]

    def test_a_link_to_a_file_outside_the_folder(self, codes, folder):
        folder.add("skills/notes/SKILL.md", TEXT)
        folder.files["skills/notes/keys.md"] = replace(folder.add("skills/notes/keys.md"), target="ops/keys.md")
        folder.files["skills/notes/same.md"] = replace(folder.add("skills/notes/same.md"), target="skills/notes/a.md")
        assert codes() == ["link-outside"]


class TestFrontMatter:
    @pytest.mark.parametrize("text", [TEXT, "\ufeff" + TEXT, TEXT.replace("\n", "\r\n"), TEXT.rstrip("\n")])
    def test_it_is_read_from_any_text_file(self, text):
        assert front_matter(text) == {"name": "meeting-notes", "description": "Take notes of a meeting."}

    def test_a_line_inside_a_value_does_not_end_it(self):
        given = front_matter("---\nname: a\ndescription: one --- two\n---\n")
        assert isinstance(given, dict)
        assert given["description"] == "one --- two"

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            (
                "---\nname: a\ndescription: Notes: short\n---\n",
                "line 3, column 19: mapping values are not allowed here",
            ),
            ("---\nname: a\nname: b\n---\n", 'line 3, column 1: found duplicate key "name"'),
        ],
    )
    def test_a_fault_of_its_yaml_has_a_place(self, text, fault):
        assert fault in str(front_matter(text))


class TestNames:
    @pytest.mark.parametrize(("name", "is_valid"), [("notes", True), ("openai", True), ("openai-notes", False)])
    def test_those_of_skills_of_openai_are_not_free(self, name, is_valid):
        assert KIND.naming.accepts(name) is is_valid


class TestImport:
    def draft(self, **files):
        held = {path: base64.b64encode(content).decode() for path, content in files.items()}
        live = Live("skill", "skill_1", {}, name="notes", detail={FILES: held})
        return KIND.to_manifest["skill"](live, "notes", str)

    def test_its_files_are_below_a_folder_of_its_name(self):
        made = self.draft(**{"SKILL.md": TEXT.encode(), "a/b.bin": b"\xff\x00"})
        assert made.spec == {"folder": "skills/notes"}
        assert made.files == {"skills/notes/SKILL.md": TEXT.encode(), "skills/notes/a/b.bin": b"\xff\x00"}
        assert made.losses == ()

    @pytest.mark.parametrize(
        "path", ["../a.md", "a/../../b.md", "/etc/a", ".git/config", "a//b", "a\\b", "c:d", "a\nb"]
    )
    def test_a_path_that_leads_elsewhere_is_a_loss(self, path):
        made = self.draft(**{path: b"x"})
        assert made.files == {}
        assert len(made.losses) == 1

    @pytest.mark.parametrize(
        ("text", "is_kept"),
        [
            (b"a: 1\n", True),
            (b"apiVersion: v1\n", False),
            (b"apiVersion: apps/v1\nkind: Deployment\n", True),
            (b"apiVersion: v1\nkind: Vault\n", False),
            (b"apiVersion: reconciler/v2\nkind: Other\n", False),
            (b'"\\x6bind": Consent\n', False),
            (b"a: 1\n---\nkind: Consent\n", False),
            (b"a: [\n", False),
        ],
    )
    def test_a_file_that_would_be_a_manifest_is_a_loss(self, text, is_kept):
        assert bool(self.draft(**{"a.yaml": text}).files) is is_kept
