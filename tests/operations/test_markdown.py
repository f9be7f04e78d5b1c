"""Commands on manifests in Markdown."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.resources.problems import ReconcilerError
from tests.support.cli import Cli
from tests.support.pulling import PROJECT, changed_lines, is_settled, pull, update
from tests.support.state_repositories import git
from tests.support.world import World, world

TRIAGE = """\
---
# Who answers first.
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: triage}
spec:
  model: gpt-6-luna     # the cheap one
  metadata:
    tier: gold   # see the contract
---

# Rules

You answer for ${var.company}.
Be kind.

---

Be short.
"""


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        (made.root / "manifests.yaml").unlink()
        made.file("project.yaml", PROJECT)
        made.file("assistants/triage.md", TRIAGE)
        made.apply()
        yield made


def text(acme: World) -> str:
    return (acme.root / "assistants/triage.md").read_bytes().decode()


LIVE = "# Rules\n\nYou answer for Brightwater.\nBe kind.\n\n---\n\nBe short."


class TestPull:
    def without_variable(self, acme: World) -> None:
        acme.file("assistants/triage.md", TRIAGE.replace("${var.company}", "Brightwater"))

    def test_body_is_sent(self, acme):
        agent = acme.by_hand(acme.sdk.beta.agents.retrieve(acme.id_of("assistant/triage")))
        assert agent.instructions == LIVE

    def test_changed_lines_of_the_body_are_pulled_and_variables_are_kept(self, acme):
        update(acme, "assistant/triage", instructions=LIVE.replace("short", "brief"))
        assert changed_lines(pull(acme)) == ["- Be short.", "+ Be brief."]
        assert is_settled(acme)

    def test_other_fields_are_pulled_into_the_front_matter(self, acme):
        update(acme, "assistant/triage", model="gpt-6-terra")
        assert changed_lines(pull(acme)) == [
            "-   model: gpt-6-luna     # the cheap one",
            "+   model: gpt-6-terra     # the cheap one",
        ]
        assert is_settled(acme)

    def test_both_are_pulled_together(self, acme):
        update(acme, "assistant/triage", model="gpt-6-terra", instructions=LIVE.replace("short", "brief"))
        assert len(changed_lines(pull(acme))) == 4
        assert is_settled(acme)

    def test_line_ends_of_windows_and_byte_order_mark_are_kept(self, acme):
        acme.file("assistants/triage.md", b"\xef\xbb\xbf" + TRIAGE.removesuffix("\n").replace("\n", "\r\n").encode())
        update(acme, "assistant/triage", instructions=LIVE.replace("kind.", "kind.\nBe quick."), model="gpt-6-terra")
        pull(acme)
        wanted = TRIAGE.replace("kind.", "kind.\nBe quick.").replace("luna", "terra").removesuffix("\n")
        assert text(acme) == "\ufeff" + wanted.replace("\n", "\r\n")
        assert is_settled(acme)

    def test_text_that_a_body_cannot_represent_is_in_the_front_matter(self, acme):
        self.without_variable(acme)
        update(acme, "assistant/triage", instructions="One\rTwo")
        pull(acme, force=True)
        head = TRIAGE.partition("---\n\n# Rules")[0]
        assert text(acme) == head + '  instructions: "One\\rTwo"\n---\n'
        assert is_settled(acme)

    def test_text_with_control_characters_is_in_the_front_matter_with_escapes(self, acme):
        self.without_variable(acme)
        update(acme, "assistant/triage", instructions="One\0Two\x1b")
        pull(acme, force=True)
        head = TRIAGE.partition("---\n\n# Rules")[0]
        assert text(acme) == head + '  instructions: "One\\u0000Two\\u001b"\n---\n'
        assert is_settled(acme)

    def test_removed_instructions_are_pulled(self, acme):
        self.without_variable(acme)
        update(acme, "assistant/triage", instructions=None)
        pull(acme, force=True)
        assert text(acme) == TRIAGE.partition("---\n\n# Rules")[0] + "  instructions: null\n---\n"
        assert is_settled(acme)

    def test_changed_value_of_a_variable_is_reported(self, acme):
        update(acme, "assistant/triage", instructions=LIVE.replace("Brightwater", "Acme"))
        (problem,) = pull(acme).problems
        assert (problem.code, text(acme)) == ("not-pulled", TRIAGE)


BOT = "apiVersion: reconciler/v1\nkind: Chatbot\nmetadata: {name: bot}\nspec: {assistant: triage}\n"


class TestRelease:
    @pytest.fixture
    def project(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        (tmp_path / "project.yaml").write_text(PROJECT)
        (tmp_path / "assistants").mkdir()
        (tmp_path / "assistants" / "triage.md").write_text(TRIAGE)
        (tmp_path / "bot.yaml").write_text(BOT)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("RECONCILER_ENDPOINT", "embedded")
        return tmp_path

    def test_release_has_the_body_and_moves_with_it(self, project: Path, cli: Cli):
        done = cli("release", "bot", "-m", "First", "--publish")
        assert done.code == 0, done.err
        written = (project / "releases/bot/v1.yaml").read_text()
        assert "You answer for ${var.company}." in written
        assert cli("diff", "bot@1", "bot").code == 0
        (project / "assistants/triage.md").write_text(TRIAGE.replace("Be short.", "Be brief."))
        assert "Be brief." in cli("diff", "bot@1", "bot").out
        assert cli("apply", "--yes").code == 0
        assert "No changes." in cli("plan").out

    def test_archive_removes_the_file(self, project: Path, cli: Cli):
        (project / "bot.yaml").unlink()
        done = cli("archive", "assistant/triage")
        assert done.code == 0, done.err
        assert not (project / "assistants/triage.md").exists()

    def test_archive_is_refused_while_a_chatbot_needs_it(self, project: Path, cli: Cli):
        assert cli("archive", "assistant/triage").code == 3
        assert (project / "assistants/triage.md").read_text() == TRIAGE

    def test_fmt_leaves_text_and_bodies_alone(self, project: Path, cli: Cli):
        (project / "README.md").write_text("---\ntitle:   'Read me'\n---\n\nText  \n")
        assert cli("fmt", "--check").code == 0
        assert cli("fmt", "--check", "README.md").code == 0
        (project / "assistants/triage.md").write_text(TRIAGE.replace("gpt-6-luna", "'gpt-6-luna'"))
        assert cli("fmt").code == 0
        assert (project / "assistants/triage.md").read_text() == TRIAGE

    def test_renamed_manifest_keeps_its_object(self, project: Path, cli: Cli):
        assert cli("apply", "--yes").code == 0
        renamed = TRIAGE.replace("{name: triage}", "{name: front}\nlifecycle: {moved_from: triage}")
        (project / "assistants/triage.md").rename(project / "assistants/front.md")
        (project / "assistants/front.md").write_text(renamed)
        (project / "bot.yaml").write_text(BOT.replace("triage", "front"))
        plan = cli("plan").out
        assert "delete" not in plan
        assert "assistant/front" in plan


class TestUncommitted:
    def test_pull_does_not_replace_an_edit_that_exists_nowhere_else(self, acme):
        acme.file(".gitignore", ".reconciler/\n")
        git(acme.root, "init", "--quiet")
        git(acme.root, "add", ".")
        git(acme.root, "commit", "--quiet", "-m", "applied")
        acme.file("assistants/triage.md", TRIAGE.replace("Be kind.", "Be polite."))
        update(acme, "assistant/triage", instructions=LIVE.replace("short", "brief"), model="gpt-6-terra")
        pulled = pull(acme)
        (conflict,) = pulled.conflicts
        assert (conflict.item.path, str(conflict.place)) == ("instructions", "assistants/triage.md:15:1")
        assert text(acme) == TRIAGE.replace("Be kind.", "Be polite.").replace("luna", "terra")


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("triage.md", "# yaml-language-server: $schema=x\n" + TRIAGE, "front-matter"),
        (
            "triage.md",
            TRIAGE.replace("apiVersion: reconciler/v1\n", "").replace("Assistant", "Asistant"),
            "text-with-kind",
        ),
        ("triage.MD", TRIAGE, "odd-extension"),
        ("triage", TRIAGE, "odd-extension"),
        (".triage.md", TRIAGE, "hidden-manifest"),
        (".old/triage.md", TRIAGE, "hidden-manifest"),
    ],
)
def test_manifest_that_is_not_read_does_not_remove_its_object(acme: World, name: str, content: str, code: str) -> None:
    acme.apply()
    (acme.root / "assistants/triage.md").unlink()
    acme.file(f"assistants/{name}", content)
    with pytest.raises(ReconcilerError) as refused:
        acme.plan()
    assert {(one.code, one.severity) for one in refused.value.problems} == {(code, "error")}
