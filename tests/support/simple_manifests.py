"""YAML in the simple forms of most manifests, and the same with a few characters changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

KEYS = ["a", "b", "name", "type", "x-y", "k.1", "_z", "yes", "A1"]
ODD_KEYS = [*KEYS, "null", "true", "1", '"a"', "<<", "x y", "-x", "größe"]
IN_FLOW = [
    "text", "two words", "12", "0.5", "1e3", "0x1F", "true", "~", "null", "no", "it's", 'say "hi"', "größe", "(x)",
    "+5", "=", "=x", "<<", ".5", "...", "a - b", "x/y", "50%", "me@x", "a & b", "a * b", "_", "a|b", "a>b", "$x", "'q'",
    '"d"', "'a: b'", '"# no"', "''", '""', "a  b", "\u3042", "😀", "a !b", "a&b", "a<<", "x'", "a\\nb", "Null", "x  ",
]  # fmt: skip
SIMPLE = [*IN_FLOW, "a:b", "12:30", "https://x.example/a?b=1", "${var.x}", "a,b", "what?", "a [b] {c}", "a ?b", "x, y"]
WORDS = [
    *SIMPLE, "-3", "007", "2026-01-01", "'it''s'", '"a\\nb"', "a\xa0b", "a\u2028b", "x #no", "- x", "-x", "?x", "? x",
    ":x", "a :b", "a: b", "a:", "&x y", "*x", "!x y", "@x", "`x", "%x", "a\tb", "#x", "a #", "|", "> x", "{", "[x",
    "'x",
]  # fmt: skip
SIMPLE_TEXTS = ["one", "two: 2", "# three", "- four", "  deeper", "   odd", "", "", "{x", "'", "---", "ends  "]
TEXTS = [*SIMPLE_TEXTS, "  ", "\ttab", " "]
DISTURBANCES = [*" \n-:#|'\"{}[],&*?~<>!%@`\\.\t", "\r", "  ", "\n\n", "\n  ", "- ", ": ", " #", "---\n", "...\n", "é"]


@dataclass
class Writer:
    """Writes documents of simple lines."""

    random: Random
    odd: float = 0
    """Share of the parts that are not simple."""

    def one(self, simple: Sequence[str], odd: Sequence[str]) -> str:
        return self.random.choice(odd if self.chance(self.odd) else simple)

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def document(self) -> str:
        head = self.one(["", "---\n", "# head\n", "\n"], ["--- # head\n", " ", "%YAML 1.2\n---\n"])
        lines = self.mapping(0, 0)
        return head + "\n".join(lines) + self.one(["\n", "\n\n", "\n# end\n"], ["", "\n  \n", "\n...\n"])

    def disturbed(self) -> str:
        """Return a document with up to three changes of a character or two."""
        text = self.document()
        for _ in range(self.random.randint(0, 3)):
            at, length = self.random.randint(0, len(text)), self.random.choice([0, 0, 1, 1, 2])
            text = text[:at] + self.random.choice(["", *DISTURBANCES]) + text[at + length :]
        return text

    def mapping(self, column: int, depth: int) -> list[str]:
        keys = self.random.sample(ODD_KEYS if self.chance(self.odd) else KEYS, self.random.randint(1, 4))
        keys += keys[:1] if self.chance(self.odd / 4) else []
        return [line for key in keys for line in self.field(column, key, depth)]

    def field(self, column: int, key: str, depth: int) -> list[str]:
        head = f"{' ' * column}{key}:"
        above = [" " * self.random.choice([0, column, 7]) + "# note"] if self.chance(0.05) else []
        if depth < 4 and self.chance(0.25):
            return [*above, head, *self.mapping(column + self.random.choice([1, 2, 2, 4]), depth + 1)]
        if depth < 4 and self.chance(0.3):
            return [
                *above,
                head + self.one([""], [" # note", " "]),
                *self.items(column + self.random.choice([0, 2, 3]), depth + 1),
            ]
        if self.chance(0.2):
            inner = " " * (column + self.random.choice([1, 2, 2, 2, 4]))
            texts = [self.one(SIMPLE_TEXTS, TEXTS) for _ in range(self.random.randint(1, 5))]
            blank = self.one([""], ["", inner, inner + " ", " "])
            lines = [inner + text if text.strip() else blank + text for text in texts]
            return [*above, f"{head} {self.one(['|', '|-'], ['|+', '>', '|2', '| # note'])}", *lines]
        return [*above, head + self.one([" ", " ", "  "], ["", " &x ", " !x "]) + self.value()]

    def items(self, column: int, depth: int) -> list[str]:
        lines: list[str] = []
        for _ in range(self.random.randint(1, 3)):
            dash = " " * column + "-"
            if self.chance(0.5):
                first, *rest = self.mapping(column + 2, depth + 1)
                lines += [f"{dash} {first.lstrip()}", *rest]
            else:
                lines.append(f"{dash} {self.value()}")
        return lines

    def value(self) -> str:
        kind = self.random.choice(["word", "word", "word", "list", "mapping", "empty"])
        words = [self.one(IN_FLOW, WORDS) for _ in range(self.random.randint(0, 3))]
        if kind == "list":
            return f"[{', '.join(words)}]"
        if kind == "mapping":
            keys = self.random.sample(KEYS, len(words))
            return "{" + ", ".join(f"{key}: {word}" for key, word in zip(keys, words, strict=True)) + "}"
        return self.one([""], ["[{a: 1}, [b]]"]) if kind == "empty" else self.one(SIMPLE, WORDS)
