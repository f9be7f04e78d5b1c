"""`export`: print the published bundle of one address."""

from collections.abc import Mapping
from pathlib import Path

from reconciler.bundles.publish import read
from reconciler.bundles.render import exported, object_address, pointer_address
from reconciler.project.stored import open_stored
from reconciler.resources.address import RELEASE, Address
from reconciler.resources.problems import Problem, ReconcilerError, command_text
from reconciler.resources.values import JSON


def export(start: Path, environ: Mapping[str, str], address: Address, *, env: str | None) -> JSON:
    """Return the bundle that applications load for `address`, with live ids, from the first outlet.

    `chatbot/NAME` is the published release of a chatbot; `chatbot/NAME@3` or `release/NAME@3` is that release,
    published or not; `chatbot/NAME@working` is the draft. Raises ReconcilerError if the address has no bundle. Sends no
    request to OpenAI, and reads no manifests: bundles change only when they are applied.
    """
    stored = open_stored(start, environ, env=env)
    pointer = pointer_address(address) if address.kind == RELEASE else address
    found = read(stored.built_in_outlet, stored.identity, pointer)
    if found.problem or found.pointer is None or found.content is None:
        message = found.problem.message if found.problem else f"nothing is published at {address}"
        raise ReconcilerError(Problem("not-published", message, hint=_hint(pointer, stored.identity.environment)))
    return exported(found.content, found.pointer.ids)


def _hint(pointer: Address, environment: str | None) -> str:
    named = object_address(pointer)
    if named is None:
        draft = command_text(environment, "export", f"{pointer}@working")
        return f"The chatbot has no published release. To print its draft: {draft}"
    apply = command_text(environment, "apply")
    if named.release:
        return f"To create the releases in the manifests, run `{apply}`. Archived releases have no bundle."
    return f"To publish it, run `{apply}`."
