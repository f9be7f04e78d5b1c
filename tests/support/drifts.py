"""Drift reports for the tests of reports."""

from datetime import date

from reconciler.planning.drift import Drifted, DriftReport, RetiringModel
from reconciler.planning.model import FieldChange, Plan
from reconciler.planning.sync_status import FailingFile, SyncStatus
from reconciler.planning.tool_files import SIDES, ForeignFile, ToolFile, ToolStore
from reconciler.planning.writers import Seen, Writer
from reconciler.project.status import ObjectStatus, Status
from tests.support.hostile import plan_of
from tests.support.plans import field, plan, update

UNSUPPORTED = ("unsupported_file", "The file type is not supported.")
FAILING = FailingFile("vectorstore/handbook", "kb/a.md", *UNSUPPORTED)
SOON = RetiringModel("gpt-5", date(2026, 12, 11), False, ("assistant/triage", "assistant/triage@support.3"))
GONE = RetiringModel("gpt-4", date(2026, 10, 23), True, ("assistant/billing",))
AT_NIGHT = Seen(1_795_214_040.0, (("model", "outside"),))
HAND = update(field("model", "gpt-5", "gpt-6", "drift"), decision="revert", id="agent_1")
THEIRS = ForeignFile("vectorstore/handbook", "file-9", "theirs.md")
LOST = ToolFile("code_interpreter", None, "data/rates.csv")
FOUND = ToolFile("file_search", THEIRS.store, THEIRS.file, THEIRS.name, True)
IN_SYNC = SyncStatus("assistant/billing", id="agent_2")
NEW = ToolFile("file_search", "vectorstore/handbook", "kb/new.md")
SECOND = ToolStore("file_search", "vs_9", "Second", "foreign", 0)
EDIT = update(field("name", "a", "b"), address="assistant/triage")


TRIAGE = SyncStatus(
    "assistant/triage",
    (HAND,),
    (FAILING,),
    True,
    (LOST,),
    (FOUND,),
    id="agent_1",
    edits=(EDIT,),
    added=(NEW,),
    stores=(SECOND,),
)
"""An assistant with a difference of every sort."""


def report(made: Plan, **more) -> DriftReport:
    """Return a report of the drift in a plan, without its consequences."""
    found = (Drifted(change, Seen()) for change in made.drift if not change.is_consequence)
    return DriftReport(made, tuple(found), **{"pending": len(made.changes), **more})


def everything() -> DriftReport:
    """Return a report with an entry in every section."""
    return DriftReport(
        plan(drift=(HAND,), unchanged=7),
        (Drifted(HAND, AT_NIGHT),),
        (FAILING,),
        (GONE, SOON),
        (IN_SYNC, TRIAGE),
        foreign=(THEIRS,),
    )


def report_of(value: str) -> DriftReport:
    """Return a report with `value` in every text."""
    made = plan_of(value)
    by: tuple[tuple[str, Writer], ...] = (("instructions", "outside"), (value, "unknown-run"))
    drifted = tuple(Drifted(change, Seen(0.0, by)) for change in made.drift)
    failing = (
        FailingFile(f"vectorstore/{value}", value, value, value),
        FailingFile("vectorstore/handbook", value, "", ""),
    )
    retiring = (RetiringModel(value, date(2026, 12, 11), False, (f"assistant/{value}",)),)
    files = (ToolFile(value, value, value, value), ToolFile(value, None, value))
    stores = tuple(ToolStore(value, value, value, side, None) for side in SIDES)
    everywhere = SyncStatus(
        f"assistant/{value}",
        made.drift,
        failing,
        True,
        files,
        files,
        id=value,
        edits=made.changes,
        added=files,
        removed=files,
        stores=stores,
    )
    assistants = (everywhere, SyncStatus(value, (), (), True, id=value))
    return DriftReport(made, drifted, failing, retiring, assistants, 3, (ForeignFile(value, value, value),))


def many(number: int) -> DriftReport:
    """Return a report of `number` assistants with changed instructions, and as many in sync."""
    text = "\n".join(f"Rule {line}: be kind." for line in range(60))
    edit: FieldChange = field("instructions", f"{text} Now.", text, "drift")
    changed = [update(edit, address=f"assistant/a{index}") for index in range(number)]
    differs = tuple(SyncStatus(change.address, (change,), (), False) for change in changed)
    others = tuple(SyncStatus(f"assistant/b{index}", (), (), False) for index in range(number))
    return report(plan(drift=tuple(changed)), assistants=(*differs, *others))


def status_of(*assistants: SyncStatus, chosen: bool = True, endpoint: str = "embedded") -> Status:
    """Return the status of assistants that were asked for."""
    objects = tuple(ObjectStatus(one.address, one.id, one.edits, one.differs, sync=one) for one in assistants)
    addresses = frozenset(one.address for one in assistants) if chosen else frozenset[str]()
    return Status("acme/production", endpoint, None, None, objects, assistants=assistants, chosen=addresses)
