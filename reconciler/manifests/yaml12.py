"""Events of YAML texts by the rules of YAML 1.2.2, from the Python parser of ruamel.yaml.

The parser is about twenty times slower than libyaml. Its scanner is corrected where it differs from the specification.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark
from ruamel.yaml.parser import Parser
from ruamel.yaml.scanner import Scanner, ScannerError
from ruamel.yaml.tokens import BlockEndToken, BlockEntryToken, KeyToken, ScalarToken, TagToken, ValueToken

_ENDS: Final = frozenset(" \t\r\n\0")
"""White space, and the character that the reader adds at the end of the text."""
_FLOW: Final = frozenset(",[]{}")
_INDICATORS: Final = frozenset("-?:,[]{}#&*!|>'\"%@`")
_IN_BLOCK: Final = re.compile(r"(?:[^ \t\r\n\0:]|:(?![ \t\r\n\0]))+")
_IN_FLOW: Final = re.compile(r"(?:[^ \t\r\n\0:,\[\]{}]|:(?![ \t\r\n\0,\[\]{}]))+")
"""Characters of a plain scalar without white space (section 7.3.3)."""
_SPACES: Final = re.compile(r"[ \t]*")
_EMPTY_LINE: Final = re.compile(r"[ \t]*(?:#[^\r\n\0]*)?(?=[\r\n])")
_BLANK: Final = re.compile(r"[ \t]*(?=[\r\n])")
_INDICATED: Final = re.compile(r"(?:([-+])([1-9])?|([1-9])([-+])?)?(?=[ \t\r\n\0])")
"""The indicators of a block scalar, after `|` or `>`."""
_MARKER: Final = re.compile(r"(?:---|\.\.\.)(?=[ \t\r\n\0])")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_AFTER_MISSING_IN_BLOCK: Final = (BlockEndToken, BlockEntryToken, KeyToken, ValueToken)
_BEFORE_MISSING_IN_BLOCK: Final = (BlockEntryToken, KeyToken, ValueToken)
_LONGEST_KEY: Final = 1024


def parsed(text: str) -> Iterator[Any]:
    """Yield the events of a text (`ruamel.yaml.events`); raises `ruamel.yaml.error.MarkedYAMLError`."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner, yaml.Parser = _Scanner, _Parser
    try:
        yield from yaml.parse(text)
    except (AssertionError, ValueError, OverflowError) as error:  # versions other than 1.1 and 1.2, and "\\UFFFFFFFF"
        raise MarkedYAMLError(problem=str(error), problem_mark=StringMark("", 0, 0, 0, "", 0)) from error


class _Parser(Parser):
    """The parser of ruamel.yaml with the positions of libyaml for missing values, and for tags before anchors."""

    def parse_node(self, block: bool = False, indentless_sequence: bool = False) -> Any:
        first = self.scanner.peek_token()
        event = super().parse_node(block, indentless_sequence)
        if isinstance(first, TagToken):
            event.start_mark = first.start_mark
        return event

    def process_empty_scalar(self, _mark: Any, comment: Any = None) -> Any:
        scanner: _Scanner = self.scanner
        following, taken = scanner.peek_token(), scanner.taken
        in_block = isinstance(following, _AFTER_MISSING_IN_BLOCK) and isinstance(taken, _BEFORE_MISSING_IN_BLOCK)
        scanner.taken = None
        return super().process_empty_scalar(taken.end_mark if in_block else following.start_mark, comment)


