"""The document that is left where a state was: it says where it went, so that no run goes on with nothing there."""

import json
from typing import Final

from reconciler.resources.address import Identity
from reconciler.resources.problems import Place, Problem, ReconcilerError
from reconciler.state.documents import document, line

MOVED_FORMAT: Final = "reconciler/moved/v1"


class MovedError(ReconcilerError):
    """The state is in another backend by now."""


def encode_moved(identity: Identity, to: str) -> bytes:
    """The document that sends whoever looks for the state of `identity` to the location `to`."""
    return document({"format": line(MOVED_FORMAT), "identity": line(str(identity)), "to": line(to)})


def check_moved(data: bytes, source: str) -> None:
    """Raise `MovedError` where `data` says that the state went elsewhere; `source` names it in the error."""
    if MOVED_FORMAT.encode() not in data[:100]:
        return
    record = json.loads(data)
    message = f"the state of {record['identity']} was moved to {record['to']}"
    hint = "Name that backend in RECONCILER_STATE, or in `spec.state` of project.yaml. Nothing was changed."
    raise MovedError(Problem("state-elsewhere", message, Place(source, 1, 1), hint))
