"""Projects in a temporary folder, and small kinds for tests."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from reconciler.manifests import Loaded, load
from reconciler.resources.address import Address
from reconciler.resources.base import Desired, Reference, Resource, Scope, Spec
from reconciler.resources.kind import Kind
from reconciler.resources.problems import Finding

PROJECT = """\
apiVersion: reconciler/v1
kind: Project
metadata: {name: acme}
"""


class Search(Spec):
    type: Literal["search"]
    stores: list[str] = Field(default_factory=list)


class Function(Spec):
    type: Literal["function"]
    name: str
    parameters: dict[str, Any] = Field(default_factory=dict)


class Cloud(Spec):
    """The spec of the target that supports all fields."""

    target: Literal["cloud"] = "cloud"
    model: Literal["small", "large"] = "small"
    instructions: str | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    tools: list[Annotated[Search | Function, Field(discriminator="type")]] = Field(default_factory=list)
    stop: str | list[str] = ""
    metadata: dict[str, str] = Field(default_factory=dict)
    anything: Any = None


class Local(Spec):
    """The spec of the target that supports fewer fields."""

    target: Literal["local"] = "local"
    model: Literal["small"] = "small"
    instructions: str | None = None
    tools: list[Function] = Field(default_factory=list)


class Store(Spec):
    files: list[str] = Field(default_factory=list)


def _bot_references(resource: Resource) -> Iterator[Reference]:
    spec: Cloud | Local = resource.spec
    for index, tool in enumerate(spec.tools):
        if isinstance(tool, Search):
            for at, name in enumerate(tool.stores):
                yield Reference(("spec", "tools", index, "stores", at), Address("vectorstore", name))


def _bot_check(resource: Resource, scope: Scope) -> Iterator[Finding]:
    if resource.spec.instructions == "":
        yield Finding(("spec", "instructions"), "no-instructions", "there is nothing to do", severity="warning")
    if resource.spec.instructions == "attached?":
        attached = " ".join(path for path in scope.files.glob("**/*") if path in scope.attached)
        yield Finding(("spec", "instructions"), "attached", attached, severity="warning")


def _store_desired(resource: Resource, scope: Scope) -> Iterator[Desired]:
    for pattern in resource.spec.files:
        for path in scope.files.glob(pattern):
            yield Desired(Address("file", path), "file", {})


BOT = Kind(
    name="Bot",
    prefix="bot",
    models={"cloud": Cloud, "local": Local},
    references=_bot_references,
    desired=lambda _resource, _scope: (),
    check=_bot_check,
    body="instructions",
    hints={"cloud": {"prompt": "write `instructions`"}, "local": {"temperature": "a local bot is always at 0"}},
)
STORE = Kind(
    name="Store",
    prefix="vectorstore",
    models={"": Store},
    references=lambda _resource: (),
    desired=_store_desired,
    attaches=True,
)
KINDS = {kind.name: kind for kind in (BOT, STORE)}


class Folder:
    """An empty project folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / ".git").mkdir(parents=True)
        self.write("project.yaml", PROJECT)

    def write(self, path: str, content: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def bot(self, spec: str = "{target: cloud}", name: str = "triage", path: str = "bot.yaml", more: str = "") -> Path:
        head = f"apiVersion: reconciler/v1\nkind: Bot\nmetadata: {{name: {name}}}\n{more}spec:"
        return self.write(path, f"{head} {spec}" if spec.startswith("{") else f"{head}\n{spec}")

    def environments(self, **variables: str) -> None:
        """Write environments by name, each with its variables in flow style."""
        lines = [f"    {name}: {{variables: {{{values}}}}}" for name, values in variables.items()]
        self.write("project.yaml", PROJECT + "spec:\n  environments:\n" + "\n".join(lines) + "\n")

    def load(self, env: str | None = None) -> Loaded:
        return load(self.root, env=env, kinds=KINDS)

    def problems(self, env: str | None = None) -> list[str]:
        return [str(problem) for problem in self.load(env).problems]

    def codes(self, env: str | None = None) -> list[str]:
        return [problem.code for problem in self.load(env).problems]

    def spec(self, env: str | None = None) -> Any:
        """Return the spec of the only resource. Fail if the project has problems."""
        loaded = self.load(env)
        assert not loaded.problems, self.problems(env)
        (resource,) = loaded.resources
        return resource.spec


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "repository")


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[[str], Folder]:
    return lambda name: Folder(tmp_path / name)
