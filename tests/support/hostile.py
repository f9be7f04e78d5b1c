"""Texts with a special meaning in some format, in every text of plans, results and other reports."""

from typing import Any, get_args

from reconciler.applying.model import ApplyResult, Note, Outcome
from reconciler.importing.inventory_model import Filter, Inventory, Item, NotRead
from reconciler.manifests.drafts import Draft
from reconciler.migration.model import Entry, Export, Migrated, Migration, Outcome as MappingOutcome
from reconciler.planning.model import (
    SECTIONS,
    Change,
    Costs,
    FieldChange,
    Plan,
    Refusal,
    Risk,
    Source,
    Unknown,
    Unmanaged,
)
from reconciler.planning.reasons import Cause, Notice, Reason, Remedy
from reconciler.planning.referrers import Foreign, PeerObject, Referrer
from reconciler.releases.comparison import Comparison, FileChange, ObjectChange, ValueChange, VariableChange
from reconciler.resources.address import Address
from reconciler.resources.problems import Place, Problem

FLOW = Address("pipeline", "flow")
VALUES = (
    "<script>alert(1)</script>",
    "</style></title><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "--><b>out</b><!--",
    "</summary></details><h1>Safe</h1>",
    "[click](https://evil.example/x) ![pixel](https://evil.example/p.png)",
    "https://evil.example www.evil.example mail@evil.example",
    "@everyone #123 GH-7 octo/repo#9 deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
    "`` ` ``` ```` `````",
    "\n```\n# out of the fence\n~~~\n",
    "\n\n# Heading\n- [ ] task\n> quote\n| a | b |\n---\n===\n1. one",
    "*bold* _it_ ~~gone~~ $x$ :tada: \\* &lt; &#64;team &commat;team",
    '"]; click n0 "javascript:alert(1)"; end; %%{init: {}}%% subgraph x',
    "\x1b[31mred\x1b[2J\x1b]8;;https://evil.example\x07link\x9b2J",
    "::set-output name=digest::evil",
    "\n::error file=a.py,line=1::out\n  ::stop-commands::x\n##[error]old",
    "abc\u202egnp.exe\u2066 \u200b\u00ad\ufeff\U000e0041",
    "\r\n\x00\x08\ud800",
    "{{constructor}} ${7*7} <%= 1 %> {% x %}",
    "x" * 3000,
    "word " * 600,
)


def plan_of(value: str, **more) -> Plan:
    """Return a plan with `value` in every text."""
    fields = (
        FieldChange(("instructions",), f"before\n{value}\nafter", f"before\nafter {value}", "manifest"),
        FieldChange(("metadata", value), value, "other", "both"),
        FieldChange((value, "long"), "", "\n".join([value, *map(str, range(40))]), "manifest"),
        FieldChange(("tools",), {value: [value]}, {value: [value, value]}, "unknown"),
    )
    file = f"file/{value}"
    risk = Risk("guardrail-removed", "high", file, "update", {"sentence": value, "more": 1}, used_by=f"release/{value}")
    reasons = (Reason("moved", {"former": value}), Reason("immutable", {"fields": [value]}))
    told: Any = {"reasons": reasons, "risks": (risk,), "source": Source(value, 1)}
    twice: Any = {"ids": ["w1", "w2"], "objects": [{"id": "w1", "name": value, "in_state": True}] * 2}
    automation = Foreign("automation", value, value)
    return Plan(
        "acme/production",
        (
            Change("assistant/triage", "update", fields, **told),
            Change(file, "create", (FieldChange(("name",), None, value, "manifest"),), **told),
            *(Change(f"file/kb/{value}{number}", "create") for number in range(12)),
            Change("assistant/gone", "delete", id="agent_9", name=value),
            *(Change(f"file/old/{value}{number}", "delete", id=f"file_{number}", name=value) for number in range(12)),
        ),
        drift=(
            Change("assistant/billing", "update", fields, decision="keep", **told),
            Change(f"file/{value}@hand", "create", decision="revert", **told),
        ),
        refusals=(
            Refusal(
                file,
                "delete",
                "referenced",
                Cause("duplicate-used", {"id": value, "address": file, "user": value}),
                sections=dict.fromkeys(
                    SECTIONS,
                    (
                        Referrer(automation, place="live"),
                        Referrer(PeerObject(value, value), place="state"),
                        Referrer(Address("file", value), "published", value),
                    ),
                ),
                chains=((Referrer(automation), Referrer(FLOW, place=value), Referrer(Address("file", value))),),
                remedies=(Remedy("repoint-referrers", {"names": [value] * 5}), Remedy("text", {"text": value})),
                consent=f"kind: Consent\nmetadata: {{name: x}}\nreason: {value}\n",
            ),
        ),
        unmanaged=(Unmanaged(value, "agent_1", value),),
        warnings=(
            Notice("text", {"text": value}),
            Notice("files-not-in-manifest", {"files": [value]}, file),
            Notice("model-unlisted", {"model": value, "similar": [value]}),
            Notice("same-label", {**twice, "address": file}, file),
        ),
        requests={value: 3},
        references=((FLOW, Address("file", value)), (automation, Address("assistant", "triage"))),
        risks=(risk,),
        costs=Costs(
            *(value, (1, 2), (0.0, 0.1)),
            growth=((file, 1),),
            paid=((file, value, 2.5),),
            unused=((file, None),),
            unknown=(Unknown("storage", (value,)),),
        ),
        commit=value,
        created_at=value,
        digest="sha256:" + "0" * 64,
        **more,
    )


