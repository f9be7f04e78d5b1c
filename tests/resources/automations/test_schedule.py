from datetime import UTC, datetime

import pytest

from reconciler.resources.automations.schedule import check_expression, check_timezone, upcoming

NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "expression",
    [
        "0 3 * * *",
        "*/15 8-18 * * MON-FRI",
        "0 0 29 2 *",
        "0 0 1,15 * 7",
        "0 0 31 2 1",
        "5/10 * * JUL WED",
        " 0\t3 * * * ",
    ],
)
def test_a_valid_expression_has_no_finding(expression):
    assert list(check_expression(expression)) == []


@pytest.mark.parametrize(
    ("expression", "code", "message", "hint"),
    [
        ("0 3 * * * *", "bad-cron", "found 6", "remove the field of seconds"),
        ("0 3 * *", "bad-cron", "found 4", "such as `0 3 * * *`"),
        ("", "bad-cron", "found 0", "such as `0 3 * * *`"),
        ("@daily", "bad-cron", "does not accept `@daily`", "write `0 0 * * *`"),
        ("60 3 * * *", "bad-cron", "`60` is not a valid minute", "0 to 59"),
        ("0 24 * * *", "bad-cron", "`24` is not a valid hour", "0 to 23"),
        ("0 0 0 * *", "bad-cron", "`0` is not a valid day of month", "1 to 31"),
        ("0 0 * 13 *", "bad-cron", "`13` is not a valid month", "JAN to DEC"),
        ("0 0 * * MO", "bad-cron", "`MO` is not a valid day of week", "SUN to SAT"),
        ("0 0 L * *", "bad-cron", "`L` is not a valid day of month", "1 to 31"),
        ("0 0 * * 5#2", "bad-cron", "`5#2` is not a valid day of week", "SUN to SAT"),
        ("0 0 ? * *", "bad-cron", "`?` is not a valid day of month", "1 to 31"),
        ("*/0 * * * *", "bad-cron", "`*/0` is not a valid minute", "0 to 59"),
        ("0 0 31 2 *", "never-fires", "`0 0 31 2 *` never fires", "change the day of month"),
        ("0 0 31 4,6,9,11 *", "never-fires", "never fires", "change the day of month"),
    ],
)
def test_an_invalid_expression_has_a_finding_with_a_hint(expression, code, message, hint):
    (found,) = check_expression(expression)
    assert (found.code, found.path) == (code, ("spec", "expression"))
    assert message in found.message
    assert hint in found.hint


def test_every_wrong_field_has_a_finding():
    assert len(list(check_expression("x 24 * 13 *"))) == 3


@pytest.mark.parametrize("name", ["Europe/London", "UTC", "America/Argentina/Buenos_Aires"])
def test_a_name_of_the_iana_database_is_a_time_zone(name):
    assert list(check_timezone(name)) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Europe/Lodnon", "did you mean `Europe/London`"),
        ("europe/london", "did you mean `Europe/London`?"),
        ("Local time", "such as `Europe/London`"),
        ("London", "did you mean `Europe/London`?"),
        ("America/New York", "did you mean `America/New_York`?"),
        *((name, "write an IANA name") for name in ("PST", "BST", "Z", "GMT+1", "+01:00")),
        ("../../etc/passwd", "such as `Europe/London`"),
    ],
)
def test_another_text_is_not_a_time_zone(name, hint):
    (found,) = check_timezone(name)
    assert (found.code, found.path) == ("unknown-timezone", ("spec", "timezone"))
    assert hint in found.hint


class TestUpcoming:
    def test_three_times_in_the_time_zone_of_the_schedule(self):
        fields = {"expression": "0 3 * * *", "timezone": "Europe/London"}
        assert upcoming(fields, NOW) == (
            "2026-03-28T03:00:00+00:00",
            "2026-03-29T03:00:00+01:00",
            "2026-03-30T03:00:00+01:00",
        )

    def test_a_time_that_the_change_of_the_clock_skips_is_after_it(self):
        found = upcoming({"expression": "30 2 * * *", "timezone": "Europe/Berlin"}, NOW)
        assert found[1] == "2026-03-29T03:00:00+02:00"

    def test_the_only_time_if_it_is_in_the_future(self):
        at = int(NOW.timestamp())
        assert upcoming({"run_at": at + 60}, NOW) == ("2026-03-27T12:01:00+00:00",)
        assert upcoming({"run_at": at}, NOW) == ()

    @pytest.mark.parametrize(
        "fields",
        [{}, {"expression": "nightly", "timezone": "UTC"}, {"expression": "0 3 * * *", "timezone": "Mars/Base"}],
        ids=str,
    )
    def test_none_of_a_schedule_that_is_not_valid(self, fields):
        assert upcoming(fields, NOW) == ()
