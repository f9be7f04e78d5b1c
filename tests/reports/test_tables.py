from textwrap import dedent

import pytest

from reconciler.reports.style import Style, cells, clip_inside
from reconciler.reports.text.tables import state_list_text, table
from reconciler.resources.address import Address
from reconciler.resources.base import Applied
from tests.support.plans import PLAIN


def test_columns_are_as_wide_as_they_must_be():
    assert table([("日本", "1"), ("a\nb", "22")], ("NAME", "N"), style=PLAIN) == "NAME  N\n日本  1\na\\nb  22\n"


OBJECT = ("agent", "agent_68f0c1d2e3f4a5b6c7d8e9f0a1b2c3d4", "ours as assistant/triage", "1.2 kB", "bot " * 10)
HEADERS = ("TYPE", "ID", "OWNER", "SIZE", "NAME")


def shown(width: int) -> list[str]:
    text = table([OBJECT], HEADERS, style=Style(width=width), expendable=("SIZE", "TYPE", "OWNER"))
    return text.splitlines()


def test_the_widest_columns_give_way_first_and_ids_last():
    assert shown(200)[1] == "  ".join(OBJECT).rstrip()
    assert shown(105)[1] == (
        "agent  agent_68f0c1d2e3f4a5b6c7d8e9f0a1b2c3d4  ours as assistant/triage  1.2 kB  bot bot bot bot bot bot…"
    )


def test_what_a_narrow_line_cannot_hold_is_left_out():
    head, row, _, note = shown(80)
    assert head.split() == ["ID", "OWNER", "NAME"]
    assert row == "agent_68f0c1d2e3f4a5b6c7d8e9f0a1b2c3d4  ours as a…t/triage  bot bot bot bot bot…"
    assert note == "Hidden at 80 columns: TYPE, SIZE; use -o json or a wider terminal."


def test_addresses_are_cut_in_the_middle_and_ids_not_at_all():
    rows = [
        (f"file/kb/tariffs/household-customers.md@{number * 12}", "in sync", f"file-{number * 32}") for number in "12"
    ]
    style = Style(width=80)
    text = table(
        rows, ("ADDRESS", "STATUS", "ID"), style=style, expendable=("ID",), least={"ADDRESS": 40, "STATUS": 30}
    )
    assert text == (
        "ADDRESS                                              STATUS\n"
        "file/kb/tariffs/household-customers.md@111111111111  in sync\n"
        "file/kb/tariffs/household-customers.md@222222222222  in sync\n"
        "\nHidden at 80 columns: ID; use -o json or a wider terminal.\n"
    )
    narrow = table(rows, ("ADDRESS", "STATUS", "ID"), style=style).splitlines()
    assert narrow[1] == f"file/kb/tariffs/…md@111111111111  in sync  file-{'1' * 32}"


def test_columns_that_do_not_fit_move_below_their_row_and_nothing_is_cut():
    owner = "ours as assistant/night-outage-reporter-of-the-northern-network"
    rows = [("agent", "agent_1", owner, "-", "bot"), ("file", "file-1", "unmanaged", "4 B", "rates of the year " * 5)]
    text = table(rows, HEADERS, style=Style(width=80), below=("NAME", "OWNER", "SIZE"))
    assert text == dedent("""\
        TYPE   ID       SIZE
        agent  agent_1  -
          name: bot;
          owner: ours as assistant/night-outage-reporter-of-the-northern-network
        file   file-1   4 B
          name: rates of the year rates of the year rates of the year rates of the year
          rates of the year ; owner: unmanaged
        """)
    wide = table(rows, HEADERS, style=Style(width=200), below=("NAME", "OWNER", "SIZE"))
    assert len(wide.splitlines()) == 3


def test_folded_columns_are_wrapped_and_not_cut():
    rows = [("chatbot/support", "to update; release/support@12 is published")]
    text = table(rows, ("ADDRESS", "STATUS"), style=Style(width=40), folded=("STATUS",))
    assert [line.split("  ")[-1].strip() for line in text.splitlines()] == [
        "STATUS",
        "to update;",
        "release/support@12 is",
        "published",
    ]


@pytest.mark.parametrize(
    ("text", "room", "cut"),
    [
        ("abcdefgh", 8, "abcdefgh"),
        ("abcdefgh", 5, "ab…gh"),
        ("abcdefgh", 4, "ab…h"),
        ("日本語日本語", 7, "日本…語"),
        ("ab", 1, "…"),
    ],
)
def test_text_is_cut_in_the_middle(text, room, cut):
    assert clip_inside(text, room) == cut


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 120])
def test_every_row_fits(width):
    assert max(map(cells, shown(width))) <= width


def test_the_state_by_address():
    entries = {
        Address("vectorstore", "handbook"): Applied("vs_1", "vector_store", {}),
        Address("assistant", "triage"): Applied("agent_1", "agent", {}, protected=True),
    }
    assert state_list_text(entries, style=PLAIN) == dedent("""\
        ADDRESS               TYPE          ID
        assistant/triage      agent         agent_1  protected
        vectorstore/handbook  vector_store  vs_1
        """)
    assert state_list_text({}, style=PLAIN) == "The state is empty: nothing was applied yet.\n"
