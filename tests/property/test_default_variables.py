"""Variables of the project with overrides: the same manifests as with all variables in each environment."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hypothesis import HealthCheck, given, settings, strategies as st

from reconciler.manifests import Loaded, load
from reconciler.project.all_environments import load_all_environments
from reconciler.releases.snapshot import snapshot
from reconciler.resources.address import Address
from reconciler.resources.values import JSON, same

FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
NAMES = ("audience", "price", "on")
VALUES = st.sampled_from(["customers", "", "1.10", 1.1, 2, True, False, 1000.0])
VARIABLES = st.dictionaries(st.sampled_from(NAMES), VALUES)
ENVIRONMENTS = st.dictionaries(st.sampled_from(["dev", "staging", "production"]), VARIABLES)

MANIFESTS = """\
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: desk}
spec:
  target: responses
  model: gpt-6-luna
  instructions: 'For ${var.audience}: ${var.price}, ${var.on}'
  extra: {audience: '${var.audience}', price: '${var.price}', on: '${var.on}'}
---
apiVersion: reconciler/v1
kind: Chatbot
metadata: {name: desk}
spec: {assistant: desk}
"""


def project(spec: Mapping[str, JSON]) -> Path:
    root = Path(tempfile.mkdtemp())
    (root / ".git").mkdir()
    head = {"apiVersion": "reconciler/v1", "kind": "Project", "metadata": {"name": "acme"}}
    (root / "project.yaml").write_text(json.dumps({**head, "spec": spec}))
    (root / "bots.yaml").write_text(MANIFESTS)
    return root


def explicit(defaults: Mapping[str, JSON], environments: Mapping[str, Mapping[str, JSON]]) -> dict[str, JSON]:
    return {name: {"variables": {**defaults, **own}} for name, own in environments.items()}


def seen(loaded: Loaded) -> object:
    """Return everything that a command uses of the manifests, and the codes and messages of their problems."""
    specs = {str(one.address): one.spec.model_dump() for one in loaded.resources}
    return loaded.project.variables, specs, sorted((one.code, one.message) for one in loaded.problems)


@FEW
@given(defaults=VARIABLES, environments=ENVIRONMENTS)
def test_default_variables_with_overrides_are_those_of_each_environment(defaults, environments):
    overridden = {name: {"variables": own} for name, own in environments.items()}
    one = project({"variables": defaults, "environments": overridden})
    other = project({"environments": explicit(defaults, environments)} if environments else {"variables": defaults})
    try:
        for environment in environments or [None]:
            left, right = load(one, env=environment), load(other, env=environment)
            assert same(left.project.variables, right.project.variables)
            assert seen(left) == seen(right)
        values = [{**defaults, **own} for own in environments.values()] or [defaults]
        if all(own.keys() == set(NAMES) for own in values):
            taken = [snapshot(load_all_environments(root, {}), Address("chatbot", "desk")) for root in (one, other)]
            first, second = (found.content({}).model_dump() for found in taken)
            assert first == second
    finally:
        shutil.rmtree(one)
        shutil.rmtree(other)
