"""Tests of the declarations of resource types and of their derived properties."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.live.bodies import canonical
from reconciler.manifests import load
from reconciler.resources.address import Address
from reconciler.resources.kinds.assistant import AGENT, REQUEST
from reconciler.resources.kinds.vector_store import VECTOR_STORE
from reconciler.resources.registry import members, resource_types, upload_kinds, upload_types
from reconciler.resources.resource_type import SecretError, check_secrets
from reconciler.resources.values import reference

FILES: Any = {
    "kb/a.md": {"file": reference("file/kb/a.md"), "sha256": "aa"},
    "file-9": {"file": "file-9", "attributes": {"x": 1}},
}


class TestMembers:
    def test_those_in_the_field(self):
        held = members()["files"]
        assert held.of({"files": FILES}) == FILES
        assert (held.of({}), held.of(None), held.of({"files": None})) == ({}, {}, {})

    def test_which_are_marked_and_which_others_attached(self):
        held = members()["files"]
        assert [held.is_marked(entry) for entry in FILES.values()] == [True, False]
        assert held.unmarked({"files": FILES}) == {"file-9"}

    def test_what_each_refers_to(self):
        held = members()["files"]
        assert [held.target(entry) for entry in FILES.values()] == [Address("file", "kb/a.md"), None]

    def test_as_listed_is_the_inverse_of_localise(self):
        listed = VECTOR_STORE.as_listed({"files": FILES}, lambda address: f"id of {address}")
        assert [*listed["files"]] == ["id of file/kb/a.md", "file-9"]
        addresses = {"id of file/kb/a.md": ["file/kb/a.md"]}
        assert VECTOR_STORE.localise(listed, lambda id_: addresses.get(id_, []), {"files": FILES})["files"] == FILES


class TestSecrets:
    def test_a_field_that_is_one_may_be_neither_asked_for_nor_kept(self):
        vaulted = replace(AGENT, secret=frozenset({"token"}))
        check_secrets(vaulted, {"name": "x"}, {})
        with pytest.raises(SecretError, match="token of agent"):
            check_secrets(vaulted, {"name": "x"}, {"token": "sk-1"})

    def test_and_is_never_read(self):
        vaulted = replace(AGENT, secret=frozenset({"token"}))
        assert canonical(vaulted, {"name": "x", "token": "sk-1"}, ["name", "token"]) == {"name": "x"}


def test_what_manifests_cannot_read_back_is_declared():
    root = Path(__file__).parents[2] / "manifests"
    loaded = load(root, env="staging")
    wanted = [one for resource in loaded.resources for one in resource.kind.desired(resource, loaded.scope)]
    assert wanted
    for one in wanted:
        type_ = resource_types()[one.type]
        hidden = {name.partition(".")[0] for name in one.write_only}
        assert hidden - {type_.renewed_by} == {name for name, value in one.unreadable.items() if value != {}}
        assert hidden <= type_.write_only


def test_uploads_are_identified_by_content():
    assert (*upload_types(), *upload_kinds()) == ("file", "file")


def test_types_of_one_kind_have_its_addresses():
    assert AGENT.address_kind == REQUEST.address_kind == "assistant"
    assert VECTOR_STORE.address_kind == "vectorstore"


@pytest.mark.parametrize("type_", resource_types().values(), ids=lambda one: one.type)
def test_declarations_fit_together(type_):
    assert type_.creation_only <= type_.write_only
    assert not type_.secret & (type_.write_only | type_.defaults.keys())
    assert not (type_.in_outlets and (type_.paces or type_.members or type_.billed))
    if type_.members:
        assert type_.members.field in type_.apart & type_.owned_by_key
        assert type_.members.kind in upload_kinds()
