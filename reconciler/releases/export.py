"""`export`: the published bundle of one address."""

from collections.abc import Mapping
from pathlib import Path

from reconciler.bundles.publish import read
from reconciler.bundles.render import exported, object_address, pointer_address
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import RELEASE, Address
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.values import JSON


def export(start: Path, environ: Mapping[str, str], address: Address, *, env: str | None) -> JSON:
    """What applications load of `address`, with live ids, from the first outlet; no request to OpenAI.

    A chatbot is the release that it has published; `chatbot/NAME@3` or `release/NAME@3` is that release, published or
    not, and `chatbot/NAME@working` the draft. ReconcilerError where nothing is published there.
    """
    workspace = open_workspace(start, environ, env=env)
    pointer = pointer_address(address) if address.kind == RELEASE else address
    found = read(workspace.outlets[0], workspace.identity, pointer)
    if found.problem or found.pointer is None or found.content is None:
        message = found.problem.message if found.problem else f"nothing is published at {address}"
        raise ReconcilerError(Problem("not-published", message, hint=_hint(pointer)))
    return exported(found.content, found.pointer.ids)


def _hint(pointer: Address) -> str:
    named = object_address(pointer)
    if named is None:
        return f"This chatbot has no published release; `reconciler export {pointer}@working` prints its draft."
    if named.release:
        return "`reconciler apply` makes the releases that the manifests have. Of an archived one nothing is left."
    return "`reconciler apply` publishes what the manifests say."
