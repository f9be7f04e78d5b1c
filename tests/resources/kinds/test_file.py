from dataclasses import replace

from reconciler.resources.address import Address
from reconciler.resources.kinds.file import RESOURCE_TYPE, file_object


def test_file_has_the_address_of_its_path_and_the_hash_of_its_content(folder, scope):
    local = folder.add("kb/hours.pdf", "Mon-Fri")
    wanted = file_object(local, scope)
    assert wanted.address == Address("file", "kb/hours.pdf")
    assert wanted.fields == {"sha256": local.sha256, "purpose": "assistants"}
    assert wanted.parts == (local,)


def test_changed_content_requires_a_new_upload():
    assert {"sha256", "purpose"} <= RESOURCE_TYPE.immutable


def test_upload_of_a_store_keeps_the_name_of_the_file(folder, scope):
    local = folder.add("kb/hours.pdf")
    held = replace(scope, attached=frozenset({"kb/hours.pdf"}))
    assert file_object(local, held).upload_name == "hours.pdf"


def test_other_upload_has_its_digest_in_the_name(folder, scope):
    local = folder.add("data/tariffs.2026.csv")
    assert file_object(local, scope).upload_name == f"tariffs.2026.{local.sha256[:12]}.csv"