def result_of(value: str) -> ApplyResult:
    """Return a result with `value` in every text."""
    notes = (Note("upload-held", {"type": value, "id": value}),)
    problem = Problem("rate-limit", f"failed: {value}", Place(value, 1), hint=value)
    return ApplyResult(
        "acme/production",
        "sha256:" + "0" * 64,
        (
            Outcome(f"file/{value}", "create", "done", id=value, notes=notes),
            Outcome("assistant/triage", "update", "failed", problem=problem),
            Outcome("assistant/billing", "update", "skipped", because_of=f"file/{value}"),
            Outcome(f"file/{value}2", "delete", "not-started", deleted="file_2", name=value),
        ),
        kept=(Change(f"file/{value}3", "update", decision="keep"),),
        requests={value: 2},
        resume=f"reconciler apply {value}",
        found=(f"file/{value}4",),
    )


def inventory_of(value: str) -> Inventory:
    """Return an inventory with `value` in every text."""
    item = Item(value, value, value, "ours", value, value, 1, 0.0, 0.0, 0.1, value, (value, value), False, False, value)
    shown: dict[str, Any] = {"chosen": Filter(unused=True, name=value), "not_read": get_args(NotRead), "undecided": 2}
    return Inventory(value, value, value, value, (item,), (Problem("x", value, hint=value),), **shown)


def comparison_of(value: str) -> Comparison:
    """Return a comparison with `value` in every text."""
    fields = (ValueChange(("instructions", value), f"a\n{value}", value),)
    objects = tuple(ObjectChange(Address("assistant", value), word, fields) for word in ("added", "removed", "changed"))
    files, variables = (FileChange(value, "0" * 64, None),), (VariableChange(value, value, value, "x"),)
    return Comparison(value, value, value, objects, files, variables)


def migration_of(value: str) -> Migration:
    """Return a migration with `value` in every text."""
    outcomes: tuple[MappingOutcome, ...] = ("mapped", "changed", "lost")
    entries = tuple(Entry(value, outcome, value, value, value) for outcome in outcomes)
    export = Export("assistant", {"id": value, "name": value}, Place(value, 1))
    drafts = (Draft("Assistant", value, {}), None)
    found = tuple(Migrated(export, value, draft, entries, threads=value, runs=value) for draft in drafts)
    return Migration("responses", found, (Problem("x", value, Place(value, 1), hint=value),), (value,))
