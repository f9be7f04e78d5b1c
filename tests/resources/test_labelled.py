import pytest

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Labels, Live
from reconciler.resources.labelled import address_of, can_label, is_mislabelled, labelled_address
from reconciler.resources.registry import resource_types
from reconciler.resources.resource_type import ResourceType
from tests.support.labels import WRONG

ACME = Identity("acme")
LAMP = ResourceType("lamp", canonical=lambda _name, value: value, render=dict, defaults={})


def labelled(type_, address, identity="acme"):
    return Live(type_, "id_1", {}, Labels(identity, address))


@pytest.mark.parametrize(
    ("type_", "address"),
    [
        ("agent", "assistant/triage"),
        ("agent", "assistant/triage@support.3"),
        ("vector_store", "vectorstore/kb"),
        ("vector_store", "vectorstore/kb@0123456789ab"),
    ],
)
def test_label_with_an_address_of_the_type_counts(type_, address):
    live = labelled(type_, address)
    assert labelled_address(live, resource_types(), ACME) == Address.parse(address)
    assert not is_mislabelled(live, resource_types(), ACME)


@pytest.mark.parametrize(("type_", "address"), WRONG)
def test_label_that_the_type_cannot_have_does_not_count(type_, address):
    live = labelled(type_, address)
    assert labelled_address(live, resource_types(), ACME) is None
    assert address_of(live, resource_types()) is None
    assert is_mislabelled(live, resource_types(), ACME)


def test_label_of_another_identity_is_not_ours_and_not_mislabelled():
    for address in ("assistant/triage", "chatbot/bot"):
        live = labelled("agent", address, "globex")
        assert labelled_address(live, resource_types(), ACME) is None
        assert not is_mislabelled(live, resource_types(), ACME)
    assert address_of(labelled("agent", "assistant/triage", "globex"), resource_types())


def test_object_without_a_label_is_not_mislabelled():
    live = Live("agent", "agent_1", {})
    assert labelled_address(live, resource_types(), ACME) is None
    assert not is_mislabelled(live, resource_types(), ACME)


@pytest.mark.parametrize("identity", ["state", "content", "document"])
def test_type_that_is_not_labelled_can_have_no_label(identity):
    types = [one for one in resource_types().values() if one.identity == identity]
    assert not any(can_label(one, Address(one.address_kind, "a")) for one in types)


def test_type_whose_objects_are_not_copied_by_releases_has_no_copy_on_its_label():
    assert can_label(LAMP, Address("lamp", "desk"))
    assert not any(can_label(LAMP, Address("lamp", name)) for name in ("desk@bot.1", "desk@0123456789ab"))
