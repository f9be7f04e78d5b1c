"""Assistants for tests, without any file on disk."""

import hashlib
from typing import Any

from reconciler.resources.address import Address
from reconciler.resources.base import Desired, Lifecycle, LocalFile, Resource, Scope
from reconciler.resources.kinds.assistant import KIND
from reconciler.resources.problems import Finding, Place

PLACE = Place("manifests/triage.yaml")


class Folder:
    """A project folder in which every file is, but those under `missing/`."""

    def glob(self, pattern: str) -> list[str]:
        return [pattern]

    def read(self, path: str) -> LocalFile | Finding:
        if path.startswith("missing/"):
            return Finding((), "no-file", f"{path} does not exist")
        return LocalFile(path, hashlib.sha256(path.encode()).hexdigest(), len(path))

    def text(self, path: str) -> str | Finding:
        return path


SCOPE = Scope(files=Folder())


def resource(target: str, spec: dict[str, Any]) -> Resource:
    return Resource(
        kind=KIND,
        address=Address("assistant", "triage"),
        spec=KIND.models[target].model_validate(spec),
        labels={},
        lifecycle=Lifecycle(),
        place=PLACE,
        where=lambda _path: PLACE,
    )


def desired(target: str, spec: dict[str, Any]) -> list[Desired]:
    return list(KIND.desired(resource(target, spec), SCOPE))


def findings(target: str, spec: dict[str, Any]) -> list[Finding]:
    return list(KIND.check(resource(target, spec), SCOPE))
