import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from reconciler.resources.address import Address
from reconciler.resources.base import Lifecycle, LocalFile, Resource, Scope
from reconciler.resources.kind import Kind
from reconciler.resources.problems import Finding, Place

PLACE = Place("manifests/a.yaml")


@dataclass
class Folder:
    """A project folder in memory."""

    files: dict[str, LocalFile] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def add(self, path: str, content: str = "", *, size: int | None = None, is_text: bool = True) -> LocalFile:
        content = content or path
        sha256 = hashlib.sha256(content.encode()).hexdigest()
        self.files[path] = LocalFile(path, sha256, len(content) if size is None else size, is_text=is_text)
        self.texts[path] = content
        return self.files[path]

    def glob(self, pattern: str) -> list[str]:
        parts = {"**/": "(.*/)?", "*": "[^/]*", "?": "[^/]"}
        expression = "".join(parts.get(part) or re.escape(part) for part in re.split(r"(\*\*/|\*|\?)", pattern))
        return sorted(path for path in self.files if re.fullmatch(expression, path))

    def read(self, path: str) -> LocalFile | Finding:
        return self.files.get(path) or Finding((), "missing-file", f"there is no file {path}")

    def text(self, path: str) -> str | Finding:
        return self.texts.get(path) or Finding((), "missing-file", f"there is no file {path}")


@pytest.fixture
def folder() -> Folder:
    return Folder()


@pytest.fixture
def scope(folder: Folder) -> Scope:
    return Scope(files=folder)


@pytest.fixture
def resource() -> Callable[..., Resource]:
    """Return the manifest of a kind with a parsed spec."""

    def build(kind: Kind, name: str, spec: dict[str, Any], target: str = "") -> Resource:
        return Resource(
            kind=kind,
            address=Address(kind.prefix, name),
            spec=kind.models[target].model_validate(spec),
            labels={},
            lifecycle=Lifecycle(),
            place=PLACE,
            where=lambda _path: PLACE,
        )

    return build
