import re

from reconciler.reports.markdown.fitting import Item, Section, fitted, size


def entry(text, details="", word="update"):
    return Item(f"{text}\n{details}" if details else text, text, word)


def shown(*sections, limit):
    return fitted(["top"], sections, ["bottom"], "All of it: there.", limit)


def test_what_fits_is_left_as_it_is():
    assert shown(Section("# A", (entry("one", "details"),)), Section("# B", ()), limit=2000) == (
        "top\n\n# A\n\none\ndetails\n\nbottom\n"
    )


def test_the_largest_details_go_first_and_it_is_said():
    text = shown(Section("# A", (entry("small", "s" * 100), entry("large", "l" * 3000))), limit=2000)
    assert "small\nsss" in text
    assert "large\n" in text
    assert "lll" not in text
    assert (
        "\n\n> Left out, because a comment must be short: the details of 1 of these. All of it: there.\n\nbottom"
        in text
    )


def test_details_of_what_is_worth_least_go_before_smaller_ones_of_more_worth():
    worthy = Section("# A", (entry("a", "x" * 2500),), worth=2)
    text = shown(worthy, Section("# B", (entry("b", "y" * 1500), entry("c", "z" * 1500)), worth=1), limit=5200)
    assert "xxx" in text
    assert "yyy" not in text or "zzz" not in text


def test_lists_are_cut_at_their_ends_and_counted():
    section = Section("# A", tuple(entry(f"entry {n}", word="create" if n % 2 else "update") for n in range(1000)))
    text = shown(section, limit=4000)
    [(more, creates, updates)] = re.findall(r"… and (\d+) more: (\d+) create, (\d+) update\.", text)
    left = int(more)
    assert int(creates) + int(updates) == left
    assert f"entry {999 - left}\n" in text
    assert f"entry {1000 - left}\n" not in text
    assert f"{left} entries of the lists" in text
    assert size(text) <= 4000


def test_what_counts_as_two_characters_at_the_other_end_counts_as_two_here():
    section = Section("# A", tuple(entry("😀" * 10) for _ in range(200)))
    assert size(shown(section, limit=3000)) <= 3000


def test_what_is_vital_keeps_its_details_longer_than_others_keep_their_lists():
    others = Section("# A", tuple(entry(f"entry {number}") for number in range(1000)), worth=4)
    text = shown(others, Section("# B", (entry("b", "y" * 2000),), worth=5), limit=4000)
    assert "yyy" in text
    assert "entry 19\n" in text
    assert size(text) <= 4000
