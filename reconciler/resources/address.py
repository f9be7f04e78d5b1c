"""Addresses of objects, and the identity that owns them."""

import re
import sys
import unicodedata
from dataclasses import dataclass
from functools import lru_cache, total_ordering
from typing import Final, NamedTuple, Self

NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
NAME_LENGTH: Final = 63
NAME_PATTERN: Final = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
"""Pattern of a name with its length limit, for JSON Schema."""
IDENTITY_PATTERN: Final = f"^{NAME_PATTERN}(/{NAME_PATTERN})?$"
"""`project` or `project/environment`, for JSON Schema."""
VERSION_PATTERN: Final = f"{NAME_PATTERN}@[1-9][0-9]{{0,8}}"
"""The name of a release, for JSON Schema."""
NAME_RULE: Final = "lower-case letters, digits and `-`, at most 63, starting and ending with a letter or digit"
RELEASE: Final = "release"
FILE: Final = "file"
PROJECT: Final = "project"
OUTLET: Final = "outlet"
ENVIRONMENT: Final = "environment"
"""Kinds in the addresses of changes of the project itself, of an outlet, and of an environment."""
_KEPT: Final = re.compile(r"@[0-9a-f]{12}$")
_VERSION: Final = re.compile(r"(?P<chatbot>[a-z0-9][-a-z0-9]*)[@.](?P<number>[1-9][0-9]{0,8})")


def composed(path: str) -> str:
    """Return a path in the Unicode normalization form C (NFC). File systems have names in different forms."""
    return path if path.isascii() else unicodedata.normalize("NFC", path)


def is_name(text: str) -> bool:
    """Return True if `text` is a valid name of a project, an environment or an object."""
    return len(text) <= NAME_LENGTH and NAME.fullmatch(text) is not None


class Address(NamedTuple):
    """`kind/name`: `assistant/triage`, `vectorstore/handbook`, `file/kb/hours.pdf`, `assistant/triage@support.3`.

    A tuple, because a plan looks up, compares and sorts the addresses of all objects many times.
    """

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @staticmethod
    def parse(text: str) -> "Address":
        """Return the address in `text`; raises ValueError if it is not valid. Names are in the normalization form C.

        The addresses of a project are kept: an apply reads the text of each about fifty times, and addresses that are
        the same object are equal without a comparison of their parts.
        """
        return _parse(text)

    @property
    def family(self) -> "Address":
        """Address of the working object of a frozen copy; for a working object, the address itself."""
        return Address(self.kind, self.name.partition("@")[0]) if "@" in self.name else self

    @property
    def is_frozen(self) -> bool:
        """True for a release, a frozen copy, and an upload that a release keeps."""
        if self.kind == FILE:
            return _KEPT.search(self.name) is not None
        return self.kind == RELEASE or "@" in self.name

    @property
    def release(self) -> "Address | None":
        """Address of the release itself, or of the release of a copy: `release/support@3` for
        `assistant/triage@support.3`. None for objects that releases share, and for working objects.
        """
        text = self.name if self.kind == RELEASE else self.name.partition("@")[2]
        found = version_of(text) if text and self.kind != FILE else None
        return release_address(*found) if found else None


@lru_cache(maxsize=2**18)
def _parse(text: str) -> Address:
    kind, slash, name = text.partition("/")
    if not (kind and slash and name):
        raise ValueError(f"{text!r} is not a valid address; write kind/name, such as assistant/triage")
    return Address(sys.intern(kind), composed(name))


def working_file(name: str) -> str:
    """Return the path or address of a file without the digest that a release appends: `kb/a.md` for
    `kb/a.md@010d3cf2a8b1`.
    """
    return _KEPT.sub("", name)


def parsed(text: str) -> Address | None:
    """Return the address in `text`, such as the text of a label; None if it is not a valid address."""
    try:
        return Address.parse(text)
    except ValueError:
        return None


def release_address(chatbot: str, number: int) -> Address:
    """Return the address of a release, such as `release/support@3`."""
    return Address(RELEASE, f"{chatbot}@{number}")


def release_number(release: Address) -> int:
    """Return the number of a release, such as 3 for `release/support@3`; raises ValueError for other addresses."""
    found = version_of(release.name) if release.kind == RELEASE else None
    if found is None:
        raise ValueError(f"{release} is not a release")
    return found[1]


def version_of(text: str) -> tuple[str, int] | None:
    """Return the chatbot and the number of `support@3`, or of `support.3` in the name of a frozen copy."""
    found = _VERSION.fullmatch(text)
    return (found["chatbot"], int(found["number"])) if found and is_name(found["chatbot"]) else None


@total_ordering
@dataclass(frozen=True, slots=True)
class Identity:
    """`project` or `project/environment`: the key of state, lock and bundles, and part of every label.

    In order, a project without environments is before its environments: it may have both in its state and outlets.
    """

    project: str
    environment: str | None = None

    def __str__(self) -> str:
        return f"{self.project}/{self.environment}" if self.environment else self.project

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Identity):
            return NotImplemented
        return (self.project, self.environment or "") < (other.project, other.environment or "")

    @classmethod
    def parse(cls, text: str) -> Self:
        project, _, environment = text.partition("/")
        return cls(project, environment or None)
