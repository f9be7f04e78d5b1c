"""`release`: what is written, when it is refused, and that it asks for what the working manifests ask for."""

import hashlib
from pathlib import Path

import pytest

from reconciler.releases.model import Released
from reconciler.releases.publish import publish
from reconciler.releases.release import release
from reconciler.resources.problems import Problem, ReconcilerError
from tests.support.desk import HEAD, Desk, write

FIRST = "releases/support/v1.yaml"


def released(desk: Desk, message: str = "", *, vendor: bool = False, publish: bool = False) -> Released:
    return release(desk.root, {}, "support", message=message, vendor=vendor, publish=publish)


def refused(desk: Desk, chatbot: str = "support", *, vendor: bool = False) -> list[Problem]:
    before = desk.changed()
    with pytest.raises(ReconcilerError) as error:
        release(desk.root, {}, chatbot, vendor=vendor)
    assert desk.changed() == before
    return list(error.value.problems)


def errors(desk: Desk, env: str) -> list[Problem]:
    loaded = desk.load(env)
    return [*loaded.problems, *(one.problem for one in loaded.dangling)]


class TestWhatIsWritten:
    def test_a_manifest_that_a_pull_request_can_be_read_from(self, desk: Desk) -> None:
        done = released(desk, "first one")
        assert (done.path, str(done.release.address), done.changes) == (FIRST, "release/support@1", None)
        text = desk.read(FIRST)
        assert text.startswith("# Release 1 of chatbot/support")
        assert "name: support@1\nspec:\n  message: first one\n  digest: sha256:" in text
        indent = " " * 10
        lines = ["# Role", "", "Answer shortly.  ", "\tCall ${var.phone}, never $${var.phone}."]
        block = "".join(f"\n{indent}{line}" if line else "\n" for line in lines)
        assert f"        instructions: |-{block}\n" in text
        assert 'variables:\n      staging: {phone: "555-1", warmth: 0.5}\n      production: {phone: "555-9", ' in text
        assert text.index("chatbot/support:") < text.index("assistant/closer:") < text.index("vectorstore/handbook:")

    def test_it_is_read_without_a_problem_and_makes_copies_in_every_environment(self, desk: Desk) -> None:
        released(desk)
        for env, phone in (("staging", "555-1"), ("production", "555-9")):
            assert errors(desk, env) == []
            found = desk.resource("release/support@1", env)
            made = {str(one.address): one.fields for one in found.kind.desired(found, desk.load(env).scope)}
            instructions = f"# Role\n\nAnswer shortly.  \n\tCall {phone}, never ${{var.phone}}."
            assert made["assistant/triage@support.1"]["instructions"] == instructions
            assert made["assistant/triage@support.1"]["temperature"] == {"staging": 0.5, "production": 1}[env]

    def test_files_have_the_blob_ids_of_the_next_commit(self, desk: Desk) -> None:
        desk.edit("kb/hours.md", "five", "six")
        kept = released(desk).release.spec.content.files
        desk.commit()
        assert sorted(kept) == ["kb/hours.md", "kb/prices.md"]
        for path, file in kept.items():
            content = desk.git("cat-file", "blob", file.blob).encode()
            assert content == (desk.root / path).read_bytes()
            assert (hashlib.sha256(content).hexdigest(), len(content)) == (file.sha256, file.bytes)

    def test_published_and_keep_are_not_part_of_a_release(self, desk: Desk) -> None:
        first = released(desk)
        desk.edit("chatbots/support.yaml", "# the only one", "\n  releases: {keep: 3}\n  published: 1")
        (problem,) = refused(desk)
        assert problem.code == "nothing-to-release"
        assert first.release.spec.content.objects["chatbot/support"] == {"pipeline": "flow"}

    def test_copies_of_other_releases_and_live_stores_are_left_as_they_are(self, desk: Desk) -> None:
        released(desk)
        desk.edit("pipelines/flow.yaml", "assistant: closer", "assistant: closer@support.1")
        desk.edit("stores/handbook.yaml", "spec:\n", "spec:\n  releases: live\n")
        content = released(desk).release.spec.content
        assert sorted(content.objects) == ["assistant/triage", "chatbot/support", "pipeline/flow"]
        assert content.files == {}
        assert errors(desk, "staging") == []

    def test_a_glob_does_not_include_releases(self, desk: Desk) -> None:
        desk.edit("stores/handbook.yaml", "kb/*.md", "'**/*.md', '**/files/*'")
        desk.write("notes/files/a.md", "A")
        desk.write("releases/notes/v1.md", "Version one of our product.")
        found = released(desk, vendor=True).release.spec.content.files
        assert sorted(found) == [
            "kb/hours.md", "kb/prices.md", "notes/files/a.md", "prompts/triage.md", "releases/notes/v1.md",
        ]  # fmt: skip
        (problem,) = refused(desk, vendor=True)
        assert problem.code == "nothing-to-release"

    def test_variables_inside_text_keep_their_source(self, desk: Desk) -> None:
        desk.edit("project.yaml", "phone: 555-9", "phone: 1.10")
        made = released(desk)
        assert made.release.spec.content.texts == {"production": {"phone": "1.10"}}
        assert made.release.spec.content.variables["production"]["phone"] == 1.1
        assert errors(desk, "production") == []
        found = desk.resource("release/support@1", "production")
        (triage,) = [
            one for one in found.kind.desired(found, desk.load("production").scope) if "triage" in str(one.address)
        ]
        assert "Call 1.10, never" in str(triage.fields["instructions"])
        desk.edit("project.yaml", "phone: 1.10", "phone: 1.1")
        assert "texts" not in str(released(desk).release.spec.content.model_fields_set)

    def test_variables_without_another_source_are_not_repeated(self, desk: Desk) -> None:
        released(desk)
        assert "texts:" not in desk.read(FIRST)

    def test_a_document_in_another_unicode_form(self, desk: Desk) -> None:
        desk.write("kb/u\u0308.md", "Text")
        desk.commit()
        kept = released(desk).release.spec.content.files["kb/\u00fc.md"]
        assert desk.git("cat-file", "blob", kept.blob) == "Text"
        assert errors(desk, "staging") == []

    def test_a_project_without_environments(self, desk: Desk) -> None:
        desk.write(
            "project.yaml", HEAD.format(kind="Project", name="acme", more="") + "  defaults: {target: responses}\n"
        )
        desk.edit("assistants/triage.yaml", "${var.warmth}", "0.5")
        desk.write("prompts/triage.md", "Hello.")
        assert released(desk).release.spec.content.variables == {}
        assert "variables:" not in desk.read(FIRST)


