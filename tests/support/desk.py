"""A sample project in Git: a chatbot, its pipeline, two assistants, a vector store, and two environments."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from reconciler.manifests import Loaded, load
from reconciler.resources.address import Address
from reconciler.resources.base import Resource

HEAD = "apiVersion: reconciler/v1\nkind: {kind}\nmetadata: {{name: {name}}}\n{more}spec:\n"

AT_A_SERVER = (
    HEAD.format(kind="Assistant", name="triage", more="")
    + "  target: assistants\n"
    + "  model: gpt-6-luna\n"
    + "  temperature: ${var.warmth}\n"
    + "  instructions: {$file: prompts/triage.md}\n"
    + "  tools:\n"
    + "    - {type: file_search}\n"
    + "    - {type: code_interpreter}\n"
    + "  tool_resources:\n"
    + "    file_search: {vector_store_ids: [handbook]}\n"
    + "    code_interpreter: {file_ids: [kb/prices.md]}\n"
)
"""The manifest of `triage` with the target `assistants`."""


def project(target: str) -> str:
    """Return the manifest of the project, in which assistants have the given target."""
    return (
        HEAD.format(kind="Project", name="acme", more="")
        + f"  defaults: {{target: {target}}}\n"
        + "  environments:\n"
        + "    staging: {variables: {phone: 555-1, warmth: 0.5}}\n"
        + "    production: {variables: {phone: 555-9, warmth: 1}}\n"
    )


COMMON: Final = {
    "assistants/closer.yaml": HEAD.format(kind="Assistant", name="closer", more="") + "  model: gpt-6-luna\n",
    "stores/handbook.yaml": HEAD.format(kind="VectorStore", name="handbook", more="") + "  files: [kb/*.md]\n",
    "chatbots/support.yaml": HEAD.format(kind="Chatbot", name="support", more="") + "  pipeline: flow # the only one\n",
    "kb/hours.md": "Nine to five.\n",
}
"""Files of the project with every target."""
FILES: Final = COMMON | {
    "project.yaml": project("responses"),
    "assistants/triage.yaml": HEAD.format(kind="Assistant", name="triage", more="")
    + "  model: gpt-6-luna\n"
    + "  temperature: ${var.warmth}\n"
    + "  instructions: {$file: prompts/triage.md}\n"
    + "  tools:\n"
    + "    - {type: file_search, vector_store_ids: [handbook]}\n"
    + "    - {type: function, name: call, parameters: {type: object, properties: {}}, strict: false}\n",
    "pipelines/flow.yaml": HEAD.format(kind="Pipeline", name="flow", more="")
    + "  nodes:\n"
    + "    first: {type: assistant, assistant: triage}\n"
    + "    last: {type: assistant, assistant: closer}\n"
    + "  edges:\n"
    + "    - {from: start, to: first}\n"
    + "    - {from: first, to: last}\n"
    + "    - {from: last, to: end}\n",
    "prompts/triage.md": "# Role\n\nAnswer shortly.  \n\tCall ${var.phone}, never $${var.phone}.\n",
    "kb/prices.md": "Free.\n",
}


class Desk:
    """A project folder inside a repository."""

    def __init__(self, folder: Path) -> None:
        self.repository = folder
        self.root = folder / "ops"

    @classmethod
    def of(cls, folder: Path, files: Mapping[str, str]) -> Self:
        """Write a project without a Git repository."""
        made = cls(folder)
        for path, text in files.items():
            made.write(path, text)
        return made

    def copy(self, folder: Path) -> Self:
        shutil.copytree(self.repository, folder)
        return type(self)(folder)

    def write(self, path: str, content: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def edit(self, path: str, old: str, new: str) -> None:
        text = self.read(path)
        assert old in text
        self.write(path, text.replace(old, new))

    def git(self, *words: str) -> str:
        command = ["git", "-C", str(self.repository), "-c", "user.name=a", "-c", "user.email=a@example.com", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def start(self) -> None:
        """Make the Git repository, with all files in its first commit."""
        self.git("init", "--quiet", "-b", "main")
        self.commit()

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "--quiet", "--allow-empty", "-m", "all")

    def changed(self) -> list[str]:
        """Return the changed files of the working tree, as `git status --short` lists them."""
        return sorted(self.git("status", "--short", "-uall").split("\n"))[1:]

    def load(self, env: str = "staging") -> Loaded:
        return load(self.root, env=env)

    def resource(self, address: str, env: str = "staging") -> Resource:
        return next(one for one in self.load(env).resources if one.address == Address.parse(address))


def write(folder: Path) -> Desk:
    """Write the project without a Git repository."""
    return Desk.of(folder, FILES)


def desk(folder: Path) -> Desk:
    """Write the project and commit it."""
    made = write(folder)
    made.start()
    return made
