"""Manifests in Markdown, by example."""

import os

import pytest

from reconciler.manifests.bodies import Body
from reconciler.manifests.formatting import format_documents
from reconciler.manifests.markdown import documents_of
from tests.manifests.conftest import KINDS, Folder

FRONT = "---\napiVersion: reconciler/v1\nkind: Bot\nmetadata: {name: triage}\nspec: {target: cloud}\n---\n"


def body(written: str, closing: str = "---\n") -> Body:
    return Body("instructions", "bot.md", 6, closing, written, "\n")


class TestText:
    @pytest.mark.parametrize(
        ("written", "text"),
        [
            ("Be kind.\n", "Be kind."),
            ("\nBe kind.\n", "Be kind."),
            ("Be kind.", "Be kind."),
            ("\n\nBe kind.\n\n", "\nBe kind.\n"),
            ("  Be kind.\n", "  Be kind."),
            ("One\n---\nTwo\n", "One\n---\nTwo"),
            ("\r\nOne\r\nTwo\r\n", "One\nTwo"),
            ("\rOne\rTwo\r", "One\nTwo"),
            ("\ufeffBe kind.\n", "\ufeffBe kind."),
            ("", None),
            ("\n", None),
            (" \t\r\n\n", None),
        ],
    )
    def test_body_is_read_without_the_line_breaks_around_it(self, written, text):
        assert body(written).text == text

    @pytest.mark.parametrize(
        ("written", "text", "result"),
        [
            ("Old\n", "New", "New\n"),
            ("Old", "New", "New"),
            ("\nOld\n", "New", "\nNew\n"),
            ("Old\n", "\nNew", "\n\nNew\n"),
            ("Old", "New\n", "New\n\n"),
            ("", "New", "\nNew\n"),
            ("\n\n\n", "New", "\nNew\n"),
            ("\r\nOne\r\nTwo\r\n", "One\nOr\nTwo", "\r\nOne\r\nOr\r\nTwo\r\n"),
            ("One\r\nTwo\nThree\nFour\n", "One\nTwo\nOr\nFour", "One\r\nTwo\nOr\nFour\n"),
            ("One\rTwo\nThree\nFour\n", "One\nTwo\n\nFour", "One\nTwo\n\nFour\n"),
            ("One\rTwo\r", "One\n\nTwo", "One\r\rTwo\r"),
            ("Old\n", None, ""),
        ],
    )
    def test_new_text_has_the_line_breaks_of_the_old_one(self, written, text, result):
        assert body(written).with_text(text) == "---\n" + result

    def test_text_below_a_last_line_of_the_file_begins_on_a_line_of_its_own(self):
        assert body("", closing="---").with_text("New") == "---\n\nNew\n"

    def test_empty_line_below_a_carriage_return_is_no_part_of_it(self):
        made = Body("instructions", "bot.md", 6, "---\r", "Old\n", "\r").with_text("\nNew")
        assert made == "---\r\r\rNew\r"

    def test_place_of_a_character_is_in_the_file(self):
        place = body("\nOne\nTwo\n").place_of(5)
        assert (place.line, place.column) == (9, 2)


