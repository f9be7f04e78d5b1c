"""Tests of documents in outlets, including documents that cannot be read."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
import rfc8785

from reconciler.bundles.publish import read_all
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Address
from tests.support.world import is_silent, manifest, told, world

BOT = Address("chatbot", "bot@working")


def without_chatbot(content: dict[str, Any]) -> None:
    del content["chatbot"]


def with_a_number_for_tools(content: dict[str, Any]) -> None:
    content["chatbot"]["assistant"] = 5


def of_nothing(content: dict[str, Any]) -> None:
    content["address"] = "nothing"


@pytest.mark.parametrize("change", [without_chatbot, with_a_number_for_tools, of_nothing])
def test_a_blob_of_another_shape_is_published_again(tmp_path, change: Callable[[dict[str, Any]], None]):
    with world(tmp_path) as made:
        made.wants(
            manifest("Assistant", "one", {"model": "gpt-6-luna"}), manifest("Chatbot", "bot", {"assistant": "one"})
        )
        made.apply()
        workspace = open_workspace(made.root, made.environ)
        outlet, identity = workspace.built_in_outlet, str(workspace.identity)
        found = read_all(outlet, workspace.identity)[BOT]
        assert found.pointer is not None
        content = json.loads(json.dumps(found.content))
        change(content)
        data = rfc8785.dumps(content)
        digest = hashlib.sha256(data).hexdigest()
        outlet.write(f"{identity}/blobs/{digest}.json", data)
        outlet.write(f"{identity}/{BOT}.json", rfc8785.dumps(found.pointer.document() | {"blob": f"sha256:{digest}"}))
        plan = made.plan()
        assert (told(plan.changes), len(plan.drift)) == ([], 1)
        made.apply()
        assert is_silent(made.plan())
