"""`-o markdown` and `-o html`, of everything that people review."""

import pytest

from tests.support.cli import rename_store


def test_a_plan(applied, cli):
    rename_store(applied, "by hand")
    markdown = cli("plan", "-o", "markdown", "--on-drift", "keep", "--out", applied / "plan.json")
    assert markdown.out.startswith("<!-- reconciler:plan acme")
    assert "### Changed by hand\n\nThis merge **leaves it alone**" in markdown.out
    html = cli("plan", "-o", "html", "--on-drift", "keep")
    assert html.out.startswith("<!doctype html>")
    assert "Applying leaves it alone" in html.out


@pytest.mark.parametrize(("format_", "start"), [("markdown", "<!-- reconciler:plan "), ("html", "<!doctype html>")])
def test_a_saved_plan(project, cli, format_, start):
    cli("plan", "--out", project / "plan.json")
    shown = cli("show", project / "plan.json", "-o", format_)
    assert shown.code == 0
    assert shown.out.startswith(start)
    assert "reconciler apply" in shown.out


@pytest.mark.parametrize(("format_", "start"), [("markdown", "<!-- reconciler:drift "), ("html", "<!doctype html>")])
def test_drift(applied, cli, format_, start):
    rename_store(applied, "by hand")
    shown = cli("drift", "-o", format_)
    assert shown.code == 2
    assert shown.out.startswith(start)
    assert "reconciler pull" in shown.out
    assert "reconciler apply --on-drift revert" in shown.out


@pytest.mark.parametrize(("format_", "start"), [("markdown", "<!-- reconciler:apply "), ("html", "<!doctype html>")])
def test_an_apply(project, cli, format_, start):
    shown = cli("apply", "--yes", "-o", format_)
    assert shown.code == 0
    assert shown.out.startswith(start)
    assert "Applied" in shown.out


def test_what_a_manifest_says_commands_no_runner(applied, cli):
    prompt = next((applied / "prompts").glob("*.md"))
    prompt.write_text(
        f"{prompt.read_text(encoding='utf-8')}\n::error::one\n  ::set-output name=x::two\n##[error]three\n"
    )
    for format_ in ("text", "json", "markdown", "html"):
        out = cli("plan", "-o", format_).out
        assert "set-output" in out
        assert not [line for line in out.splitlines() if line.lstrip().startswith("::") or "##[" in line]