class TestManifest:
    def test_body_is_the_text_of_a_field(self, folder: Folder):
        folder.write("bot.md", FRONT + "\nBe kind.\n\n---\nBe short.\n")
        assert folder.spec().instructions == "Be kind.\n\n---\nBe short."

    def test_spec_may_be_missing(self):
        (document,) = documents_of(FRONT.replace("spec: {target: cloud}\n", "") + "Hi\n", "a.md", kinds=KINDS)
        assert document.value["spec"] == {"instructions": "Hi"}

    def test_byte_order_mark_and_line_breaks_of_windows_are_read(self, folder: Folder):
        folder.write("bot.md", ("\ufeff" + FRONT + "\nOne\nTwo\n").replace("\n", "\r\n"))
        assert folder.spec().instructions == "One\nTwo"

    def test_variables_are_replaced_and_their_places_are_in_the_body(self, folder: Folder):
        folder.environments(staging="company: Acme, hits: 4")
        folder.write("bot.md", FRONT + "\nYou work for ${var.company}, not $${var.x}.\n")
        assert folder.spec("staging").instructions == "You work for Acme, not ${var.x}."
        folder.write("bot.md", FRONT + "\nHello.\nYou work for ${var.compny}. ${hits}\n")
        unknown, miswritten = folder.problems("staging")
        assert unknown.startswith("bot.md:9:14: error[unknown-variable]")
        assert miswritten.startswith("bot.md:9:29: warning[miswritten-variable]")

    def test_places_are_in_the_front_matter_and_in_the_body(self, folder: Folder):
        folder.write("bot.md", FRONT + "\nBe kind.\n")
        (resource,) = folder.load().resources
        assert str(resource.place) == "bot.md:2:1"
        assert str(resource.where(("spec", "target"))) == "bot.md:5:16"
        assert str(resource.where(("spec", "instructions"))) == "bot.md:8:1"
        folder.write("bot.md", FRONT.replace("target: cloud", "target: cloud, modl: large") + "Be kind.\n")
        assert folder.problems()[0].startswith("bot.md:5:23: error[unknown-field]")

    def test_field_is_in_the_front_matter_if_the_body_is_blank(self, folder: Folder):
        folder.write("bot.md", FRONT.replace("cloud}", "cloud, instructions: Be kind.}") + "\n")
        assert folder.spec().instructions == "Be kind."

    def test_field_in_both_is_an_error(self, folder: Folder):
        folder.write("bot.md", FRONT.replace("cloud}", "cloud, instructions: Be kind.}") + "\nBe short.\n")
        (problem,) = folder.problems()
        assert problem.startswith("bot.md:5:23: error[duplicate-body]")

    @pytest.mark.parametrize("lines", [1, 1000, 20_000])
    def test_front_matter_of_any_length_is_read(self, folder: Folder, lines: int):
        folder.write("bot.md", FRONT.replace("kind: Bot", "# about\n" * lines + "kind: Bot") + "Be kind.\n")
        assert folder.spec().instructions == "Be kind."

    def test_blank_body_is_no_text(self, folder: Folder):
        folder.write("bot.md", FRONT + "\n \n")
        assert folder.spec().instructions is None

    def test_release_has_the_body_before_variables_are_replaced(self, folder: Folder):
        folder.environments(staging="company: Acme")
        folder.write("bot.md", FRONT + "\nYou work for ${var.company}.\n")
        (resource,) = folder.load("staging").resources
        assert resource.written()["instructions"] == "You work for ${var.company}."


