"""The measured estate as resources of Terraform, of the type `terraform_data`, which sends no request.

A state with all resources is written here: Terraform itself writes its whole state after each resource, which takes
hours for ten thousand.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.estate import Agent, agents, parameters, stores, write_files

_PROVIDER: Final = 'provider["terraform.io/builtin/terraform"]'
_STATE: Final = "terraform.tfstate"


def write(root: Path, count: int) -> None:
    """Write resources for `count` agents to the folder `root`, which must not exist, without a state."""
    root.mkdir(parents=True)
    (root / "agents.tf").write_text("".join(_agent(agent.name, _input(agent)) for agent in agents(count)))
    (root / "stores.tf").write_text("".join(_store(name, paths) for name, paths in stores(count)))
    write_files(root, count)


def write_state(root: Path, count: int) -> None:
    """Write the state that an apply of `write` ends with."""
    (root / _STATE).write_text(json.dumps(_state(root, count)))


def remove_state(root: Path) -> None:
    (root / _STATE).unlink(missing_ok=True)


def change(root: Path, count: int, how_many: int) -> None:
    """Edit the instructions of `how_many` agents."""
    path, step = root / "agents.tf", max(count // how_many, 1)
    text = path.read_text()
    for number in range(0, step * how_many, step):
        text = text.replace(f"You are agent {number}.", f"You are the agent {number}.")
    path.write_text(text)


def _input(agent: Agent) -> dict[str, Any]:
    description = "Read or cancel one order of the customer who is signed in."
    tools = [
        {"type": "function", "name": name, "description": description, "parameters": parameters()}
        for name in agent.functions
    ]
    return {"name": agent.name, "model": "gpt-6-luna", "instructions": agent.instructions, "tools": tools}


def _agent(name: str, value: Mapping[str, Any]) -> str:
    # JSON values are expressions of Terraform, apart from `${`, which no value has.
    rest = {key: value[key] for key in value if key != "instructions"}
    fields = "".join(f"    {key} = {json.dumps(rest[key])}\n" for key in rest)
    text = "".join(f"      {line}\n" for line in value["instructions"].splitlines())
    value_of = f"{fields}    instructions = <<-EOT\n{text}    EOT\n"
    return f'resource "terraform_data" "{name}" {{\n  input = {{\n{value_of}  }}\n}}\n'


def _store(name: str, paths: Sequence[str]) -> str:
    files = "".join(
        f'resource "terraform_data" "{name}-file-{number}" {{\n'
        f'  input = {{ path = "{path}", sha256 = filesha256("{path}") }}\n}}\n'
        for number, path in enumerate(paths)
    )
    ids = ", ".join(f"terraform_data.{name}-file-{number}.id" for number in range(len(paths)))
    return f'{files}resource "terraform_data" "{name}" {{\n  input = {{ name = "{name}", files = [{ids}] }}\n}}\n'


def _state(root: Path, count: int) -> dict[str, Any]:
    resources = [_resource(agent.name, _input(agent)) for agent in agents(count)]
    for name, paths in stores(count):
        files = [f"{name}-file-{number}" for number in range(len(paths))]
        for file, path in zip(files, paths, strict=True):
            resources.append(_resource(file, {"path": path, "sha256": _sha256(root / path)}))
        resources.append(_resource(name, {"name": name, "files": [_id(file) for file in files]}, files))
    head = {"version": 4, "terraform_version": "1.11.0", "serial": 1, "lineage": _id("lineage"), "outputs": {}}
    return {**head, "resources": resources, "check_results": None}


def _resource(name: str, value: Mapping[str, Any], needs: Sequence[str] = ()) -> dict[str, Any]:
    typed = {"value": value, "type": _type(value)}
    attributes = {"id": _id(name), "input": typed, "output": typed, "triggers_replace": None}
    instance = {"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}
    if needs:
        instance["dependencies"] = [f"terraform_data.{need}" for need in needs]
    return {"mode": "managed", "type": "terraform_data", "name": name, "provider": _PROVIDER, "instances": [instance]}


def _type(value: Any) -> Any:
    """Return the type of a value as Terraform writes it beside a dynamic value."""
    if isinstance(value, Mapping):
        return ["object", {key: _type(item) for key, item in value.items()}]
    if isinstance(value, list):
        return ["tuple", [_type(item) for item in value]]
    return "string"


def _id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
