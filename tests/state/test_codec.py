import json
import re
from dataclasses import replace

import pytest
from hypothesis import given

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied, Verified
from reconciler.resources.guard_settings import GuardSettings
from reconciler.state import lock, snapshots
from reconciler.state.codec import (
    decode_merged,
    decode_segment,
    decode_state,
    encode_merged,
    encode_segment,
    encode_state,
)
from reconciler.state.documents import StateFormatError
from reconciler.state.model import AppliedPlan, Completed, Destruction, Intent, Snapshot, State, Stored, Written
from reconciler.state.segments import RunBegun, RunProgress, Segment, StateReplaced, replay
from tests.state.stores import MemoryStore
from tests.support.state_values import begun, progress

ACME = Identity("acme", "production")
TRIAGE = Address("assistant", "triage")
HOURS = {"filename": "hours.pdf", "bytes": 12, "sha256": "00"}
EXAMPLE = Snapshot(
    State(
        identity=ACME,
        openai_project="proj_1",
        objects={
            TRIAGE: Applied("agent_1", "agent", {"model": "gpt-6-luna", "name": "Grüße"}),
            Address("vectorstore", "kb"): Applied("vs_1", "vector_store", {}, keep=True),
            Address("credential", "jira"): Applied(
                "cred_1", "credential", {}, write_only={"generation": "sha256:2"}, protected=True
            ),
        },
        plans={"sha256:1": AppliedPlan("sha256:1", "run-1", 100.5, "ann", finished=101.0, outcome="partial")},
        tombstones=frozenset({Address("release", "support@1")}),
    ),
    pending=(Intent(Address("file", "kb/hours.pdf"), "file", HOURS, 100.5),),
    position=7,
    run="run-1",
    stored=Stored("version-1"),
)


def test_superseded_intents_and_doubtful_completions_are_optional_in_documents():
    assert "superseded" not in encode_state(EXAMPLE).decode()
    late = replace(EXAMPLE, superseded=(Intent(TRIAGE, "agent", {"identity": "acme/production"}, 100.5),))
    assert decode_state(encode_state(late), ACME, "state.json", "version-1").superseded == late.superseded
    doubtful = Completed(TRIAGE, EXAMPLE.state.objects[TRIAGE], is_doubtful=True)
    for completed in (doubtful, replace(doubtful, is_doubtful=False)):
        segment = RunProgress("run", (completed,))
        assert ("is_doubtful" in encode_segment(segment).decode()) == completed.is_doubtful
        assert decode_segment(encode_segment(segment), "1.json") == segment


def test_encode_state_writes_one_object_a_line():
    assert encode_state(EXAMPLE).decode() == (
        """\
{
  "format": "reconciler/state/v1",
  "identity": "acme/production",
  "openai_project": "proj_1",
  "position": 7,
  "run": "run-1",
  "plans": [
    {"commit": "", "digest": "sha256:1", "finished": 101.0, "holder": "ann", "outcome": "partial", "run": "run-1","""
        """ "run_url": "", "started": 100.5, "summary": ""}
  ],
  "tombstones": [
    "release/support@1"
  ],
  "pending": [
    {"address": "file/kb/hours.pdf", "marker": {"bytes": 12, "filename": "hours.pdf", "sha256": "00"},"""
        """ "started": 100.5, "type": "file"}
  ],
  "objects": {
    "assistant/triage": {"fields": {"model": "gpt-6-luna", "name": "Grüße"}, "id": "agent_1","""
        """ "type": "agent"},
    "credential/jira": {"fields": {}, "id": "cred_1", "protected": true, "type": "credential","""
        """ "write_only": {"generation": "sha256:2"}},
    "vectorstore/kb": {"fields": {}, "id": "vs_1", "keep": true, "type": "vector_store"}
  }
}
"""
    )


def test_state_round_trips():
    decoded = decode_state(encode_state(EXAMPLE), ACME, "state.json", "version-1")
    assert decoded == EXAMPLE
    assert decoded.stored == Stored("version-1", size=len(encode_state(EXAMPLE)), position=7)


def test_outlets_and_environments_round_trip():
    outlets = {"build/b": {"chatbot/support": "h1"}, "s3://bucket/b": dict[str, str]()}
    state = replace(EXAMPLE.state, outlets=outlets, environments=("staging",))
    assert decode_state(encode_state(replace(EXAMPLE, state=state)), ACME, "state.json", "1").state == state
    assert (EXAMPLE.state.outlets, EXAMPLE.state.environments) == (None, None)


