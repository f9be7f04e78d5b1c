"""Property: after any edit, each comment stands next to what it stood next to, or is removed with it.

Documents have comments in every position: above, behind and between keys and items, behind brackets, at the end of
collections, in block and in flow style. All keys and values are different, so that every entry can be found again.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from reconciler.manifests.editing import UneditableError, edited
from reconciler.manifests.parsing import parse_document
from reconciler.resources.list_items import Items
from reconciler.resources.values import same

FEW = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=20_000)
RANDOM = st.integers(0, 2**63).map(Random)

Kind = Literal["above", "beside", "behind", "below", "end", "free", "closing"]
"""`behind`: between a key and its value; `below`: below an entry, indented deeper than it."""


@dataclass
class Entry:
    """A key or an item, with its value: a scalar if it has no entries."""

    key: str
    """Empty for an item of a list."""
    value: str
    entries: "list[Entry]"
    shape: Literal["scalar", "quoted", "text", "kept", "empty", "mapping", "sequence"]
    flow: bool = False
    own_line: bool = True
    """False in a flow collection on one line."""
    state: Literal["same", "changed", "removed"] = "same"

    @property
    def marker(self) -> str:
        """Text that is on the first line of the entry and nowhere else."""
        if self.key:
            return self.key
        return self.entries[0].marker if self.entries else self.value

    def json(self) -> Any:
        match self.shape:
            case "mapping":
                return {one.key: one.json() for one in self.entries}
            case "sequence":
                return [one.json() for one in self.entries]
            case "empty":
                return None
            case "quoted":
                return f"{self.value} # {self.value}"
            case "kept":
                return f"{self.value} one\n# {self.value} two\n\n"
            case "text":
                return f"{self.value} one\n# {self.value} two\n"
        return self.value


@dataclass
class Comment:
    number: int
    kind: Kind
    owner: Entry
    column: int = 0

    @property
    def text(self) -> str:
        return f"# c{self.number}: about, [it] {{so}}"


@dataclass
class Writer:
    random: Random
    used: int = 0
    comments: list[Comment] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def fresh(self, letter: str) -> str:
        self.used += 1
        return f"{letter}{self.used}z"

    def comment(self, kind: Kind, owner: Entry, column: int = 0) -> str:
        self.comments.append(Comment(len(self.comments), kind, owner, column))
        return self.comments[-1].text

    # Values

    def entry(self, depth: int, *, keyed: bool, flow: bool) -> Entry:
        kinds: list[Any] = ["scalar", "scalar", "scalar", "mapping", "sequence"]
        kinds += [] if flow else ["text", "quoted", "kept"] + ["empty"] * keyed
        shape: Any = self.random.choice(kinds) if depth < 4 else "scalar"
        made = Entry(self.fresh("k") if keyed else "", self.fresh("v"), [], shape)
        if shape in {"mapping", "sequence"}:
            made.flow = flow or self.chance(0.35)
            count = self.random.randint(1, 4)
            made.entries = [self.entry(depth + 1, keyed=shape == "mapping", flow=made.flow) for _ in range(count)]
        return made

    # Text

    def block(self, parent: Entry, column: int, *, head: str = "", indentless: bool = False) -> None:
        """Write the entries of a block collection. `head` is the text before the first one on its line."""
        pad = " " * column
        for number, one in enumerate(parent.entries):
            if number or not head:
                if self.chance(0.1) and self.lines[-1:] != [""]:
                    self.lines.append("")
                if number and self.chance(0.1):
                    self.lines += [pad + self.comment("free", one), ""]
                for _ in range(self.random.choice([0, 0, 1, 1, 2])):
                    self.lines.append(pad + self.comment("above", one))
            self.one(one, column, (head if head and not number else pad) + (f"{one.key}:" if one.key else "-"))
        if self.chance(0.25) and not indentless:
            self.lines.append(pad + self.comment("end", parent, column))

    def one(self, one: Entry, column: int, head: str) -> None:
        inner = column + self.random.choice([2, 2, 4])
        if one.flow:
            self.flow(one, inner, head)
            return
        beside = f"  {self.comment('beside', one)}" if self.chance(0.4) else ""
        match one.shape:
            case "empty":
                self.lines.append(head + beside)
            case "text":
                pad = " " * inner
                self.lines += [f"{head} |{beside}", f"{pad}{one.value} one", f"{pad}# {one.value} two"]
                self.lines += [""] * self.chance(0.2)
            case "kept":
                pad = " " * inner
                self.lines += [f"{head} |+{beside}", f"{pad}{one.value} one", f"{pad}# {one.value} two", ""]
            case "quoted":
                self.lines += [f'{head} "{one.value}', f'{" " * inner}# {one.value}"{beside}']
            case "scalar":
                if one.key and self.chance(0.15):
                    between = [" " * inner + self.comment("behind", one)] if self.chance(0.4) else []
                    self.lines += [head + beside, *between, " " * inner + one.value]
                else:
                    self.lines.append(f"{head} {one.value}{beside}")
                if beside and self.chance(0.15):
                    self.lines.append(" " * (inner + 4) + self.comment("below", one))
            case _ if not one.key and not beside and self.chance(0.8):
                self.block(one, column + 2, head=f"{head} ")
            case _:
                self.lines.append(head + beside)
                indentless = one.shape == "sequence" and bool(one.key) and self.chance(0.4)
                self.block(one, column if indentless else inner, indentless=indentless)

    def flow(self, one: Entry, column: int, head: str) -> None:
        opening, closing = "{}" if one.shape == "mapping" else "[]"
        if self.chance(0.4):
            beside = f"  {self.comment('beside', one)}" if self.chance(0.4) else ""
            self.lines.append(f"{head} {self.inline(one)}{beside}")
            return
        behind = f" {self.comment('beside', one)}" if self.chance(0.3) and one.key else ""
        self.lines.append(f"{head} {opening}{behind}")
        pad = " " * column
        led = len(one.entries) > 1 and self.chance(0.25)
        comma_at_end = self.chance(0.5) and not led
        joins = not led and not behind and self.chance(0.3)
        for number, inner in enumerate(one.entries):
            joined, joins = joins, False
            for _ in range(0 if joined else self.random.choice([0, 0, 1, 2])):
                self.lines.append(pad + self.comment("above", inner))
            comma = "," if comma_at_end or number + 1 < len(one.entries) else ""
            if led:
                comma = ""
            if inner.shape in {"mapping", "sequence"} and self.chance(0.5) and not (led or joined):
                at = len(self.lines)
                self.flow(inner, column + 2, pad + (f"{inner.key}:" if inner.key else ""))
                if not inner.key:
                    self.lines[at] = pad + self.lines[at].lstrip()
                if not re.search(r"#", self.lines[-1]):
                    self.lines[-1] += comma
                else:
                    text, _, said = self.lines[-1].partition("  #")
                    self.lines[-1] = f"{text}{comma}  #{said}"
                continue
            key = f"{inner.key}: " if inner.key else ""
            text = self.inline(inner) if inner.entries else inner.value
            beside = f"  {self.comment('beside', inner)}" if self.chance(0.4) else ""
            before = "" if not led else ", " if number else "  "
            if joined:
                inner.own_line = False
                self.lines[-1] += f" {key}{text}{comma}{beside}"
            else:
                self.lines.append(f"{pad}{before}{key}{text}{comma}{beside}")
            joins = not (led or beside) and self.chance(0.2)
        if self.chance(0.2):
            self.lines.append(pad + self.comment("end", one, column))
        said = f"  {self.comment('closing', one)}" if self.chance(0.3) else ""
        self.lines.append(" " * max(column - 2, 1) + closing + said)

    def inline(self, one: Entry) -> str:
        parts = []
        for inner in one.entries:
            inner.own_line = False
            text = self.inline(inner) if inner.entries else inner.value
            parts.append(f"{inner.key}: {text}" if inner.key else text)
        return ("{%s}" if one.shape == "mapping" else "[%s]") % ", ".join(parts)


def entries_in(entry: Entry) -> Iterator[Entry]:
    for one in entry.entries:
        yield one
        yield from entries_in(one)


@dataclass
class Edit:
    """Random edits of a document, and the value that it has after them."""

    writer: Writer
    grown: set[int] = field(default_factory=set)
    """Flow collections that changed, by id."""

    def wanted(self, entry: Entry) -> Any:
        random = self.writer.random
        match entry.shape:
            case "mapping" | "sequence" if entry.key and random.random() < 0.07:
                entry.state = "changed"
                self.remove(entry)
                return random.choice([self.writer.fresh("n"), [self.writer.fresh("n")], [], None])
            case "mapping" | "sequence":
                return self.collection(entry)
            case _ if entry.key and random.random() < 0.15:
                entry.state = "changed"
                word = self.writer.fresh("n")
                texts: list[Any] = [word, f"{word} line\n{word} more\n", [word], {word: 1}, f"{word} ".rstrip() + ": x"]
                return random.choice(texts)
        return entry.json()

    def remove(self, entry: Entry) -> None:
        for one in entries_in(entry):
            one.state = "removed"

    def collection(self, entry: Entry) -> Any:
        random = self.writer.random
        found: list[tuple[Entry | None, Any, int | None]] = [
            (one, self.wanted(one), index) for index, one in enumerate(entry.entries)
        ]
        if random.random() < 0.3:
            gone = set(random.sample(range(len(found)), random.randint(0, len(found) - (not entry.key))))
            for index in gone:
                entry.entries[index].state = "removed"
                self.remove(entry.entries[index])
            if len(gone) == len(found):
                entry.state = "changed"
            found = [one for index, one in enumerate(found) if index not in gone]
            self.grown.add(id(entry))
        if random.random() < 0.3:
            for _ in range(random.randint(1, 2)):
                word = self.writer.fresh("n")
                at = len(found) if entry.shape == "mapping" else random.randint(0, len(found))
                found.insert(at, (None, random.choice([word, {word: 1}, [word]]), None))
            self.grown.add(id(entry))
        if entry.shape == "sequence" and random.random() < 0.15:
            random.shuffle(found)
            self.grown.add(id(entry))
        if entry.shape == "mapping":
            return {one.key if one else self.writer.fresh("m"): value for one, value, _ in found}
        return Items.of([(value, index) for _, value, index in found])


def document(random: Random) -> tuple[Writer, Entry, str]:
    writer = Writer(random)
    root = Entry("", "", [], "mapping")
    root.entries = [writer.entry(1, keyed=True, flow=False) for _ in range(random.randint(1, 4))]
    newline = random.choice(["\n", "\n", "\r\n"])
    writer.lines += ["---"] * (random.random() < 0.2)
    writer.block(root, 0)
    return (
        writer,
        root,
        newline.join(writer.lines)
        + newline * (random.random() < 0.9 or writer.lines[-1].endswith(" two") or "|+" in " ".join(writer.lines)),
    )


EMPTY = " -[{,|+\r\n"
"""Characters of a line on which an item starts whose value is below."""


def is_said(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def check_comments(random: Random) -> None:
    writer, root, text = document(random)
    read = parse_document(text, "")
    assert not read.problems, (text, read.problems)
    assert same(read.value, root.json())
    edit = Edit(writer)
    wanted = edit.wanted(root)
    try:
        result = edited(text, wanted)
    except UneditableError:  # the file stays as it is; `test_hardly_any_edit_is_refused` says how often
        return
    shown = f"{text}\n--- is edited to\n{result}"
    found = parse_document(result, "")
    assert not found.problems, shown
    assert same(found.value, wanted), shown
    lines = result.splitlines()
    at = {int(number): index for index, line in enumerate(lines) for number in re.findall(r"# c(\d+):", line)}
    for comment in writer.comments:
        check_comment(comment, lines, at, shown)
    check_untouched(text, result, root, edit.grown, shown)


def check_comment(comment: Comment, lines: list[str], at: dict[int, int], shown: str) -> None:
    owner, shown = comment.owner, f"{comment.kind} {comment.text}\n{shown}"
    if comment.kind == "free" or (comment.kind == "end" and owner.state == "changed"):
        return
    assert (comment.number in at) == (owner.state != "removed"), shown
    if owner.state != "removed":
        assert is_in_place(comment, lines, at[comment.number]), shown


def is_in_place(comment: Comment, lines: list[str], line: int) -> bool:
    """Return True if the comment on this line is next to its owner."""
    owner = comment.owner
    rest = [one.split("#")[0] for one in lines[line + 1 :] if not is_said(one)]
    below = next(iter(rest), "")
    match comment.kind:
        case "above":
            first = next((one for one in rest if one.strip(EMPTY)), "")
            return is_said(lines[line]) and is_of(owner, first)
        case "beside":
            return is_of(owner, lines[line].split("# c")[0])
        case "end" if owner.flow:
            return below.strip()[:1] in {"]", "}"}
        case "end":
            return len(below) - len(below.lstrip()) < comment.column or not below or below.startswith(("---", "..."))
        case "behind":
            said = lines[max(line - 1, 0) : line + 1]
            return any(owner.key in one for one in said) or is_said(lines[line - 1])
        case "below":
            return is_said(lines[line]) or is_of(owner, lines[line])
    return owner.state != "same" or lines[line].strip()[:1] in {"]", "}"}


def is_of(owner: Entry, line: str) -> bool:
    """Return True if an entry starts on a line, or in one of its nested lists."""
    if owner.key or not owner.entries:
        return any(word in line for word in (owner.key, owner.value) if word) or not (owner.key or line.strip(EMPTY))
    return not line.strip(EMPTY) or "n" in line or any(one.marker in line for one in entries_in(owner))


def check_untouched(text: str, result: str, root: Entry, grown: set[int], shown: str) -> None:
    """Lines of entries that were neither changed nor removed are the same bytes, but for commas of flow collections,
    items that follow a dash, and texts that keep empty lines, which are quoted when they are moved.
    """
    after = set(result.splitlines(keepends=True))
    parents = {id(one): parent for parent in (root, *entries_in(root)) for one in parent.entries}
    by_word = {word: one for one in entries_in(root) for word in (one.key, one.value) if word}
    for line in [line for line in text.splitlines(keepends=True) if line.strip()][:-1]:
        there = [by_word[word] for word in re.findall(r"\b[kv]\d+z\b", line.split("#")[0]) if word in by_word]
        if there and line not in after and all(one.state == "same" and one.shape != "kept" for one in there):
            around = {id(one): one for one in (*there, *(parents[id(one)] for one in there))}
            for _ in range(3):
                around |= {id(parents[at]): parents[at] for at in around if at in parents}
            assert any(at in grown and (one.flow or not one.key) for at, one in around.items()), (line, shown)


def test_hardly_any_edit_is_refused():
    refused = 0
    for seed in range(400):
        writer, root, text = document(Random(seed))
        try:
            edited(text, Edit(writer).wanted(root))
        except UneditableError:
            refused += 1
    assert refused == 0


@FEW
@given(RANDOM)
def test_comments_stay_with_their_owners(random):
    check_comments(random)


@pytest.mark.long
@MANY
@given(RANDOM)
def test_comments_stay_with_their_owners_at_length(random):
    check_comments(random)
