"""A writer of generated YAML in random layout, with the value that it writes."""

from dataclasses import dataclass
from random import Random
from typing import Any

WORDS = [
    "x", "two words", "12:30", "12:30:45", "a?b", "Where is my bill?", "https://x.example/a?b=1", "-x", ":x", "::",
    "a:b:c", "x#y", "it's", 'say "hi"', "a&b*c", "50%", "me@x.example", "a|b>c", "größe", "é\u2028z", "\x85", "--",
    "what?!", "=", "<<x", "a!b", "~x", "x:?", "?", "-", ": ", "# no", "", " ", "a, b", "[x]", "{y}", "a: b", "?x", "a:",
]  # fmt: skip
IN_BLOCK = {
    word for word in WORDS if word.strip() and not word.startswith(("#", "[", "{", ": ")) and word not in {"?", "-"}
} - {"a: b", "a:", "::"}
IN_FLOW = {word for word in IN_BLOCK if not set(word) & set(",[]{}")} - {"?x"}
"""Words that need no quotes. The parser of ruamel.yaml misreads `[?x]`."""
ANCHORS = ["a", "an:chor", "ä", "a.b", "x/y?", "1%"]


@dataclass
class Writer:
    """Writes a document in random layout, and its value."""

    random: Random
    newline: str
    anchors: int = 0

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def document(self) -> tuple[str, Any]:
        lines, value = self.block({}, "", 0)
        head = self.random.choice([[], ["# head"], ["---"], ["%YAML 1.2", "---"], ["%YAML 1.2 # new", "# more", "---"]])
        return self.newline.join([*head, *lines, ""]), value

    def block(self, anchored: dict[str, Any], indent: str, depth: int) -> tuple[list[str], Any]:
        """Return the lines and the value of a mapping or of a list."""
        if depth and self.chance(0.3):
            found = [self.entry(anchored, f"{indent}-", indent, depth) for _ in range(self.random.randint(1, 3))]
            return [line for lines, _ in found for line in lines], [value for _, value in found]
        lines, value = [], {}
        for key in self.random.sample(sorted(IN_BLOCK), self.random.randint(1, 3)):
            shown = self.scalar(key, IN_BLOCK, in_key=True)
            lead = f"{indent}? {shown}{self.newline}{indent}:" if self.chance(0.1) else f"{indent}{shown}:"
            made, value[key] = self.entry(anchored, lead, indent, depth)
            lines += ([f"{indent}# about {key}"] if self.chance(0.1) and key.isascii() else []) + made
        return lines, value

    def entry(self, anchored: dict[str, Any], lead: str, indent: str, depth: int) -> tuple[list[str], Any]:
        """Return the lines and the value after a key or a dash."""
        note = " # note" if self.chance(0.1) else ""
        if anchored and self.chance(0.1):
            name = self.random.choice(sorted(anchored))
            return [f"{lead} *{name}{note}"], anchored[name]
        if depth < 3 and self.chance(0.3):
            lines, value = self.block(anchored, indent + "  ", depth + 1)
            return [lead + note, *lines], value
        if self.chance(0.2):
            words = self.random.sample(["one", "two: 2", "three?", "# 4"], 2)
            blank = [indent + " " * self.random.randint(0, 2)] if self.chance(0.3) else []
            return [f"{lead} |{note}", *blank, *(f"{indent}  {word}" for word in words)], "\n" * len(blank) + "".join(
                f"{word}\n" for word in words
            )
        text, value = self.flow(depth) if self.chance(0.5) else self.leaf(IN_BLOCK)
        if self.chance(0.2):
            self.anchors += 1
            name = f"{self.random.choice(ANCHORS)}{self.anchors}"
            anchored[name] = value
            text = f"&{name} {text}"
        return [f"{lead} {text}{note}"], value

    def leaf(self, unquoted: set[str]) -> tuple[str, Any]:
        if self.chance(0.2):
            return self.random.choice([("null", None), ("true", True), ("-7", -7), ("0.5", 0.5)])
        word = self.random.choice(WORDS)
        return self.scalar(word, unquoted), word

    def scalar(self, word: str, unquoted: set[str], in_key: bool = False) -> str:
        if word in unquoted and (in_key or self.chance(0.8)):
            return word
        if word.isprintable() and self.chance(0.5):
            return "'" + word.replace("'", "''") + "'"
        return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def flow(self, depth: int) -> tuple[str, Any]:
        """Return the text and the value of a flow collection, of one line or several."""
        space = self.random.choice(["", " ", "", self.newline + "            "])
        mapping = self.chance(0.5)
        words = self.random.sample(WORDS, self.random.randint(0, 3))
        inner = [self.flow(depth + 1) if depth < 3 and self.chance(0.3) else self.leaf(IN_FLOW) for _ in words]
        if not mapping:
            return "[" + space + f",{space or ' '}".join(text for text, _ in inner) + space + "]", [v for _, v in inner]
        pairs = []
        for word, (text, _) in zip(words, inner, strict=True):
            shown = self.scalar(word, IN_FLOW)
            colon = ":" if shown[0] in "'\"" and self.chance(0.3) else ": "
            pairs.append(f"{shown}{colon}{text}")
        value = {word: v for word, (_, v) in zip(words, inner, strict=True)}
        return "{" + space + f",{space or ' '}".join(pairs) + space + "}", value