class TestNumbers:
    def test_number_is_one_more_than_the_latest(self, desk: Desk) -> None:
        released(desk)
        desk.edit("prompts/triage.md", "shortly", "at length")
        second = released(desk)
        assert second.path == "releases/support/v2.yaml"
        assert second.changes is not None
        assert [(str(one.address), one.word) for one in second.changes.objects] == [("assistant/triage", "changed")]

    def test_a_deleted_release_keeps_its_number(self, desk: Desk) -> None:
        released(desk)
        desk.commit()
        (desk.root / FIRST).unlink()
        desk.commit()
        assert released(desk).path == "releases/support/v2.yaml"

    def test_a_release_on_another_branch_keeps_its_number(self, desk: Desk) -> None:
        desk.git("checkout", "--quiet", "-b", "other")
        released(desk)
        desk.commit()
        desk.git("checkout", "--quiet", "main")
        assert released(desk).path == "releases/support/v2.yaml"

    def test_an_archived_release_keeps_its_number_and_its_content_may_come_again(self, desk: Desk) -> None:
        first = released(desk)
        text = desk.read(FIRST)
        desk.write(FIRST, text.partition("  content:")[0] + "  archived: true\n")
        again = released(desk)
        assert again.path == "releases/support/v2.yaml"
        assert again.release.spec.digest == first.release.spec.digest


class TestRefusals:
    def test_nothing_has_changed(self, desk: Desk) -> None:
        released(desk)
        (problem,) = refused(desk)
        assert problem.code == "nothing-to-release"
        assert str(problem.place) == "ops/chatbots/support.yaml:1:1"
        assert problem.hint == "To publish it: reconciler publish support 1"

    def test_an_unknown_chatbot(self, desk: Desk) -> None:
        (problem,) = refused(desk, "suport")
        assert (problem.code, problem.hint) == ("unknown-address", "did you mean `chatbot/support`?")

    def test_an_error_that_only_another_environment_has(self, desk: Desk) -> None:
        desk.edit("project.yaml", ", warmth: 1", "")
        assert [problem.code for problem in refused(desk)] == ["unknown-variable"]

    def test_a_dangling_reference_is_an_error(self, desk: Desk) -> None:
        desk.edit("pipelines/flow.yaml", "assistant: closer", "assistant: closet")
        (problem,) = refused(desk)
        assert (problem.code, str(problem.place)) == ("dangling-reference", "ops/pipelines/flow.yaml:7:40")

    @pytest.mark.parametrize(
        ("attributes", "ignored"),
        [("", ""), ("", "ops/kb/new.md\n"), ("*.md filter=lfs\n", ""), ("*.md text eol=crlf\n", "")],
        ids=["untracked", "ignored", "in LFS", "with other line ends"],
    )
    def test_a_file_that_is_not_in_git_is_an_error(self, desk: Desk, attributes: str, ignored: str) -> None:
        desk.write("kb/new.md", "one\r\ntwo\r\n")
        (desk.repository / ".gitignore").write_text(ignored)
        (desk.repository / ".gitattributes").write_text(attributes)
        if attributes:
            desk.git("-c", "filter.lfs.clean=cat", "add", "-A")
        problems = {problem.message.partition(" ")[0]: problem for problem in refused(desk)}
        assert problems["kb/new.md"].code == "file-not-in-git"
        assert str(problems["kb/new.md"].place) == "ops/stores/handbook.yaml:1:1"
        assert "--vendor" in problems["kb/new.md"].hint

    def test_a_project_without_git(self, tmp_path: Path) -> None:
        made = write(tmp_path)
        with pytest.raises(ReconcilerError) as error:
            release(made.root, {}, "support")
        assert {problem.code for problem in error.value.problems} == {"file-not-in-git"}
        assert "not in a Git repository" in error.value.problems[0].message

    def test_a_file_that_is_only_a_number(self, desk: Desk) -> None:
        """It is text in the manifest, and would be a number in the release."""
        desk.write("prompts/triage.md", "${var.warmth}\n")
        (problem,) = refused(desk)
        assert (problem.code, str(problem.place)) == ("unfaithful-release", "ops/chatbots/support.yaml:1:1")
        assert "quote the value of the variable" in problem.hint


