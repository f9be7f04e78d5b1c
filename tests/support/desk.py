"""A sample project in Git: a chatbot, its pipeline, two assistants, a vector store, and two environments."""

import subprocess
from pathlib import Path

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
FILES = {
    "project.yaml": HEAD.format(kind="Project", name="acme", more="")
    + "  defaults: {target: responses}\n"
    + "  environments:\n"
    + "    staging: {variables: {phone: 555-1, warmth: 0.5}}\n"
    + "    production: {variables: {phone: 555-9, warmth: 1}}\n",
    "assistants/triage.yaml": HEAD.format(kind="Assistant", name="triage", more="")
    + "  model: gpt-6-luna\n"
    + "  temperature: ${var.warmth}\n"
    + "  instructions: {$file: prompts/triage.md}\n"
    + "  tools:\n"
    + "    - {type: file_search, vector_store_ids: [handbook]}\n"
    + "    - {type: function, name: call, parameters: {type: object, properties: {}}, strict: false}\n",
    "assistants/closer.yaml": HEAD.format(kind="Assistant", name="closer", more="") + "  model: gpt-6-luna\n",
    "stores/handbook.yaml": HEAD.format(kind="VectorStore", name="handbook", more="") + "  files: [kb/*.md]\n",
    "pipelines/flow.yaml": HEAD.format(kind="Pipeline", name="flow", more="")
    + "  nodes:\n"
    + "    first: {type: assistant, assistant: triage}\n"
    + "    last: {type: assistant, assistant: closer}\n"
    + "  edges:\n"
    + "    - {from: start, to: first}\n"
    + "    - {from: first, to: last}\n"
    + "    - {from: last, to: end}\n",
    "chatbots/support.yaml": HEAD.format(kind="Chatbot", name="support", more="") + "  pipeline: flow # the only one\n",
    "prompts/triage.md": "# Role\n\nAnswer shortly.  \n\tCall ${var.phone}, never $${var.phone}.\n",
    "kb/hours.md": "Nine to five.\n",
    "kb/prices.md": "Free.\n",
}


class Desk:
    """A project folder inside a repository."""

    def __init__(self, folder: Path) -> None:
        self.repository = folder
        self.root = folder / "ops"

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
    made = Desk(folder)
    for path, text in FILES.items():
        made.write(path, text)
    return made


def desk(folder: Path) -> Desk:
    """Write the project and commit it."""
    made = write(folder)
    made.git("init", "--quiet", "-b", "main")
    made.commit()
    return made
