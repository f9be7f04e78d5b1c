"""Damaged documents are errors with a message, for every reader of stored documents."""

import hashlib
import json

import pytest

from reconciler import bundles
from reconciler.bundles.bundle import _last_good
from reconciler.migration.exports import find_exports
from reconciler.planning.codec import from_json, to_json
from reconciler.planning.drift_codec import check_drift
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.problems import ReconcilerError
from reconciler.state import lock
from reconciler.state.codec import (
    decode_merged,
    decode_segment,
    decode_state,
    encode_merged,
    encode_moved,
    encode_segment,
    encode_state,
)
from reconciler.state.model import AppliedPlan, Completed, Intent, Snapshot, State, Written
from reconciler.state.segments import RunBegun, RunProgress, StateReplaced
from tests.support.hostile import plan_of
from tests.support.mutations import mutations

OWN = Identity("acme", "prod")
BOT, KB = Address("assistant", "bot"), Address("vectorstore", "kb")
PLAN = AppliedPlan("sha256:1", "run", 1.0, "ci", "", "abc", 2.0, "complete", "1 created")
INTENT = Intent(BOT, "agent", {"name": "bot"}, 1.0)
STATE = State(
    OWN, "proj_1", {KB: Applied("vs_1", "vector_store", {"name": "kb"})}, {PLAN.digest: PLAN}, frozenset({BOT})
)
SEGMENTS = (
    RunBegun("run", (INTENT,), "proj_1", PLAN, ("web",), ("prod",)),
    RunProgress("run", (Completed(KB, STATE.objects[KB]),), (BOT,), PLAN, (INTENT,), (Written("web", "key", "hash"),)),
    StateReplaced("run", STATE, (INTENT,)),
)
LOCK = {
    "format": lock.FORMAT,
    "token": "t",
    "holder": {"name": "n", "host": "h", "machine": lock._machine(), "pid": 1, "run_url": ""},
    "acquired": 1.0,
    "renewed": 2.0,
    "expires": 3.0,
    "released": None,
}
EXPORT = {
    "object": "list",
    "data": [
        {
            "id": "asst_1",
            "object": "assistant",
            "model": "m",
            "tools": [{"type": "file_search"}],
            "metadata": {"a": "b"},
        },
        {"id": "pmpt_1", "object": "prompt", "versions": [{"model": "m", "instructions": "x"}]},
    ],
}
BLOB = {
    "format": "reconciler/bundle/v1",
    "address": "chatbot/bot",
    "release": {"number": 1},
    "chatbot": {"assistant": {"$address": "assistant/bot"}},
    "assistants": {"assistant/bot": {"request": {"model": "m", "tools": [{"ids": [{"$address": "vectorstore/kb"}]}]}}},
    "pipelines": {"pipeline/p": {"nodes": [{"assistant": {"$address": "assistant/bot"}}], "edges": []}},
}


def read_lock(data):
    found = lock._decode(data, "lock.json")
    found.is_free(10.0)
    lock.is_running(found)
    str(lock.locked_error(OWN, found, 10.0))


READERS = {
    "state": (json.loads(encode_state(Snapshot(STATE, (INTENT,)))), lambda data: decode_state(data, OWN, "s", "1")),
    "moved": (json.loads(encode_moved(OWN, "s3://b")), lambda data: decode_state(data, OWN, "s", "1")),
    "begun": (json.loads(encode_segment(SEGMENTS[0])), lambda data: encode_segment(decode_segment(data, "s"))),
    "progress": (json.loads(encode_segment(SEGMENTS[1])), lambda data: encode_segment(decode_segment(data, "s"))),
    "replaced": (json.loads(encode_segment(SEGMENTS[2])), lambda data: encode_segment(decode_segment(data, "s"))),
    "merged": (json.loads(encode_merged(SEGMENTS)), lambda data: decode_merged(data, 3, "s")),
    "lock": (LOCK, read_lock),
    "export": (EXPORT, lambda data: find_exports(data, "export.json")),
}