def test_guard_settings_are_optional_and_round_trip_without_defaults():
    assert "settings" not in encode_state(EXAMPLE).decode()
    for settings in (
        GuardSettings(),
        GuardSettings("proj_1", 0, 4, 2.5, True, 0.1, 0, {"globex": None, "lab": "git:x"}),
    ):
        state = replace(EXAMPLE.state, settings=settings)
        assert decode_state(encode_state(replace(EXAMPLE, state=state)), ACME, "state.json", "1").state == state
        segment = RunProgress("run", settings=settings)
        assert decode_segment(encode_segment(segment), "1.json") == segment
    assert json.loads(encode_segment(RunProgress("run", settings=GuardSettings(max_deletes=0))))["settings"] == {
        "max_deletes": 0
    }


def test_settings_stay_until_a_run_records_others():
    first, second = GuardSettings(max_deletes=1), GuardSettings(strict=True)
    runs: list[Segment] = [RunBegun("run"), RunProgress("run", settings=first), RunBegun("2"), RunProgress("2")]
    assert replay(EXAMPLE, runs).state.settings == first
    assert replay(EXAMPLE, [*runs, RunProgress("2", settings=second)]).state.settings == second
    assert replay(EXAMPLE, [*runs, RunProgress("run", settings=second)]).state.settings == first


def test_removed_outlets_and_environments_stay_until_they_are_forgotten():
    begun = RunBegun("run", outlets=("b", "c"), environments=("staging", "production"))
    forgot = [Completed(Address("outlet", "b"), None), Completed(Address("environment", "staging"), None)]
    before, after = (replay(EXAMPLE, [begun, RunProgress("run", tuple(done))]).state for done in ([], forgot))
    assert (before.outlets, before.environments) == ({"b": {}, "c": {}}, ("staging", "production"))
    assert (after.outlets, after.environments) == ({"c": {}}, ("production",))


def test_what_is_written_to_an_outlet_is_forgotten_with_the_outlet():
    both, first = RunBegun("run", outlets=("b", "c")), Written("b", "chatbot/support", "h1")
    wrote = RunProgress("run", written=(first, Written("c", "chatbot/support", "h1"), Written("d", "chatbot/x", "h2")))
    withdrew = RunProgress("run", written=(Written("c", "chatbot/support", None),))
    state = replay(EXAMPLE, [both, wrote, withdrew]).state
    assert state.outlets == {"b": {"chatbot/support": "h1"}, "c": {}}
    again = replay(EXAMPLE, [both, wrote, RunBegun("2", outlets=("c",)), RunBegun("3", outlets=("b", "c"))]).state
    assert again.outlets == {"b": {}, "c": {"chatbot/support": "h1"}}


def test_a_state_that_was_written_before_releases_recorded_what_they_hold_is_read():
    release = Address.parse("release/support@1")
    entry = Applied(str(release), "release", {}, holds={"vectorstore/kb": "vs_1"})
    state = replace(EXAMPLE.state, objects={release: entry})
    written = encode_state(replace(EXAMPLE, state=state))
    assert decode_state(written, ACME, "state.json", "1").state == state
    before = written.replace(b'"holds": {"vectorstore/kb": "vs_1"}, ', b"")
    assert b"holds" not in before
    assert decode_state(before, ACME, "state.json", "1").state.objects == {release: replace(entry, holds={})}


def test_a_state_that_was_written_before_objects_had_versions_is_read():
    notes = Address.parse("skill/notes")
    entry = Applied("skill_1", "skill", {}, revision="2-0123abcd")
    written = encode_state(replace(EXAMPLE, state=replace(EXAMPLE.state, objects={notes: entry})))
    assert decode_state(written, ACME, "state.json", "1").state.objects == {notes: entry}
    before = written.replace(b', "revision": "2-0123abcd"', b"")
    assert b"revision" not in before
    assert decode_state(before, ACME, "state.json", "1").state.objects == {notes: replace(entry, revision="")}