class TestVendored:
    def test_vendor_copies_only_files_that_are_not_in_git(self, desk: Desk) -> None:
        content = b"a\r\nb\n"
        desk.write("kb/new.md", content)
        done = released(desk, vendor=True)
        name = hashlib.sha256(content).hexdigest()
        assert done.vendored == ("kb/new.md",)
        assert sorted(path.name for path in (desk.root / "releases/files").iterdir()) == [".gitattributes", name]
        files = done.release.spec.content.files
        assert (bool(files["kb/new.md"].blob), bool(files["kb/hours.md"].blob)) == (False, True)
        assert errors(desk, "staging") == []

    def test_git_does_not_convert_vendored_files(self, desk: Desk) -> None:
        (desk.repository / ".gitattributes").write_text("* text eol=lf\n")
        content = b"a\r\nb\n"
        desk.write("kb/new.md", content)
        released(desk, vendor=True)
        desk.commit()
        name = hashlib.sha256(content).hexdigest()
        assert len(content) == int(desk.git("cat-file", "-s", f"HEAD:ops/releases/files/{name}"))


class TestPublished:
    def test_a_release_is_published_with_publish(self, desk: Desk) -> None:
        done = released(desk, publish=True)
        assert "  pipeline: flow # the only one\n  published: 1" in desk.read("chatbots/support.yaml")
        assert done.edited == ("chatbots/support.yaml",)
        assert errors(desk, "production") == []

    def test_a_release_is_published_in_one_environment(self, desk: Desk) -> None:
        released(desk, publish=True)
        desk.edit("prompts/triage.md", "shortly", "at length")
        done = release(desk.root, {}, "support", publish=True, env="staging")
        assert [(move.environment, move.before, move.after) for move in done.moves] == [("staging", 1, 2)]
        assert desk.resource("chatbot/support").spec.published == {"staging": 2, "production": 1}
        assert publish(desk.root, {}, "support", 2).moves[0].environment == "production"
        assert desk.resource("chatbot/support").spec.published == 2


class TestRenames:
    def rename(self, desk: Desk, file: str, old: str, new: str) -> None:
        head = f"metadata: {{name: {new}}}\nlifecycle: {{moved_from: {old}}}\n"
        desk.edit(file, f"metadata: {{name: {old}}}\n", head)

    def test_what_was_only_renamed_is_no_other_object(self, desk: Desk) -> None:
        released(desk)
        self.rename(desk, "assistants/closer.yaml", "closer", "last")
        desk.edit("pipelines/flow.yaml", "assistant: closer", "assistant: last")
        desk.edit("assistants/closer.yaml", "gpt-6-luna", "gpt-6.1-sol")
        changes = released(desk).changes
        assert changes is not None
        assert [(one.word, str(one.address)) for one in changes.objects] == [("changed", "assistant/last")]

    def test_numbers_go_on_under_the_new_name_of_a_chatbot(self, desk: Desk) -> None:
        released(desk)
        desk.commit()
        self.rename(desk, "chatbots/support.yaml", "support", "help")
        desk.edit("assistants/closer.yaml", "gpt-6-luna", "gpt-6.1-sol")
        assert release(desk.root, {}, "help").path == "releases/help/v2.yaml"
        assert publish(desk.root, {}, "help", 1).number == 1
        assert errors(desk, "staging") == []

    def test_also_where_the_manifests_of_the_old_releases_are_gone(self, desk: Desk) -> None:
        released(desk)
        desk.commit()
        (desk.root / FIRST).unlink()
        self.rename(desk, "chatbots/support.yaml", "support", "help")
        assert release(desk.root, {}, "help").path == "releases/help/v2.yaml"
