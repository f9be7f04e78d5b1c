"""Looking into the state."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from reconciler.manifests.suggest import did_you_mean
from reconciler.operations.workspace import open_workspace
from reconciler.resources.address import Address
from reconciler.resources.base import Applied
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.values import JSON


def entries(start: Path, environ: Mapping[str, str], *, env: str | None) -> dict[Address, Applied]:
    """Everything applied, sorted by address."""
    snapshot = open_workspace(start, environ, env=env).backend.read()
    return dict(sorted(snapshot.state.objects.items()))


def entry(start: Path, environ: Mapping[str, str], address: Address, *, env: str | None) -> dict[str, JSON]:
    """The entry of `address`; ReconcilerError where there is none."""
    known = entries(start, environ, env=env)
    found = known.get(address)
    if found is None:
        hint = did_you_mean(str(address), map(str, known)) or "`reconciler state list` shows what there is."
        raise ReconcilerError(Problem("unknown-address", f"state has no {address}", hint=hint))
    return {"address": str(address), **asdict(found)}
