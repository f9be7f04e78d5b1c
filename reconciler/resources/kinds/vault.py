"""Vaults: collections of credentials that sessions use."""

from collections.abc import Callable, Iterator
from typing import Final

from reconciler.resources.assistants.server_secrets import check_texts
from reconciler.resources.base import Desired, Live, Resource, Scope, Spec
from reconciler.resources.kind import Kind, SpecDraft
from reconciler.resources.metadata import Metadata, kept_pairs
from reconciler.resources.names import Title
from reconciler.resources.problems import Finding
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import JSON


class VaultSpec(Spec):
    """A vault: credentials that sessions use. Deleting it deletes its credentials."""

    name: Title | None = None
    """Name of the vault at OpenAI: 1 to 256 bytes. Default: the name of the manifest."""
    metadata: Metadata | None = None
    """Metadata of the object at OpenAI: at most 12 pairs, keys of at most 64 characters, text values of at most 512.
    Keys that start with `reconciler-` are reserved. Default: none."""


def _canonical(field: str, value: JSON) -> JSON:
    if field == "metadata":
        return dict(value or {})
    return value.strip() if field == "name" and isinstance(value, str) else value


def _desired(resource: Resource, _scope: Scope) -> Iterator[Desired]:
    written = {"name": resource.address.name, **resource.spec.model_dump(exclude_unset=True, exclude_none=True)}
    fields = {name: _canonical(name, value) for name, value in written.items()}
    yield Desired(resource.address, VAULT.type, fields, resource.place, resource.lifecycle)


def _check(resource: Resource, _scope: Scope) -> Iterator[Finding]:
    yield from check_texts(resource.spec)


def _to_manifest(live: Live, name: str, _called: Callable[[str], str]) -> SpecDraft:
    own = {"name": live.fields["name"]} if live.fields["name"] not in (None, name) else {}
    pairs, losses = kept_pairs(live.fields["metadata"])
    return SpecDraft({**own, **pairs}, losses=losses)


VAULT: Final = ResourceType(
    type="vault",
    canonical=_canonical,
    render=dict,
    defaults={"metadata": {}},
    owned_by_key=frozenset({"metadata"}),
)

KIND: Final = Kind(
    name="Vault",
    prefix="vault",
    models={"": VaultSpec},
    desired=_desired,
    check=_check,
    to_manifest={"vault": _to_manifest},
)
