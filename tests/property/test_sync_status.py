"""`status` and `drift` agree on every assistant, and an oracle knows which live edits concern it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import given, settings, strategies as st

from reconciler.planning.drift import drift_report
from reconciler.project.status import object_statuses
from tests.support.plan_inputs import Worlds, entry, ref, sha

STORES: Final = ("vectorstore/faq", "vectorstore/kb")
ASSISTANTS: Final = ("assistant/billing", "assistant/clerk", "assistant/triage")
PATHS: Final = ("kb/a.md", "kb/b.md", "kb/c.md")
DATA: Final = ("data/s.csv", "data/t.csv")
NO_TEXT: Final = {"code": "unsupported_file", "message": "No text in it."}
LOST, FAILING, FOREIGN, GONE = "lost", "failing", "foreign", "gone"


@dataclass(frozen=True)
class Edits:
    """What the assistants use, and what was changed at OpenAI."""

    searched: dict[str, str]
    """The store of each assistant."""
    calculates: dict[str, str]
    """The data file of each assistant that has one."""
    edited: frozenset[str]
    """Assistants whose text was changed."""
    stores: dict[str, dict[str, str]]
    """What happened to the files of each store, by path; `foreign` under an id."""
    gone: frozenset[str]
    """Stores and data files that were deleted."""


happened = st.dictionaries(st.sampled_from(PATHS), st.sampled_from([LOST, FAILING]), max_size=2)
theirs = st.dictionaries(st.sampled_from(["file-8", "file-9"]), st.just(FOREIGN), max_size=2)
edits = st.builds(
    Edits,
    searched=st.dictionaries(st.sampled_from(ASSISTANTS), st.sampled_from(STORES)),
    calculates=st.dictionaries(st.sampled_from(ASSISTANTS), st.sampled_from(DATA)),
    edited=st.frozensets(st.sampled_from(ASSISTANTS), max_size=1),
    stores=st.fixed_dictionaries(
        {}, optional=dict.fromkeys(STORES, st.builds(lambda a, b: {**a, **b}, happened, theirs))
    ),
    gone=st.frozensets(st.sampled_from([*STORES, *DATA]), max_size=1),
)


def concerned(world: Edits, assistant: str) -> bool:
    """Return True if an edit is of this assistant, its store or its data file."""
    store, data = world.searched.get(assistant, ""), world.calculates.get(assistant, "")
    return bool(assistant in world.edited or {store, data} & world.gone or world.stores.get(store))


def files_of(world: Edits, assistant: str) -> tuple[set[str], set[str]]:
    """Return the files that the assistant misses, and those that it finds and no manifest names."""
    store, data = world.searched.get(assistant, ""), world.calculates.get(assistant, "")
    held = dict.fromkeys(PATHS, LOST) if store in world.gone else world.stores.get(store, {})
    missing = {path for path, what in held.items() if what == LOST} | ({data} & world.gone)
    return missing, {id_ for id_, what in held.items() if what == FOREIGN}


def worlds_of(world: Edits) -> Worlds:
    made = Worlds()
    for path in PATHS:
        made.synced_file(path, path)
    for path in DATA:
        (made.want_file(path, path).applied_file if path in world.gone else made.synced_file)(path, path)
    for store in STORES:
        files = {path: entry(path, path) for path in PATHS}
        made.want(store, files=files).applied(store, files=files)
        if store not in world.gone:
            made.live(store, **live_store(world.stores.get(store, {})))
    for id_ in ("file-8", "file-9"):
        made.stranger(id_, type_="file", name=f"{id_}.md")
    for assistant in ASSISTANTS:
        tools: dict[str, Any] = {}
        if searched := world.searched.get(assistant):
            tools["file_search"] = {"type": "file_search", "vector_store_ids": [ref(searched)]}
        if data := world.calculates.get(assistant):
            tools["code_interpreter"] = {"type": "code_interpreter", "file_ids": [ref(f"file/{data}")]}
        fields: dict[str, Any] = {"note": "Be brief.", "tools": tools}
        made.want(assistant, **fields).applied(assistant, **fields)
        made.live(assistant, **(fields | ({"note": "Be rude."} if assistant in world.edited else {})))
    return made


def live_store(happened: dict[str, str]) -> dict[str, Any]:
    ids = {path: f"file_{path.replace('/', '-').replace('.', '-')}" for path in PATHS}
    held = {ids[path]: {"sha256": sha(path), "attributes": {}} for path in PATHS if path not in happened}
    failed = {ids[path]: NO_TEXT for path, what in happened.items() if what == FAILING}
    extra: dict[str, Any] = {id_: {} for id_, what in happened.items() if what == FOREIGN}
    return {"files": held, "detail": {"failed_files": failed, "unmanaged_files": extra}}


def test_status_and_drift_agree_on_every_assistant():
    seen: Counter[str] = Counter()

    @settings(max_examples=400, deadline=None)
    @given(edits)
    def agree(world: Edits) -> None:
        planned = worlds_of(world).planned()
        report = drift_report(planned)
        rows = {one.address: one for one in object_statuses(planned, report)}
        assert [one.address for one in report.assistants] == list(ASSISTANTS)
        for one in report.assistants:
            is_concerned = concerned(world, one.address)
            assert (one.in_sync, rows[one.address].in_sync) == (not is_concerned, not is_concerned)
            missing, foreign = files_of(world, one.address)
            assert {file.file for file in one.missing} == missing
            assert {file.file for file in one.foreign} == foreign
            assert all(file.tool for file in (*one.missing, *one.foreign))
            seen.update({"in sync": one.in_sync, "missing": bool(missing), "foreign": bool(foreign)})
        assert report.in_sync is not any([world.edited, world.gone, *world.stores.values()])

    agree()
    assert min(seen[word] for word in ("in sync", "missing", "foreign")) > 20