def check(name, count):
    document, read = READERS[name]
    for data in mutations(document, 1, count):
        try:
            read(data)
        except ReconcilerError:
            continue


@pytest.mark.parametrize("name", READERS)
def test_reader_of_damaged_document_reports_a_problem(name):
    check(name, 150)


@pytest.mark.long
@pytest.mark.parametrize("name", READERS)
def test_reader_of_many_damaged_documents_reports_a_problem(name):
    check(name, 5_000)


@pytest.mark.parametrize("files", [{"kb/a.md": "x"}, {"kb/a.md": None}, {"kb/a.md": []}, ["kb/a.md"], "x"])
def test_state_with_a_file_that_is_no_object_is_damaged(files):
    store = {"id": "vs_1", "type": "vector_store", "fields": {"files": files}}
    document = json.loads(encode_state(Snapshot(STATE, ())))
    (name,) = document["objects"]
    with pytest.raises(ReconcilerError):
        decode_state(json.dumps({**document, "objects": {name: store}}).encode(), OWN, "s", "1")


@pytest.mark.parametrize("number", ["1" + "0" * 400, "NaN", "Infinity", "1e999", "-1e12", "[" * 600 + "]" * 600])
def test_lock_with_impossible_time_is_damaged(number):
    data = json.dumps({**LOCK, "expires": "@"}).replace('"@"', number).encode()
    with pytest.raises(ReconcilerError, match=r"damaged|not valid JSON"):
        read_lock(data)


@pytest.mark.parametrize(
    "change", [{"warnings": [{"code": ["x"], "args": {}}]}, {"requests": 3}, {"references": [[1, {}]]}]
)
def test_plan_with_values_of_another_type_is_not_read(change):
    document = json.loads(json.dumps(to_json(plan_of("x"))))
    with pytest.raises(ReconcilerError):
        from_json({**document, **change})


def test_damaged_drift_document_is_refused_or_returned():
    for data in mutations({"format": "reconciler/drift/v2", "drift": []}, 2, 100):
        try:
            check_drift(json.loads(data))
        except (ReconcilerError, ValueError, RecursionError):
            continue


def publish(folder, data, ids):
    digest = hashlib.sha256(data).hexdigest()
    pointer = {
        "format": "reconciler/pointer/v1",
        "identity": "acme/prod",
        "address": "chatbot/bot",
        "blob": f"sha256:{digest}",
        "ids": ids,
    }
    for key, content in {f"blobs/{digest}": data, "chatbot/bot": json.dumps(pointer).encode()}.items():
        file = folder / "acme/prod" / f"{key}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def load(folder):
    return bundles.load(folder, "acme/prod", "chatbot/bot")


IDS = {"vectorstore/kb": "vs_1"}


@pytest.mark.parametrize("address", [["a"], {"a": 1}, 5, None])
def test_load_of_blob_with_broken_address_returns_last_good_bundle(tmp_path, address):
    publish(tmp_path, json.dumps(BLOB).encode(), IDS)
    good = load(tmp_path)
    publish(tmp_path, json.dumps({**BLOB, "chatbot": {"assistant": {"$address": address}}}).encode(), IDS)
    found = load(tmp_path)
    assert found.stale
    assert found.content == good.content


def check_blobs(folder, count):
    for data in mutations(BLOB, 3, count):
        publish(folder, data, IDS)
        _last_good.clear()
        try:
            bundle = load(folder)
            assert bundle.release is None or bundle.release >= -1
            bundle.request("assistant/bot")
            bundle.pipeline("pipeline/p")
        except bundles.BundleError:
            continue


def test_load_of_damaged_blobs_raises_bundle_errors(tmp_path):
    check_blobs(tmp_path, 150)


@pytest.mark.long
def test_load_of_many_damaged_blobs_raises_bundle_errors(tmp_path):
    check_blobs(tmp_path, 5_000)
