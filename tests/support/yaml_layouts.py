"""YAML documents in random layout: comments, anchors, block and flow style, all styles of scalars."""

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from reconciler.manifests.parsing import parse_document

KEYS = ["a", "b", "key", "two words", "y", "7", "-", "größe", "a:b", "#", "", "quo'te", 'dou"ble']
TEXTS = [
    *KEYS, "x", "plain text", "yes", "null", "1.0", "- item", "a: b", "a #b", " lead", "trail ", "it's", 'say "hi"',
    "back\\slash", "one\ntwo", "one\ntwo\n", "one\n\ntwo\n", "one\n\n", "  indented\nless\n", "\nempty first\n", "\n",
    "\n\n", "tab\there", "\t", "${var.x}", "{braces}", "[x, y]", "é\u2028x", "\x07bell", "cr\r\nlf", "😀", "---",
    "...", "a long text of many words " * 6, "first paragraph of words\nsecond paragraph of words\n\nthird", "%", "@at",
    "`tick", "&a", "*a", "!tag", "| pipe", "> fold",
]  # fmt: skip
SCALARS: list[Any] = [None, True, False, 0, -7, 3.5, 1e-7, 12345678901, *TEXTS]


@dataclass
class Writer:
    """Writes a random value in random layout."""

    random: Random
    newline: str
    gaps: bool = False
    """True for any number of blanks around colons."""
    comments: int = 0
    anchors: list[str] = field(default_factory=list)

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def document(self) -> str:
        lines = [self.comment()] if self.chance(0.3) else []
        lines += ["---"] if self.chance(0.2) else []
        lines += self.block_mapping(0, 0)
        lines += [self.comment()] if self.chance(0.3) else []
        return self.newline.join(lines) + (self.newline if self.chance(0.8) else "")

    def comment(self) -> str:
        self.comments += 1
        return f"# comment {self.comments} - here: it {{is}}"

    def gap(self) -> str:
        """Return the blanks between a colon or a dash and a value."""
        return self.random.choice([" ", " ", "  ", "     "]) if self.gaps else " "

    def around(self, indent: str) -> list[str]:
        """Blank lines and comments between entries."""
        found = []
        if self.chance(0.15):
            found.append("")
        if self.chance(0.15):
            found.append(indent + self.comment())
        return found

    def block_mapping(self, column: int, depth: int) -> list[str]:
        lines: list[str] = []
        keys = self.random.sample(KEYS, self.random.randint(1, 4))
        for number, key in enumerate(keys):
            indent = " " * column
            lines += self.around(indent) if number else []
            lines += self.value(indent + self.key(key) + ":", column, depth, dashed=False)
        return lines

    def block_sequence(self, column: int, depth: int) -> list[str]:
        lines: list[str] = []
        for number in range(self.random.randint(1, 4)):
            indent = " " * column
            lines += self.around(indent) if number else []
            lines += self.value(f"{indent}-", column, depth, dashed=True)
        return lines

    def key(self, key: str) -> str:
        if self.chance(0.6) and parse_document(f"{key}: 1", "").value == {key: 1} and key != "":
            return key
        return json.dumps(key, ensure_ascii=False) if self.chance(0.7) or "'" in key else f"'{key}'"

    def value(self, head: str, column: int, depth: int, dashed: bool) -> list[str]:
        comment = f"  {self.comment()}" if self.chance(0.2) else ""
        anchor = ""
        if self.chance(0.12):
            self.anchors.append(f"a{len(self.anchors)}")
            anchor = f" &{self.anchors[-1]}"
        elif self.anchors and self.chance(0.12):
            return [f"{head} *{self.random.choice(self.anchors[:-1] or self.anchors)}{comment}"]
        kind = self.random.choice(["scalar", "scalar", "block", "flow", "mapping", "sequence", "empty"])
        if depth > 3 and kind in {"mapping", "sequence"}:
            kind = "scalar"
        inner = column + self.random.choice([2, 2, 4])
        if kind == "mapping":
            lines = self.block_mapping(inner, depth + 1)
            if dashed and not anchor and not comment and self.chance(0.8) and not lines[0].lstrip().startswith("#"):
                return [head + " " * (inner - len(head)) + lines[0].lstrip(), *lines[1:]]
            return [head + anchor + comment, *lines]
        if kind == "sequence":
            return [
                head + anchor + comment,
                *self.block_sequence(inner if dashed or self.chance(0.6) else column, depth + 1),
            ]
        if kind == "block":
            return self.block_scalar(head + anchor, inner, comment)
        if kind == "empty":
            return [head + comment]
        if kind == "flow":
            first, *rest = self.flow(depth)
            lines = [f"{head}{anchor or self.gap()[1:]} {first}", *(" " * (inner + 1) + line for line in rest)]
        else:
            lines = [f"{head}{anchor or self.gap()[1:]} {self.scalar(self.random.choice(SCALARS), flow=False)}"]
        return [*lines[:-1], lines[-1] + comment]

    def block_scalar(self, head: str, inner: int, comment: str) -> list[str]:
        text = self.random.choice(
            ["one\ntwo", "words and words\nmore", "x", "a\n\nb", "# no comment", "a\n  deeper\nb"]
        )
        header = self.random.choice("|>") + self.random.choice(["", "-", "+"])
        lines = [f"{' ' * inner}{line}" if line else "" for line in text.split("\n")]
        return [f"{head}{self.gap()}{header}{comment}", *lines, *[""] * self.random.choice([0, 0, 0, 1, 2])]

    def scalar(self, value: Any, flow: bool) -> str:
        if not isinstance(value, str):
            return json.dumps(value)
        wrapped = f"[{value}]" if flow else f"- {value}"
        document = parse_document(wrapped, "") if value.isprintable() else None
        if (
            document
            and not document.problems
            and document.value == [value]
            and value[:1] not in {"&", "*"}
            and self.chance(0.6)
        ):
            return value
        if self.chance(0.4) and value.isprintable():
            return "'" + value.replace("'", "''") + "'"
        return "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in value).join('""')

    def flow(self, depth: int) -> list[str]:
        """A flow collection, on one line or with an entry on each."""
        opening, closing = self.random.choice([("{", "}"), ("[", "]")])
        entries = [self.flow_entry(opening, key, depth) for key in self.random.sample(KEYS, self.random.randint(0, 3))]
        if entries and self.chance(0.3):
            comma = "," if self.chance(0.5) else ""
            return [opening, *(f"{entry}," for entry in entries[:-1]), entries[-1] + comma, closing]
        return [opening + (", ").join(entries) + closing]

    def flow_entry(self, opening: str, key: str, depth: int) -> str:
        value = (
            " ".join(self.flow(depth + 1))
            if depth < 3 and self.chance(0.2)
            else self.scalar(self.random.choice(SCALARS), flow=True)
        )
        if opening == "[":
            return value
        name = json.dumps(key, ensure_ascii=False)
        return name if self.chance(0.1) else f"{name}:{self.gap()}{value}"


def document(random: Random) -> str:
    return Writer(random, random.choice(["\n", "\n", "\r\n"])).document()
