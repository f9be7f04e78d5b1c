from dataclasses import replace

from reconciler.resources.address import Address
from reconciler.resources.kinds.file import RESOURCE_TYPE, file_object


def test_a_file_is_known_by_its_path_and_compared_by_its_content(folder, scope):
    local = folder.add("kb/hours.pdf", "Mon-Fri")
    wanted = file_object(local, scope)
    assert wanted.address == Address("file", "kb/hours.pdf")
    assert wanted.fields == {"sha256": local.sha256, "purpose": "assistants"}
    assert wanted.parts == (local,)


def test_new_bytes_need_a_new_upload():
    assert {"sha256", "purpose"} <= RESOURCE_TYPE.immutable


def test_a_file_that_a_store_holds_keeps_the_name_that_searches_cite(folder, scope):
    local = folder.add("kb/hours.pdf")
    held = replace(scope, attached=frozenset({"kb/hours.pdf"}))
    assert file_object(local, held).upload_name == "hours.pdf"


def test_any_other_file_carries_its_content_in_its_name(folder, scope):
    local = folder.add("data/tariffs.2026.csv")
    assert file_object(local, scope).upload_name == f"tariffs.2026.{local.sha256[:12]}.csv"