class TestMistakes:
    """A mistake in a manifest never makes it a text, because a plan would remove the object."""

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            (FRONT.removesuffix("---\n") + "Be kind.\n", "bot.md:1:1: error[front-matter]: the front matter of this"),
            ("\n" + FRONT, "bot.md:1:1: error[front-matter]: there is something above the front matter"),
            ("<!-- SPDX\n -->\n" + FRONT, "bot.md:1:1: error[front-matter]: there is something above"),
            (FRONT.replace("kind: Bot", "kind: Bto"), "bot.md:3:7: error[unknown-kind]: unknown kind `Bto`\n  did you"),
            (FRONT.replace("kind: Bot\n", ""), "bot.md:2:1: error[missing-field]"),
            (FRONT.replace("kind: Bot", "kind: Store"), "bot.md:3:7: error[yaml-only]: only manifests of kind `Bot`"),
            (FRONT.replace("kind: Bot", "kind: Project"), "bot.md:3:7: error[yaml-only]"),
            (FRONT.replace("{name: triage}", "{name: triage"), "bot.md:5:5: error[syntax]: not valid YAML: while"),
            (FRONT.replace("metadata:", "--- # other\nmetadata:"), "bot.md:4:1: error[front-matter]"),
            (FRONT.replace("kind: Bot\n", "kind: Bot\nkind: Bot\n"), "bot.md:4:1: error[duplicate-key]"),
            (FRONT.replace("spec: {target: cloud}", "spec: [1]"), "bot.md:5:7: error[wrong-type]"),
            (FRONT.replace("triage", "tri\x07age"), "bot.md:4:21: error[control-character]"),
        ],
    )
    def test_wrong_front_matter_is_an_error(self, folder: Folder, text, problem):
        folder.write("bot.md", text + "\nBe kind.\n")
        found = folder.problems()
        assert found
        assert found[0].startswith(problem)
        assert folder.load().resources == ()

    @pytest.mark.parametrize(
        "text",
        [
            "# Read me\n",
            "",
            "---\n",
            "---\ntitle: A page\n---\nkind: Bot\n",
            "---\n- 1\n---\n",
            "---\n{\n---\n",
            "---\nname: notes\ndescription: Take notes.\n---\n",
            "---\napiVersion: apps/v1\nkind: Deployment\n---\n",
            "---\n# Rules\n\n```yaml\napiVersion: reconciler/v1\nkind: Bot\n```\n\n---\n",
            "---\nexample:\n  apiVersion: reconciler/v1\n  kind: Bot\n---\n",
            "+++\napiVersion = 'reconciler/v1'\n+++\n",
            "\n\n---\ntitle: A page\n---\n",
            "# About\n\n```yaml\n" + FRONT + "```\n",
            "Write it so:\n\n    " + FRONT.replace("\n", "\n    ") + "\n",
            "> " + FRONT.replace("\n", "\n> "),
            "---\ntitle: A page\n---\n~~~\n" + FRONT + "~~~\n",
            "- `apiVersion: reconciler/v1`\n- kind: Bot\n",
        ],
    )
    def test_other_markdown_is_text(self, folder: Folder, text):
        folder.write("docs/README.md", text)
        assert folder.problems() == []
        assert documents_of(text, "README.md", kinds=KINDS) == []

    def test_text_that_is_not_utf_8_is_no_problem(self, folder: Folder):
        folder.write("notes.md", "---\nkind: note\ntitle: Gr\u00fc\u00dfe\n---\n".encode("latin-1"))
        assert folder.problems() == []
        folder.write("bot.md", FRONT.encode() + "Gr\u00fc\u00dfe".encode("latin-1"))
        assert folder.codes() == ["not-utf-8"]

    @pytest.mark.parametrize(
        "text",
        [
            "# yaml-language-server: $schema=manifest.schema.json\n" + FRONT,
            "<!-- About -->\n# Rules\n" + FRONT,
            "%YAML 1.2\n" + FRONT,
            "\u200b" + FRONT,
            "\xa0" + FRONT,
            "-" + FRONT,
            FRONT[1:],
            FRONT.replace("---", "--- # helper", 1),
            "  " + FRONT.replace("\n", "\n  "),
            "---\n" + FRONT,
            "```\n" + FRONT,
            FRONT.replace("/v1", "/v2").replace("Bot", "Bto"),
            FRONT.replace("apiV", "apiv").replace("Bot", "Bto"),
            FRONT.replace("/v1", "/V1").replace("Bot", "bot"),
        ],
    )
    def test_manifest_that_is_not_read_is_an_error(self, folder: Folder, text):
        folder.write("bot.md", text + "Be kind.\n")
        assert folder.codes() in (["front-matter"], ["text-with-kind"])
        assert folder.load().resources == ()

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
    def test_encoding_of_windows_is_an_error(self, folder: Folder, encoding):
        folder.write("bot.md", (FRONT + "Be kind.\n").encode(encoding))
        assert folder.codes() in (["not-utf-8"], ["front-matter"])

    @pytest.mark.parametrize("version", ["", "apiVersion: reconcilr/v1\n", "version: 1\n", "# apiVersion\n"])
    @pytest.mark.parametrize("above", ["", "# Title\n"])
    def test_kind_without_the_version_is_a_warning(self, folder: Folder, version, above):
        folder.write("bot.md", above + FRONT.replace("apiVersion: reconciler/v1\n", version) + "Be kind.\n")
        (problem,) = folder.load().problems
        assert (problem.code, problem.severity, str(problem.place)[:7]) == ("text-with-kind", "warning", "bot.md:")

    @pytest.mark.parametrize("name", ["bot.MD", "bot.markdown", "bot.md.txt", "bot"])
    def test_other_suffix_of_a_manifest_is_a_warning(self, folder: Folder, name):
        folder.write(name, FRONT + "Be kind.\n")
        folder.write("README.markdown", "# Read me\n")
        folder.write("LICENSE", "Read me\n")
        loaded = folder.load()
        assert [address for address, _ in loaded.not_read] == ["bot/triage"]
        (problem,) = loaded.problems
        assert (problem.code, problem.hint) == (
            "odd-extension",
            "rename it to `bot.md`, or move it out of the project folder",
        )