@pytest.mark.parametrize(
    "verified",
    [
        Verified("m", "d"),
        Verified("m", "d", ("vectorstore/kb", "file/kb/a b.md"), ("agent_1",)),
        Verified("m", "d", None, ("file-1",)),
    ],
)
def test_digests_of_an_entry_are_optional_and_round_trip(verified):
    triage = Address.parse("assistant/triage")
    entry = Applied("agent_1", "agent", {}, verified=verified)
    written = encode_state(replace(EXAMPLE, state=replace(EXAMPLE.state, objects={triage: entry})))
    assert decode_state(written, ACME, "state.json", "1").state.objects[triage].verified == verified
    before = re.sub(rb', "verified": \{.*?\}', b"", written)
    assert b"verified" not in before
    assert decode_state(before, ACME, "state.json", "1").state.objects[triage].verified is None


def test_a_state_that_was_written_before_there_were_releases_is_read():
    written = encode_state(EXAMPLE).decode().replace(', "summary": ""', "")
    before = re.sub(r'  "tombstones": \[.*?\],\n', "", written, flags=re.DOTALL)
    assert before.count("tombstones") == before.count("summary") == 0
    decoded = decode_state(before.encode(), ACME, "state.json", "version-1").state
    assert decoded.objects == EXAMPLE.state.objects
    assert decoded.plans == EXAMPLE.state.plans


@given(begun | progress)
def test_segments_round_trip(segment):
    assert decode_segment(encode_segment(segment), "1.json") == segment


def test_lone_surrogates_round_trip():
    segment = RunProgress("run", (Completed(TRIAGE, Applied("agent_1", "agent", {"name": "\ud800"})),))
    assert decode_segment(encode_segment(segment), "1.json") == segment


def test_nan_is_rejected():
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_segment(RunProgress("run", (Completed(TRIAGE, Applied("agent_1", "agent", {"top_p": float("nan")})),)))


def edited(**changes: object) -> bytes:
    return json.dumps({**json.loads(encode_state(EXAMPLE)), **changes}).encode()


def with_fields(type_: str, **fields: object) -> bytes:
    return edited(objects={"assistant/triage": {"id": "id_1", "type": type_, "fields": fields}})


def with_marker(type_: str, **marker: object) -> bytes:
    return edited(pending=[{"address": "assistant/triage", "type": type_, "started": 1, "marker": marker}])


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        (b"", "state-damaged", "memory/state/acme/production/state.json:1:1: .*not valid JSON"),
        (b'{\n<<<<<<< HEAD\n"a": 1}', "state-damaged", "state.json:2:1: .*not valid JSON"),
        (b"\xff\xfe{}", "state-damaged", "not valid JSON"),
        (b"[" * 100_000, "state-damaged", "not valid JSON"),
        (b"[]", "state-damaged", "not a document in the format reconciler/state/v1"),
        (b'{"version": 4, "resources": []}', "state-damaged", "not a document in the format"),
        (edited(format="reconciler/plan/v1"), "state-damaged", "not a document in the format"),
        (edited(format="reconciler/state/v3"), "state-newer", r"newer version of Reconciler \(reconciler/state/v3\)"),
        (edited(identity="acme/staging"), "state-foreign", "the state of 'acme/staging', not of acme/production"),
        (edited(objects=None), "state-damaged", "damaged: "),
        (edited(objects={"triage": {}}), "state-damaged", "'triage' is not a valid address"),
        (edited(objects={"assistant/triage": {"id": "agent_1"}}), "state-damaged", "'type' is missing"),
        (
            edited(objects={"assistant/triage": {"id": "", "type": "agent", "fields": {}}}),
            "state-damaged",
            "id is empty",
        ),
        (edited(objects={"assistant/triage": 1}), "state-damaged", "damaged: "),
        (with_fields("agent", model={"$address": "a"}), "state-damaged", "'a' is not a valid address"),
        (
            with_fields("agent", model={"$address": "a"}).replace(b"$", b"\\u0024"),
            "state-damaged",
            "'a' is not a valid address",
        ),
        (
            with_fields("agent", model={"$address": "a"}).decode().encode("utf-16"),
            "state-damaged",
            "'a' is not a valid address",
        ),
        (with_fields("agent", metadata="gold"), "state-damaged", "expected dict, got 'gold'"),
        (with_fields("file", sha256={"$address": "file/a"}), "state-damaged", "expected str, got {"),
        (with_fields("file", sha256=None), "state-damaged", "expected str, got None"),
        (with_fields("vector_store", files={"kb/a.md": []}), "state-damaged", r"expected dict, got \[\]"),
        (with_fields("vector_store", files={"kb/a.md": {"sha256": 1}}), "state-damaged", "expected str, got 1"),
        (edited(position="7"), "state-damaged", "expected int, got '7'"),
        (edited(plans=[{"digest": "sha256:1"}]), "state-damaged", "'outcome' is missing"),
        (edited(pending=[{"address": 1}]), "state-damaged", "damaged: "),
        (with_marker("file", filename="a.md", bytes=1), "state-damaged", "'sha256' is missing"),
        (with_marker("file", filename="a.md", bytes=1, sha256=[]), "state-damaged", "expected str as 'sha256'"),
        (with_marker("agent", fields=1), "state-damaged", "expected dict as 'fields', got 1"),
        (with_marker("vector_store", parts=[{}]), "state-damaged", "expected a list of texts as 'parts'"),
        (with_marker("chatbot", bundle={}), "state-damaged", "expected str as 'bundle'"),
    ],
)
def test_decode_invalid_state_is_an_error_with_hint(data, code, message):
    store = MemoryStore()
    store.create("state/acme/production/state.json", data)
    with pytest.raises(StateFormatError, match=message) as error:
        snapshots.read(store, ACME)
    (problem,) = error.value.problems
    assert problem.code == code
    assert problem.hint


