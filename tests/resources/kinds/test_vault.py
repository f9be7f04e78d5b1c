import pytest
from pydantic import ValidationError

from reconciler.resources.base import Live
from reconciler.resources.kinds.vault import KIND, VAULT, VaultSpec


def desired(resource, scope, name, spec):
    (found,) = KIND.desired(resource(KIND, name, spec), scope)
    return found.fields


def test_name_is_that_of_the_manifest_by_default(resource, scope):
    assert desired(resource, scope, "crm", {}) == {"name": "crm"}


def test_name_is_trimmed_as_the_api_does(resource, scope):
    assert desired(resource, scope, "crm", {"name": "  CRM "})["name"] == "CRM" == VAULT.canonical("name", "CRM  ")


@pytest.mark.parametrize("name", ["", "   ", "é" * 129])
def test_name_must_have_1_to_256_bytes(name):
    with pytest.raises(ValidationError, match="expected 1 to 256 bytes"):
        VaultSpec(name=name)


def test_name_may_have_256_bytes_besides_spaces():
    assert VaultSpec(name=" " + "é" * 128).name


def test_live_vault_becomes_a_manifest_without_defaults():
    live = Live("vault", "vault_1", {"name": "crm", "metadata": {"team": "support"}})
    assert KIND.to_manifest["vault"](live, "crm", str).spec == {"metadata": {"team": "support"}}
    assert KIND.to_manifest["vault"](live, "other", str).spec["name"] == "crm"
