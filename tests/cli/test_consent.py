"""Tests of `consent`: the manifest that permits one refused change."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.cli.completing import RULES as COMPLETED
from reconciler.operations.consent import RULES, expiry
from tests.support.cli import Cli, edit

TODAY = datetime.now(UTC).date()
STORE, FILE = "vectorstore/handbook", "consents.yaml"
REASON = ("--reason", "It is not: used # by ${var.anyone}.")


@pytest.fixture
def refused(project: Path, cli: Cli) -> Path:
    """Return a project whose plan is refused, because it deletes a protected store."""
    edit(project / "stores/handbook.yaml", "spec:", "lifecycle: {protect: true}\nspec:")
    assert cli("apply", "--yes").code == 0
    (project / "stores/handbook.yaml").unlink()
    text = (project / "assistants/helper.yaml").read_text()
    (project / "assistants/helper.yaml").write_text(text.partition("  tools:")[0])
    assert cli("plan").code == 3
    return project


class TestExpiry:
    @pytest.mark.parametrize(
        ("text", "last"),
        [("30d", date(2026, 12, 29)), ("2026-12-31", date(2026, 12, 31)), ("2026-11-29", date(2026, 11, 29))],
    )
    def test_a_date_or_a_number_of_days(self, text: str, last: date):
        assert expiry(text, date(2026, 11, 29)) == last

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("2026-11-28", "has passed; write a date from 2026-11-29 to 2027-02-27"),
            ("91d", "at most 90 days, until 2027-02-27"),
            ("2028-01-01", "is too late"),
            ("0d", "is not a date"),
            ("soon", "write it as 2026-12-31, or as a number of days: 30d"),
            ("31.12.2026", "is not a date"),
            ("2026-02-30", "is not a date"),
        ],
    )
    def test_anything_else_is_an_error(self, text: str, why: str):
        with pytest.raises(ValueError, match=why):
            expiry(text, date(2026, 11, 29))


class TestNewConsent:
    def test_the_plan_is_permitted_and_the_manifests_are_valid(self, refused: Path, cli: Cli):
        done = cli("consent", STORE, "protected", *REASON, "--expires", "30d")
        assert done.code == 0
        assert f"+  address: {STORE}\n" in done.out
        assert (cli("validate").code, cli("plan").code) == (0, 0)
        (risk,) = [one for one in cli("plan", "-o", "json").document["risks"] if one["rule"] == "consent-used"]
        assert (risk["args"]["why"], risk["args"]["until"]) == (REASON[1], str(TODAY + timedelta(days=30)))
        assert cli("fmt", "--check").code == 0

    def test_the_refusal_prints_the_command(self, refused: Path, cli: Cli):
        command = "reconciler consent vectorstore/handbook protected --reason REASON --expires 30d"
        for format_ in ("text", "markdown", "html"):
            assert command in cli("plan", "-o", format_).out
        assert cli(*command.split()[1:]).code == 0
        assert cli("plan").code == 0

    def test_it_is_added_to_the_file_and_comments_are_kept(self, refused: Path, cli: Cli):
        other = "# Exceptions of this year.\napiVersion: reconciler/v1\nkind: Consent\n"
        other += "metadata: {name: old}  # spring\nspec:\n  {identity: acme, address: assistant/x, rule: protected, "
        other += f'subject: sha256:{"0" * 64}, reason: x, expires: "{TODAY}"}}'
        (refused / FILE).write_text(other)
        assert cli("consent", STORE, "protected", *REASON, "--expires", str(TODAY)).code == 0
        text = (refused / FILE).read_text()
        assert text.startswith(f"{other}\n---\napiVersion: reconciler/v1\nkind: Consent\n")
        assert cli("plan").code == 0

    def test_a_dry_run_writes_nothing(self, refused: Path, cli: Cli):
        done = cli("consent", STORE, "protected", *REASON, "--expires", "30d", "--dry-run")
        assert (done.code, "+  rule: protected" in done.out) == (0, True)
        assert done.out.endswith("Nothing was written.\n")
        assert not (refused / FILE).exists()

    def test_json(self, refused: Path, cli: Cli):
        document = cli("consent", STORE, "protected", *REASON, "--expires", "30d", "-o", "json").document
        (one,) = document["consents"]
        assert (document["permits"], document["written"]) == (STORE, True)
        assert (one["action"], one["path"], one["address"]) == (
            "created",
            FILE,
            f"consent/protected-{one['subject'][7:15]}",
        )


class TestKnownConsent:
    @pytest.fixture
    def consented(self, refused: Path, cli: Cli) -> Path:
        assert cli("consent", STORE, "protected", "--reason", "First.", "--expires", "30d").code == 0
        edit(refused / FILE, "reason: First.", "reason: First.  # says Ann")
        return refused

    def test_the_same_consent_is_named_and_not_written(self, consented: Path, cli: Cli):
        before = (consented / FILE).read_text()
        done = cli("consent", STORE, "protected", "--reason", "First.", "--expires", "30d")
        assert (done.code, done.out.startswith("No changes: consent/protected-")) == (0, True)
        assert (consented / FILE).read_text() == before

    def test_another_reason_or_date_is_an_edit(self, consented: Path, cli: Cli):
        before = (consented / FILE).read_text()
        done = cli("consent", STORE, "protected", "--reason", "Second.", "--expires", "60d")
        assert done.code == 0
        month, two = (f'"{TODAY + timedelta(days=days)}"' for days in (30, 60))
        assert (consented / FILE).read_text() == before.replace("First.", "Second.").replace(month, two)

    @pytest.mark.parametrize(("words", "action"), [((), "updated"), (("--dry-run",), "would be updated")])
    def test_the_reason_that_an_edit_replaces_is_shown(self, consented: Path, cli: Cli, words, action: str):
        done = cli("consent", STORE, "protected", "--reason", "Second.", "--expires", "60d", *words)
        until = TODAY + timedelta(days=30)
        assert f": {action} in {FILE}; it was valid until {until}, with the reason: First.\n" in done.out

    def test_an_outdated_consent_gets_the_new_subject(self, consented: Path, cli: Cli):
        text = (consented / FILE).read_text()
        subject = text.partition("sha256:")[2][:64]
        stale = text.replace(subject, "0" * 64).replace(f"protected-{subject[:8]}", "protected-00000000")
        (consented / FILE).write_text(stale)
        assert cli("plan").code == 3
        assert cli("consent", STORE, "protected", "--reason", "First.", "--expires", "30d").code == 0
        assert (consented / FILE).read_text() == text
        assert cli("plan").code == 0

    def test_a_consent_that_is_no_longer_needed_is_named(self, consented: Path, cli: Cli):
        assert cli("apply", "--yes").code == 0
        done = cli("consent", STORE, "protected", "--reason", "First.", "--expires", "30d")
        assert (done.code, "error[not-refused]" in done.err, "is no longer needed" in done.err) == (1, True, True)


class TestErrors:
    @pytest.mark.parametrize(
        ("words", "code", "why"),
        [
            ((STORE, "protcted", *REASON, "--expires", "30d"), 64, "did you mean `protected`?"),
            (
                (STORE, "conflict", *REASON, "--expires", "30d"),
                64,
                "'conflict' is not a rule that a consent can permit",
            ),
            ((STORE, "protected", "--reason", " ", "--expires", "30d"), 64, "it is empty"),
            ((STORE, "protected", *REASON, "--expires", "2026-01-01"), 64, "has passed"),
            ((STORE, "protected", *REASON), 64, "Missing option '--expires'"),
            (("handbook", "protected", *REASON, "--expires", "30d"), 64, "is not a valid address"),
            (("vectorstore/handbok", "protected", *REASON, "--expires", "30d"), 1, f"did you mean `{STORE}`?"),
            ((STORE, "referenced", *REASON, "--expires", "30d"), 1, "it is refused with protected"),
            (("assistant/x", "cost", *REASON, "--expires", "30d"), 1, f"Refused are: {STORE} protected."),
        ],
    )
    def test_nothing_is_written(self, refused: Path, cli: Cli, words: tuple[str, ...], code: int, why: str):
        done = cli("consent", *words)
        assert (done.code, why in done.err) == (code, True)
        assert not (refused / FILE).exists()

    def test_references_of_manifests_cannot_be_permitted(self, applied: Path, cli: Cli):
        (applied / "assistants/helper.yaml").unlink()
        assert "refused[referenced]" in cli("plan").out
        done = cli("consent", "assistant/helper", "referenced", *REASON, "--expires", "30d")
        assert (done.code, "error[no-consent]" in done.err, "which must be edited" in done.err) == (1, True, True)
        assert not (applied / FILE).exists()

    def test_a_plan_without_refusals_needs_none(self, applied: Path, cli: Cli):
        done = cli("consent", STORE, "protected", *REASON, "--expires", "30d")
        assert (done.code, "The plan has no refusal that a consent can permit." in done.err) == (1, True)


def test_the_completed_rules_are_those_of_the_manifest():
    assert sorted(RULES) == sorted(COMPLETED)


def test_no_consent_is_offered_where_another_refusal_takes_none(project, cli: Cli):
    for words in (("apply", "--yes"), ("release", "helper", "--publish", "--vendor"), ("apply", "--yes")):
        assert cli(*words).code == 0
    (project / "releases" / "helper" / "v1.yaml").unlink()
    done = cli("plan", "-o", "json")
    refusals = done.document["refusals"]
    assert "published" in {one["rule"] for one in refusals}
    assert [one["consent"] for one in refusals] == [None] * len(refusals)