def test_a_damaged_segment_is_an_error_that_names_it():
    store = MemoryStore()
    store.create("state/acme/production/journal/00000001.json", b"{}")
    with pytest.raises(StateFormatError, match=r"journal/00000001.json:1:1: .*reconciler/journal/v1"):
        snapshots.read(store, ACME)


def test_missing_segment_is_an_error():
    store = MemoryStore()
    store.create("state/acme/production/journal/00000002.json", encode_segment(RunBegun("run")))
    with pytest.raises(StateFormatError, match="segments between 0 and 2 of its journal are missing"):
        snapshots.read(store, ACME)


def test_a_damaged_lock_is_an_error_and_is_not_taken():
    store = MemoryStore()
    store.create("state/acme/production/lock.json", b'{"format": "reconciler/lock/v1", "token": "a", "holder": []}')
    with pytest.raises(StateFormatError, match=r"lock.json:1:1"):
        lock.acquire(store, ACME, lock.this_process({}))


MARK = Destruction(100.5, "ann", 101.0, frozenset({Address("release", "support@1")}))


@pytest.mark.parametrize("mark", [MARK, replace(MARK, finished=None, tombstones=frozenset())])
def test_the_mark_of_a_destroyed_environment_is_read_back_from_a_format_of_its_own(mark):
    marked = replace(EXAMPLE, state=replace(EXAMPLE.state, destruction=mark))
    data = encode_state(marked)
    assert json.loads(data)["format"] == "reconciler/state/v2"
    assert decode_state(data, ACME, "state.json", "version-1").state == marked.state
    for segment in (
        StateReplaced("run", marked.state),
        RunBegun("run", destroys=True),
        RunProgress("run", destroyed=True),
    ):
        assert json.loads(encode_segment(segment))["format"] == "reconciler/journal/v2"
        assert decode_segment(encode_segment(segment), "1.json") == segment
    merged: list[Segment] = [RunBegun("run"), RunProgress("run", destroyed=True)]
    assert json.loads(encode_merged(merged))["format"] == "reconciler/journal-merged/v2"
    assert decode_merged(encode_merged(merged), 2, "1-2.json") == merged


def test_a_destroy_keeps_the_mark_of_its_first_run_and_the_releases_archived_before():
    plan = AppliedPlan("sha256:2", "run-2", 200.0, "ben")
    begun = RunBegun("run-2", plan=plan, destroys=True)
    archived = RunProgress("run-2", (Completed(Address("release", "support@2"), None),))
    state = replay(EXAMPLE, [begun, archived, replace(begun, run="run-3", plan=replace(plan, run="run-3"))]).state
    assert state.destruction == Destruction(200.0, "ben", None, EXAMPLE.state.tombstones)
    ended = RunProgress("run-3", plan=replace(plan, run="run-3", finished=300.0), destroyed=True)
    again = replay(EXAMPLE, [begun, archived, replace(begun, run="run-3"), ended]).state
    assert again.destruction == Destruction(200.0, "ben", 300.0, EXAMPLE.state.tombstones)