class _Scanner(Scanner):
    """The scanner of ruamel.yaml without its differences to YAML 1.2.2 in flow collections, tabs and block scalars."""

    _after_json: int = -1
    """Number of the token after a quoted scalar or a flow collection: such keys need no space after the colon."""

    taken: Any = None
    """The last token that the parser has taken, unless a missing value follows it."""

    def get_token(self) -> Any:
        self.taken = super().get_token()
        return self.taken

    # Indicators

    def _is_safe(self, char: str) -> bool:
        """Return True if a character can follow `-`, `?` or `:` in a plain scalar."""
        return char not in _ENDS and not (self.flow_level and char in _FLOW)

    def check_key(self) -> bool:
        return self.reader.peek(1) in _ENDS

    def check_value(self) -> bool:
        if not self.flow_level:
            return self.reader.peek(1) in _ENDS
        return not self._is_safe(self.reader.peek(1)) or self._after_json == self.tokens_taken + len(self.tokens)

    def check_plain(self) -> bool:
        char = self.reader.peek()
        if char == "-":
            return self.reader.peek(1) not in _ENDS
        if char in "?:":
            return self._is_safe(self.reader.peek(1))
        return char not in _ENDS and char not in _INDICATORS

    def fetch_flow_scalar(self, style: Any) -> None:
        super().fetch_flow_scalar(style)
        self._after_json = self.tokens_taken + len(self.tokens)

    def fetch_flow_collection_end(self, TokenClass: Any) -> None:  # noqa: N803 - the name is that of the base class
        super().fetch_flow_collection_end(TokenClass)
        self._after_json = self.tokens_taken + len(self.tokens)

    def stale_possible_simple_keys(self) -> None:
        """Remove the keys that ended without a colon. In flow mappings, keys may have several lines (section 7.4.2)."""
        for level, key in list(self.possible_simple_keys.items()):
            in_mapping = level > 0 and self.flow_context[level - 1] == "{"
            ended = key.line != self.reader.line and not in_mapping
            if ended or self.reader.index - key.index > _LONGEST_KEY:
                if key.required:
                    context = "while scanning a simple key"
                    raise ScannerError(context, key.mark, "could not find expected ':'", self.reader.get_mark())
                del self.possible_simple_keys[level]

    # White space

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        found = pattern.match(self.reader.buffer, self.reader.pointer)
        if found:
            self.reader.forward(len(found[0]))
        return found is not None

    def scan_to_next_token(self) -> None:
        """Skip white space, comments and empty lines. Tabs are not allowed where they would be indentation."""
        while True:
            if not self._skip(_EMPTY_LINE):
                tabs = self.flow_level or not self.allow_simple_key
                while self.reader.peek() in (" \t" if tabs else " "):
                    self.reader.forward()
                if self.reader.peek() == "#":
                    while self.reader.peek() not in "\r\n\0":
                        self.reader.forward()
            if not self.scan_line_break():
                return
            if not self.flow_level:
                self.allow_simple_key = True

    # Scalars

    def scan_plain(self) -> ScalarToken:
        reader, indent = self.reader, self.indent + 1
        word = _IN_FLOW if self.flow_level else _IN_BLOCK
        chunks: list[str] = []
        start = end = reader.get_mark()
        space = ""
        while found := word.match(reader.buffer, reader.pointer):
            self.allow_simple_key = False
            chunks += [space, found[0]]
            reader.forward(len(found[0]))
            end = reader.get_mark()
            space = self._plain_space(indent)
            ended = not self.flow_level and reader.column < indent
            if not space or ended or reader.peek() == "#":
                break
        return ScalarToken("".join(chunks), True, start, end)

    def _plain_space(self, indent: int) -> str:
        """Return the white space after a word of a plain scalar, with folded line breaks; empty if the scalar ends."""
        reader = self.reader
        spaces = _SPACES.match(reader.buffer, reader.pointer)
        text = spaces[0] if spaces else ""
        reader.forward(len(text))
        breaks = 0
        while self.scan_line_break():
            breaks += 1
            self.allow_simple_key = True
            if _MARKER.match(reader.buffer, reader.pointer):
                return ""
            if self._skip(_BLANK):
                continue
            while reader.peek() == " " or (reader.peek() == "\t" and (self.flow_level or reader.column >= indent)):
                reader.forward()
        return "\n" * (breaks - 1) or " " if breaks else text

    def scan_flow_scalar(self, style: Any) -> ScalarToken:
        token: ScalarToken = super().scan_flow_scalar(style)
        if _SURROGATE.search(token.value):
            context = "while scanning a double-quoted scalar"
            raise ScannerError(context, token.start_mark, "found half of a surrogate pair", token.start_mark)
        return token

    def scan_block_scalar_indicators(self, start_mark: Any) -> tuple[bool | None, int | None]:
        """Return True for `+` and False for `-`, and the indentation. A tab may follow them."""
        found = _INDICATED.match(self.reader.buffer, self.reader.pointer)
        if not found:
            raised: tuple[bool | None, int | None] = super().scan_block_scalar_indicators(start_mark)
            return raised
        self.reader.forward(len(found[0]))
        chomping, increment = found[1] or found[4], found[2] or found[3]
        return chomping == "+" if chomping else None, int(increment) if increment else None

    def scan_block_scalar_ignored_line(self, start_mark: Any) -> Any:
        self._skip(_EMPTY_LINE)  # also after tabs
        return super().scan_block_scalar_ignored_line(start_mark)

    def scan_block_scalar_indentation(self) -> tuple[list[str], int, Any]:
        """Skip the empty lines at the start of a block scalar; return their line breaks, the column of the first line
        of text, and the end of the empty lines.
        """
        reader = self.reader
        breaks: list[str] = []
        deepest, end = 0, reader.get_mark()
        while True:
            while reader.peek() == " ":
                reader.forward()
            if reader.peek() not in "\r\n":
                break
            deepest = max(deepest, reader.column)
            breaks.append(self.scan_line_break())
            end = reader.get_mark()
        problem = ""
        if reader.peek() == "\t" and reader.column <= self.indent:
            problem = "found a tab character where an indentation space is expected"
        elif deepest > reader.column > self.indent and reader.peek() != "\0":
            problem = "found an empty line with more spaces than the first line of the text"
        if problem:
            raise ScannerError("while scanning a block scalar", end, problem, reader.get_mark())
        return breaks, max(deepest, reader.column), end
