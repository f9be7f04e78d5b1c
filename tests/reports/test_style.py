import pytest
from hypothesis import given, strategies as st

from reconciler.reports.style import Style, cells, clip, fold, plain, wrap
from reconciler.reports.views.values import brief, bytes_text, whole
from reconciler.resources.values import reference


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("größer 日本 🙂", "größer 日本 🙂"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\tc\r\x7f", "a\\nb\\tc\\r\\x7f"),
        ("\x9b2J", "\\x9b2J"),
        ("\u202egpj.exe\u2066", "\\u202egpj.exe\\u2066"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("no\u3164shape", "no\\u3164shape"),
    ],
)
def test_what_a_terminal_would_act_on_or_hide_is_escaped(text, escaped):
    assert plain(text) == escaped


@given(st.text())
def test_escaped_text_is_printable_and_stays_as_it_is(text):
    assert plain(text).isprintable()
    assert plain(plain(text)) == plain(text)


def test_wide_characters_take_two_columns_and_combining_ones_none():
    assert cells("日本") == 4
    assert cells("e\u0301") == 1
    assert clip("日本語", 5) == "日本…"


@given(st.text(alphabet="ab 日\u0301", max_size=60), st.integers(2, 20))
def test_folding_keeps_to_the_room_and_loses_nothing_but_spaces(text, room):
    pieces = list(fold(text, room))
    assert all(cells(piece) <= room for piece in pieces)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")


def test_prose_is_wrapped_with_words_left_whole():
    assert wrap("see kind/a-long-name in it", 12, lead="! ", hang="  ") == ["! see", "  kind/a-long-name", "  in it"]


def test_without_colour_nothing_is_painted():
    assert Style(color=False).paint("text", "red") == "text"
    assert Style(color=True).paint("text", "red", "bold") == "\x1b[31;1mtext\x1b[0m"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1", '"1"'),
        (1, "1"),
        (None, "null"),
        (True, "true"),
        ('say "\x1b"', '"say \\"\\x1b\\""'),
        (r"C:\x1b", r'"C:\\x1b"'),
        (reference("vectorstore/handbook"), "vectorstore/handbook"),
        ({"mode": "auto", "ids": [reference("file/a.pdf"), 2]}, '{mode: "auto", ids: [file/a.pdf, 2]}'),
    ],
)
def test_values_on_one_line(value, text):
    assert whole(value) == text


def test_what_is_too_long_is_told_by_its_size():
    assert brief({"file_search": {"max": 20, "stores": ["a"] * 9}, "function:ticket": {}}, 40) == (
        "file_search, function:ticket"
    )
    assert brief({str(number): number for number in range(20)}, 40) == "20 keys"
    assert brief(["x" * 50], 40) == "1 item"
    assert brief("one\ntwo\n", 40) == "2 lines"
    assert brief("x" * 50, 10) == '"xxxxxxxx…'


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_234_567, "1.2 MB"), (52_000_000, "52 MB"), (999_999, "1.0 MB")],
)
def test_sizes_of_files(number, text):
    assert bytes_text(number) == text
