"""Replacement of `${var.name}` in text."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from reconciler.resources.name_lists import SUGGESTIONS, shown, suggestion
from reconciler.resources.values import JSON
from reconciler.resources.variables import PREFIX, VARIABLE, as_text

MAX_INSERTED: Final = 64 * 2**20
DEFINED: Final = "define it in project.yaml, under `variables` for all environments, or under those of an environment"
_MISWRITTEN: Final = re.compile(r"(?<!\$)\$(?:\{(?P<braced>[A-Za-z_][\w-]*)\}|var\.(?P<dotted>[A-Za-z_][\w-]*))")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A reference to a variable without a value in the environment."""

    offset: int
    message: str
    hint: str


@dataclass
class Variables:
    """The variables of one environment, for one run."""

    values: Mapping[str, JSON]
    texts: Mapping[str, str] = field(default_factory=dict)
    """Values as written in YAML, such as `1.10`, where they differ from `as_text`."""
    inserted: int = field(default=0, init=False)
    """Number of inserted characters, which is limited so that many uses of long values cannot exhaust the memory."""
    hints: dict[str, str] = field(default_factory=dict, init=False)
    """Hints by unknown name."""

    def substitute(self, text: str) -> tuple[JSON, list[Unknown]]:
        """Replace the variables of `text`. A text that is only one variable becomes its value, with the type of that.
        Unknown variables are not replaced.
        """
        whole = self.whole(text)
        return self.inside(text) if whole is None else (self.values[whole], [])

    def whole(self, text: str) -> str | None:
        """Return the name of the known variable that is the only content of `text`."""
        found = VARIABLE.fullmatch(text) if PREFIX in text else None
        return found["name"] if found and found["name"] in self.values else None

    def inside(self, text: str) -> tuple[str, list[Unknown]]:
        """Replace the variables of `text` by their texts, as they are written in `project.yaml`."""
        if PREFIX not in text:
            return text, []
        unknown: list[Unknown] = []
        return VARIABLE.sub(lambda found: self._replacement(found, unknown), text), unknown

    def miswritten(self, text: str) -> Iterator[tuple[int, str]]:
        """Yield the known variables that `text` writes as `${name}` or `$var.name`, each once, with its offset."""
        if "$" not in text:
            return
        offsets = {found["braced"] or found["dotted"]: found.start() for found in _MISWRITTEN.finditer(text)}
        yield from ((offset, name) for name, offset in offsets.items() if name in self.values)

    def _replacement(self, found: re.Match[str], unknown: list[Unknown]) -> str:
        if found["escaped"]:
            return found["escaped"]
        name = found["name"]
        if name not in self.values:
            message = f"the variable {shown(name)} is not defined"
            unknown.append(Unknown(found.start(), message, self._hint(name)))
            return found[0]
        text = self.texts.get(name) or as_text(self.values[name])
        self.inserted += len(text)
        if self.inserted > MAX_INSERTED:
            unknown.append(Unknown(found.start(), "the replaced variables have more than 64 MiB of text in total", ""))
            return ""
        return text

    def _hint(self, name: str) -> str:
        if name not in self.hints and len(self.hints) < SUGGESTIONS:
            self.hints[name] = (suggestion(name, self.values) if self.values else "") or DEFINED
        return self.hints.get(name, "")
