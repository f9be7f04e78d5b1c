"""`export`: the published bundle of one address."""

from collections.abc import Mapping
from pathlib import Path

from reconciler.bundles.publish import read
from reconciler.bundles.render import exported
from reconciler.operations.workspace import open_workspace
from reconciler.resources.address import Address
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.values import JSON


def export(start: Path, environ: Mapping[str, str], address: Address, *, env: str | None) -> JSON:
    """What applications load of `address`, with live ids, from the first outlet; no request to OpenAI.

    ReconcilerError where nothing is published there.
    """
    workspace = open_workspace(start, environ, env=env)
    found = read(workspace.outlets[0], workspace.identity, address)
    if found.problem or found.pointer is None or found.content is None:
        message = found.problem.message if found.problem else f"nothing is published at {address}"
        raise ReconcilerError(Problem("not-published", message, hint=_hint(address)))
    return exported(found.content, found.pointer.ids)


def _hint(address: Address) -> str:
    if address.kind == "chatbot" and "@" not in address.name:
        return f"This chatbot has no published release; `reconciler export {address}@working` prints its draft."
    return "`reconciler apply` publishes what the manifests say."
