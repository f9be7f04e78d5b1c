"""`peers` of a project: other identities, whose states tell what they need of what is live here."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final, TypeAlias

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from reconciler.manifests.backends import State
from reconciler.resources.address import IDENTITY_PATTERN, Identity, is_name
from reconciler.resources.base import Spec
from reconciler.resources.problems import Finding


def _identity_name(text: str) -> str:
    if not all(map(is_name, text.split("/", maxsplit=1))):
        raise ValueError(f"{text!r} is no identity: PROJECT, or PROJECT/ENVIRONMENT where a project has environments")
    return text


_SCHEMA: Final = {"type": "string", "pattern": IDENTITY_PATTERN}
IdentityName: TypeAlias = Annotated[str, AfterValidator(_identity_name), WithJsonSchema(_SCHEMA)]


class Peer(Spec):
    """Another identity that may refer to live objects of this project."""

    identity: IdentityName
    """The identity, as `PROJECT` or `PROJECT/ENVIRONMENT`."""
    state: State | None = None
    """Backend that stores the state of that identity. Default: the backend of this project."""


def _peer(value: Any) -> Any:
    return {"identity": value} if isinstance(value, str) else value


Peers: TypeAlias = tuple[Annotated[Peer, BeforeValidator(_peer, json_schema_input_type=IdentityName | Peer)], ...]
"""One that is in the backend of this project may be written as its identity alone."""


def check_peers(peers: Sequence[Peer], identity: Identity, environments: int) -> Iterator[Finding]:
    """Peers that tell nothing: those named twice, and this very project where it has no other environment."""
    names = [peer.identity for peer in peers]
    for index, name in enumerate(names):
        path = ("spec", "peers", index)
        if name in names[:index]:
            yield Finding(path, "duplicate-peer", f"`{name}` is a peer already", "keep one")
        elif name == str(identity) and environments <= 1:
            yield Finding(path, "own-peer", f"`{name}` is this project, and no peer of it", "remove it")
