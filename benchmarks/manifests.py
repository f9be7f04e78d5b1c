"""The measured estate as a project of Reconciler: one file for each object."""

from pathlib import Path
from typing import Final

from benchmarks.estate import Agent, agents, stores, write_files

_PROJECT: Final = """\
apiVersion: reconciler/v1
kind: Project
metadata: {name: measured}
spec:
  defaults: {target: agents}
  # The embedded API has no rate limits.
  limits: {requests_per_minute: {GET: 10000000, POST: 10000000, DELETE: 10000000}}
"""
_FUNCTION: Final = """\
    - type: function
      name: NAME
      description: Read or cancel one order of the customer who is signed in.
      parameters:
        type: object
        properties:
          order: {type: string, description: "The number of the order, as it is printed on the invoice."}
          lines: {type: boolean, description: "Whether the lines of the order are included in the answer."}
        required: [order]
"""


def write(root: Path, count: int) -> None:
    """Write a project with `count` agents to the folder `root`, which must not exist."""
    root.mkdir(parents=True)
    (root / "project.yaml").write_text(_PROJECT)
    (root / "assistants").mkdir()
    for agent in agents(count):
        _path(root, agent.name).write_text(_manifest(agent))
    (root / "stores").mkdir()
    for name, (first, _) in stores(count):
        files = f"{first.rpartition('/')[0]}/*.md"
        text = f"apiVersion: reconciler/v1\nkind: VectorStore\nmetadata: {{name: {name}}}\nspec:\n  files: [{files}]\n"
        (root / "stores" / f"{name}.yaml").write_text(text)
    write_files(root, count)


def change(root: Path, count: int, how_many: int) -> None:
    """Edit the instructions of `how_many` agents, spread over the project."""
    for agent in list(agents(count))[:: max(count // how_many, 1)][:how_many]:
        path = _path(root, agent.name)
        path.write_text(path.read_text().replace("You are agent", "You are the agent"))


def _path(root: Path, name: str) -> Path:
    return root / "assistants" / f"{name}.yaml"


def _manifest(agent: Agent) -> str:
    lines = "".join(f"    {line}\n" for line in agent.instructions.splitlines())
    functions = "".join(_FUNCTION.replace("NAME", name) for name in agent.functions)
    return (
        f"apiVersion: reconciler/v1\nkind: Assistant\nmetadata:\n  name: {agent.name}\n  labels: {{team: orders}}\n"
        f"spec:\n  model: gpt-6-luna\n  instructions: |\n{lines}  tools:\n{functions}"
    )
