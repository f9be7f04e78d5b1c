"""Addresses and identity: how everything is named."""

import re
from dataclasses import dataclass
from typing import Final, Self

NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
NAME_LENGTH: Final = 63


def is_name(text: str) -> bool:
    """Whether `text` may be the name of a project, an environment or an object."""
    return len(text) <= NAME_LENGTH and NAME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """`kind/name`: `assistant/triage`, `vectorstore/handbook`, `file/kb/hours.pdf`, `assistant/triage@support.3`."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The address that `text` writes; ValueError where it is none."""
        kind, slash, name = text.partition("/")
        if not (kind and slash and name):
            raise ValueError(f"{text!r} is no address: an address is kind/name, like assistant/triage")
        return cls(kind, name)

    @property
    def family(self) -> "Address":
        """The working object that a frozen copy was made of; itself for a working object."""
        return Address(self.kind, self.name.partition("@")[0])


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """`project` or `project/environment`: the key of state, lock and bundles, and part of every label."""

    project: str
    environment: str | None = None

    def __str__(self) -> str:
        return f"{self.project}/{self.environment}" if self.environment else self.project

    @classmethod
    def parse(cls, text: str) -> Self:
        project, _, environment = text.partition("/")
        return cls(project, environment or None)