class TestFiles:
    def store(self, folder: Folder, pattern: str) -> None:
        head = "apiVersion: reconciler/v1\nkind: Store\nmetadata: {name: handbook}\n"
        folder.write("store.yaml", f"{head}spec: {{files: ['{pattern}']}}\n")

    def test_file_of_a_store_cannot_be_a_manifest(self, folder: Folder):
        folder.write("kb/bot.md", FRONT + "Be kind.\n")
        folder.write("kb/hours.md", "---\ntitle: Hours\n---\nNine to five.\n")
        self.store(folder, "kb/*.md")
        (problem,) = folder.problems()
        assert problem.startswith(
            "kb/bot.md:2:1: error[manifest-as-file]: this file is a manifest, and vectorstore/handbook"
        )

    def test_included_file_cannot_be_a_manifest(self, folder: Folder):
        folder.write("a.md", FRONT + "Be kind.\n")
        folder.bot("{target: cloud, instructions: {$file: a.md}}", name="other")
        (problem,) = folder.problems()
        assert problem.startswith("a.md:2:1: error[manifest-as-file]: this file is a manifest, and bot.yaml:1:1 also")

    def test_text_with_a_kind_in_a_store_is_no_warning(self, folder: Folder):
        folder.write("kb/bot.md", FRONT.replace("apiVersion: reconciler/v1\n", ""))
        self.store(folder, "kb/*.md")
        assert folder.problems() == []

    def test_link_to_a_manifest_is_not_a_second_one(self, folder: Folder):
        folder.write("bots/a.md", FRONT + "Be kind.\n")
        (folder.root / "again.md").symlink_to("bots/a.md")
        assert folder.spec().instructions == "Be kind."

    def test_link_out_of_the_project_is_not_followed(self, folder: Folder, tmp_path):
        (tmp_path / "outside.md").write_text(FRONT + "secret\n")
        (folder.root / "bot.md").symlink_to(tmp_path / "outside.md")
        assert folder.codes() == ["outside-project"]
        assert folder.load().resources == ()

    def test_hidden_file_is_not_read(self, folder: Folder):
        folder.write(".github/bot.md", FRONT + "Be kind.\n")
        assert folder.load().resources == ()

    def test_only_the_start_of_text_is_read(self, folder: Folder, monkeypatch: pytest.MonkeyPatch):
        sizes: list[int] = []
        read = os.read

        def counting(descriptor: int, size: int) -> bytes:
            found = read(descriptor, size)
            if os.fstat(descriptor).st_size > 100_000:
                sizes.append(len(found))
            return found

        folder.write("long.md", "text\n" * 100_000)
        folder.write("page.md", "---\ntitle: A page\n---\n" + "text\n" * 100_000)
        monkeypatch.setattr("os.read", counting)
        assert folder.load().problems == ()
        assert sizes == [4096, 4096]


class TestFormatting:
    def test_front_matter_is_formatted_and_the_body_is_not(self):
        text = "---\nkind: Bot\napiVersion: reconciler/v1\nspec:\n    target: 'cloud'\n\n---  \n\nBe  kind.   \n\n\n"
        done = format_documents(documents_of(text, "a.md", kinds=KINDS))
        assert done == "---\napiVersion: reconciler/v1\nkind: Bot\nspec:\n  target: cloud\n---  \n\nBe  kind.   \n\n\n"
        assert format_documents(documents_of(done, "a.md", kinds=KINDS)) == done

    @pytest.mark.parametrize(
        "text",
        [FRONT.replace("{name: triage}", "{name: triage"), FRONT.removesuffix("---\n"), FRONT.replace("Bot", "Store")],
    )
    def test_wrong_manifest_is_unchanged(self, text):
        assert format_documents(documents_of(text + "Be kind.\n", "a.md", kinds=KINDS)) == text + "Be kind.\n"
