"""Every code has a sentence, in which every argument is said."""

from collections.abc import Mapping
from functools import partial
from typing import Any, get_args

import pytest

from reconciler.applying.model import NoteCode
from reconciler.planning.model import Refusal, Risk, Unknown
from reconciler.planning.reasons import Cause, CauseCode, Notice, NoticeCode, Reason, ReasonCode, Remedy, RemedyCode
from reconciler.planning.referrers import Foreign, PeerObject, Referrer
from reconciler.reports.wording import (
    cause_text,
    notice_text,
    place_text,
    reason_text,
    referrer_text,
    refusal_problem,
    remedies_text,
    remedy_text,
    risk_note,
    risk_text,
    unknown_text,
)
from reconciler.reports.wording.changes import NOTES, REASONS
from reconciler.reports.wording.notices import NOTICES
from reconciler.reports.wording.phrases import Phrase, sentence
from reconciler.reports.wording.refusals import CAUSES
from reconciler.reports.wording.remedies import REMEDIES, Step, Way, ways_out
from reconciler.reports.wording.risks import RISK_TEXTS
from reconciler.resources.address import Address
from reconciler.resources.risks import RISKS
from tests.support.commands import commands, lacking_environment

PERMISSION = {"consent": "spring", "until": "2026-11-28", "why": "the clean-up"}
PERMITTED = "permitted by consent/spring until 2026-11-28: the clean-up"
PLACED = {"place": "a.yaml:4", "consent": "spring"}
OBJECTS = [{"id": "w1", "name": "Lamp", "in_state": True}, {"id": "w2", "name": "", "in_state": False}]
OTHER = {"address": "assistant/desk", "id": "agent_1", "name": "Desk", "lineage": "0123456789abcdef", "in_state": False}
OTHERS = {"identity": "acme", "objects": [OTHER], "documents": ["chatbot/support"]}
BREAK = {"at": "size", "change": "removed"}
ARGUMENTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "reasons": {
        "text": {"text": "old"},
        "deleted-live": {"id": "agent_1"},
        "expired": {},
        "expired-or-deleted": {"id": "vs_1", "days": 7},
        "listed-deleted": {"id": "file-1", "stores": ["vectorstore/kb"]},
        "file-deleted": {"files": ["kb/a.md"]},
        "type-changes": {"live": "agent", "desired": "request"},
        "content-changed": {},
        "still-indexing": {"files": ["kb/a.md"]},
        "next-runs": {"times": ["2026-11-30T03:00:00+00:00", "2026-12-01T03:00:00+00:00"]},
        "immutable": {"fields": ["size"]},
        "moved": {"former": "assistant/old"},
        "duplicate": {},
        "not-live": {},
        "held-by": {"keeper": "vectorstore/kb"},
        "keep-on-delete": {},
        "upload-shared": {"address": "file/b.md"},
        "still-held": {"id": "file-1", "holders": ["vectorstore/kb"]},
        "former-secret": {"id": "cred_1", "type": "credential", "holders": ["assistant/triage@support.1"]},
        "manifest-removed": {},
        "environment-destroyed": {},
        "archived-in-manifest": {},
        "release-leaves": {"release": "release/support@1"},
        "assistant-removed": {"assistant": "assistant/triage"},
        "release-limit": {"chatbot": "chatbot/support", "keep": 5},
        "upload-superseded": {},
        "no-release-left": {},
        "unused": {},
        "runs-release": {"publisher": "chatbot/support", "release": "release/support@2"},
        "not-run": {"publisher": "chatbot/support"},
        "equal-upload": {},
        "unmanaged": {"type": "agent", "id": "agent_1", "name": "Lamp"},
        "manifest-differs": {"fields": ["colour"]},
        "no-label-room": {},
        "already-live": {"fields": ["model"]},
        "id-changes": {"address": "vectorstore/kb"},
        "default-version": {"applied": "2", "live": "1"},
        "ids-renewed": {"addresses": ["file/data/rates.csv"], "fields": []},  # the change shows the fields
        "bundle-changes": {"addresses": ["assistant/triage"]},
        "not-published": {},
        "outlet-unwritten": {"outlets": ["build/b"]},
        "outlet-outdated": {"outlets": ["build/b"]},
        "document-missing": {},
        "blob-missing": {},
        "copy-missing": {"outlets": ["build/b"]},
        "copy-differs": {"outlets": ["build/b"]},
        "outlets-disagree": {},
        "outlet-unreadable": {"message": "the blob is missing"},
        "identity-removed": {"identity": "acme/staging"},
        "outlet-removed": {"names": ["chatbot/support"]},
        "settings-weaker": {},
        "last-changed": {"at": 1_795_000_000.0},
        "written-outside": {"fields": ["model"]},
        "written-by-unknown-run": {"fields": ["model"]},
    },
    "notices": {
        "text": {"text": "old"},
        "offline": {},
        "checkout": {"place": "kb/a", "problem": "linked-folder", "message": "kb/a is not read", "hint": "move it"},
        "line-endings": {},
        "target-ended": {"place": "a.yaml:1:1", "message": "OpenAI ended the API", "hint": "Run `reconciler migrate`."},
        "upload-alike": {"upload": "file-1", "path": "kb/a.md"},
        "only-in-state": {
            "name": "vectorstore/kb",
            "releases": ["release/bot@1"],
            "now": "vectorstore/guides",
            "moved_from": ["kb"],
        },
        "only-in-outlet": {"outlet": "build/bundles", "names": ["assistant/old"]},
        "stays-published": {},
        "no-label-room": {},
        "set-at-creation": {"field": "description"},
        "files-not-in-manifest": {"files": ["file-1"]},
        "files-deleted": {"files": ["file-1"]},
        "files-not-indexed": {"files": ["file-1"]},
        "already-archived": {},
        "needs-manifest": {"assistant": "assistant/clerk", "chatbot": "chatbot/support"},
        "consent-permits": {"rule": "cost", "cause": {"code": "protected", "args": {"address": "a/b"}}, **PERMISSION},
        "consent-expired": {**PLACED, "until": "2026-11-20"},
        "consent-outdated": PLACED,
        "consent-unneeded": PLACED,
        "same-label": {"address": "assistant/triage", "ids": ["w1", "w2"], "objects": OBJECTS},
        "other-lineage": OTHERS,
        "peer-without-state": {"identity": "globex", "location": ".reconciler"},
        "outlet-not-read": {"outlet": "s3://acme/bots", "entry": "https://s3.example"},
        "list-not-served": {"request": "GET /v1/agents"},
        "models-not-listed": {"scope": "api.model.read"},
        "model-unlisted": {"model": "gpt-7", "similar": ["gpt-6"]},
        "threshold-by-name": {"cause": {"code": "protected", "args": {"address": "a/b"}}},
        "destroyed": {"holder": "ann@build", "at": 1_795_000_000.0, "environment": "staging"},
        "environment-left": {"identity": "acme/staging", "environment": "staging"},
        "settings-unrecorded": {"settings": ["safety.max_deletes"]},
        "waits-for-release": {"publisher": "chatbot/support", "number": 2},
        "already-managed": {"id": "agent_1"},
        "owner-unknown": {},
        "maybe-duplicate": {"type": "skill", "ids": ["skill_1"], "environment": "staging"},
        "nothing-to-adopt": {},
    },
    "causes": {
        "text": {"text": "old"},
        "other-project": {"answered": "proj_b", "applied": "proj_a"},
        "unpinned-project": {"answered": "proj_b", "pinned": "proj_a", "environment": "production"},
        "nothing-live": {"objects": 7},
        "foreign-owner": {"id": "agent_1", "owner": "globex"},
        "other-lineage": OTHERS,
        "foreign-pointer": {"address": "chatbot/support", "outlets": ["build/b"]},
        "same-label": {"address": "assistant/triage", "ids": ["w1", "w2"], "objects": OBJECTS},
        "imported-unmanaged": {"id": "agent_1"},
        "imported-foreign": {"id": "agent_1", "owner": "globex"},
        "environments-removed": {
            "environments": ["staging"],
            "objects": [{"address": "assistant/triage", "id": "w1", "name": "Lamp"}],
        },
        "undivided": {"identity": "acme", "objects": [{"address": "assistant/triage", "id": "w1", "name": "Lamp"}]},
        "label-only": {"address": "assistant/triage", "id": "w1", "name": "Lamp", "known": "w2"},
        "duplicate-used": {"address": "assistant/triage", "id": "w1", "name": "Lamp", "user": "automation auto_1"},
        "referenced": {"address": "assistant/triage"},
        "not-listed": {"id": "file-1", "requests": ["GET /v1/agents"]},
        "published": {"chatbots": ["chatbot/support"]},
        "release-edited": {"released": "d1", "manifest": "d2"},
        "assistants-drifted": {"addresses": ["assistant/triage"]},
        "protected": {"address": "assistant/triage"},
        "duplicate-protected": {"address": "assistant/triage", "id": "w1"},
        "changed-twice": {"fields": ["model"]},
        "written-whole": {"fields": ["model"]},
        "needs-missing": {"addresses": ["vectorstore/kb"]},
        "needs-files": {"addresses": ["vectorstore/kb"]},
        "drift-refused": {},
        "models-shut-down": {"models": {"gpt-4": "2026-10-23"}},
        "daily-cost": {"dollars": 160.0, "before": 100.0, "allowed": 150.0},
        "too-many-deletes": {
            "number": 9,
            "deleted": True,
            "replaced": True,
            "detached": True,
            "allowed": 3,
            "live": 20,
        },
        "too-many-archives": {"number": 9, "allowed": 3, "live": 20},
    },
    "remedies": {
        "text": {"text": "old"},
        "use-other-key": {},
        "rebuild-state": {},
        "rename-project": {},
        "rename-one-project": {},
        "unlabel-copies": {},
        "choose-outlet": {"outlets": ["build/b"]},
        "leave-to-owner": {"owner": "globex", "address": "assistant/triage"},
        "delete-or-unlabel": {"ids": ["w1"]},
        "adopt-clone": {"kind": "assistant", "id": "w1"},
        "adopt-one": {"address": "assistant/triage", "id": "w1"},
        "adopt-first": {},
        "release-and-adopt": {"owner": "globex"},
        "settle-environments": {"environments": ["staging"], "environment": "production"},
        "divide": {"environment": "production"},
        "forget-import": {"address": "assistant/triage"},
        "repoint-user": {"user": "automation auto_1", "id": "w1"},
        "delete-or-unlabel-one": {"id": "w1"},
        "widen-target": {"targets": ["chatbot/support"]},
        "stop-ignoring": {"address": "vectorstore/kb", "fields": ["files"]},
        "apply-outlets": {"outlets": ["build/b"]},
        "repoint-referrers": {"names": ["pipeline/flow"]},
        "publish-other-release": {"releases": ["release/support@1"]},
        "archive-releases": {"releases": ["release/support@1"]},
        "keep-release": {"address": "release/support@1"},
        "restore-manifest": {"address": "assistant/triage"},
        "grant-scopes": {"scopes": ["api.agents.read"]},
        "make-readable": {},
        "keep-or-target": {},
        "undo-edit": {"address": "assistant/triage"},
        "publish-or-remove": {"chatbots": ["chatbot/support"]},
        "unpublish": {"name": "support", "environment": "staging"},
        "restore-and-release": {},
        "revert-or-pull": {"address": "assistant/triage"},
        "unprotect": {},
        "pull-or-revert": {},
        "revert-missing": {},
        "revert-incomplete": {},
        "decide-drift": {},
        "choose-model": {},
        "raise-daily-cost": {"dollars": 160},
        "raise-deletes": {"number": 9},
        "raise-archives": {"number": 9},
        "apply-settings": {"settings": ["safety.max_deletes"], "address": "project/acme", "environment": "staging"},
    },
    "notes": {
        "upload-shared": {},
        "upload-kept": {},
        "upload-held": {"type": "vector_store", "id": "vs_1"},
        "replaced-held": {"type": "agent", "id": "agent_1"},
        "upload-still-held": {"holders": ["vectorstore/kb"]},
        "already-deleted": {},
    },
    "risks": {
        "guardrail-removed": {"sentence": "Never guess.", "more": 2},
        "execution-opened": {"tool": "shell", "change": "network"},
        "remote-tools-opened": {"tool": "mcp:crm", "change": "server"},
        "credentials-opened": {"tool": "mcp:crm", "uses": "credential/crm"},
        "moderation-lowered": {"side": "input", "before": "block", "after": "score"},
        "model-retiring": {"model": "o3", "on": "2026-12-11", "days": 20},
        "parameter-refused": {"model": "gpt-6-astra", "parameter": "top_p", "value": 0.5, "source": "a report"},
        "instructions-moved": {"before": "gpt-6-luna", "after": "gpt-6.2-sol"},
        "protection-removed": {},
        "publication-withdrawn": {"release": "release/support@1"},
        "name-lost": {"before": "assistant/old", "after": "assistant/new"},
        "consent-used": PERMISSION,
        "published-version-changed": {"before": 1, "after": 2},
        "rolled-back-release": {"before": 1, "after": 2},
        "knowledge-removed": {"change": "files", "names": ["a.md", "b.md"], "of": 3},
        "expiry-shortened": {"before": 7, "after": 2},
        "web-opened": {"tool": "web_search", "change": "reach"},
        "tool-added": {"tool": "function:book", "change": "added"},
        "parameters-incompatible": {"tool": "function:book", "breaks": [BREAK]},
        "output-changed": {},
        "model-changed": {"before": ["m1"], "after": ["m2"]},
        "reasoning-lowered": {"before": "high", "after": "low"},
        "id-changed": {"id": "w1"},
        "secret-deleted": {},
        "rollback-lost": {"publisher": "chatbot/support", "number": 1},
        "runs-often": {"minutes": 5},
        "model-unpinned": {"models": ["gpt-6-latest"]},
        "tool-removed": {"tool": "function:book"},
        "kept-no-longer": {},
        "guard-weakened": {"settings": ["safety.max_deletes"]},
    },
}
"""For every code, each of its arguments."""


def remedy_of(code: RemedyCode, args: Mapping[str, Any]) -> str:
    return remedy_text(Remedy(code, args))


TABLES: Mapping[str, tuple[Mapping[Any, Phrase], tuple[str, ...]]] = {
    "reasons": (REASONS, get_args(ReasonCode)),
    "notices": (NOTICES, get_args(NoticeCode)),
    "causes": (CAUSES, get_args(CauseCode)),
    "remedies": ({code: partial(remedy_of, code) for code in REMEDIES}, get_args(RemedyCode)),
    "notes": (NOTES, get_args(NoteCode)),
    "risks": (RISK_TEXTS, tuple(RISKS)),
}
ALL = [(table, code) for table, (_, codes) in TABLES.items() for code in codes]
SAID_OTHERWISE = {
    "at",
    "cause",
    "change",
    "deleted",
    "replaced",
    "detached",
    "dollars",
    "before",
    "allowed",
    "objects",
    "problem",
    "lineage",
    "times",
}
"""Arguments that choose a sentence, or are not said as they are."""


def test_objects_with_one_label_are_said_with_their_names_and_whether_the_state_has_them():
    text = cause_text(Cause("same-label", ARGUMENTS["causes"]["same-label"]))
    assert text == "2 live objects carry the label assistant/triage: w1 (Lamp) in the state, w2 not in the state"


def test_objects_with_one_label_in_a_plan_of_an_earlier_version_are_said_by_id():
    text = cause_text(Cause("same-label", {"address": "assistant/triage", "ids": ["w1", "w2"]}))
    assert text == "2 live objects carry the label assistant/triage: w1, w2"


def test_the_next_runs_are_said_to_the_minute_in_their_time_zone():
    times = ["2026-03-28T03:00:00+00:00", "2026-03-29T03:00:00+01:00"]
    text = sentence(TABLES["reasons"][0], "next-runs", {"times": times})
    assert text == "next runs: 2026-03-28 03:00+00:00, 2026-03-29 03:00+01:00"
    assert sentence(TABLES["reasons"][0], "next-runs", {"times": times[:1]}) == "next run: 2026-03-28 03:00+00:00"


@pytest.mark.parametrize("table", TABLES)
def test_every_code_has_a_sentence_and_no_other(table):
    phrases, codes = TABLES[table]
    assert phrases.keys() == set(codes) == ARGUMENTS[table].keys()


@pytest.mark.parametrize(("table", "code"), ALL)
def test_a_sentence_says_its_arguments(table, code):
    args = ARGUMENTS[table][code]
    text = sentence(TABLES[table][0], code, {**args, "address": args.get("address", "assistant/triage")})
    assert text not in ("", code)
    assert "{" not in text.replace("{protect: false}", "")
    for name, value in args.items():
        if name not in SAID_OTHERWISE:
            assert all(str(said) in text for said in leaves(value)), (name, text)


def leaves(value: Any) -> list[Any]:
    """The values inside a value, and the names of a mapping."""
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in ([] if key in {"change", "code"} else leaves(item))]
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, list) else [value]


@pytest.mark.parametrize("args", [{}, {"names": 3}, {"fields": None}])
@pytest.mark.parametrize(("table", "code"), ALL)
def test_other_arguments_make_no_error(table, code, args):
    """A document may come from anywhere."""
    assert sentence(TABLES[table][0], code, args)


@pytest.mark.parametrize("code", REMEDIES)
def test_the_commands_of_a_remedy_name_the_environment_of_the_plan(code):
    args = {"address": "assistant/triage", **ARGUMENTS["remedies"][code]}
    text = remedy_text(Remedy(code, args), "production")
    named = [one for one in commands(text) if one.split()[0] not in {"archive"} and one != "state rm --all"]
    assert all(" --env " in f"{one} " for one in named), text
    assert remedy_text(Remedy("adopt-first")).count("--env") == 0


def test_remedies_but_the_last_are_required_together():
    ways = ways_out(
        (
            Remedy("repoint-referrers", {"names": ["pipeline/flow"]}),
            Remedy("archive-releases", {"releases": ["release/support@1"]}),
            Remedy("restore-manifest", {"address": "assistant/triage"}),
        )
    )
    repoint = Step("point pipeline/flow at something else, or remove it in the same change")
    archive = Step("archive release/support@1", "reconciler archive release/support@1")
    assert ways == ((Way((repoint, archive)),), (Way((Step("restore the manifest of assistant/triage"),)),))


def test_remedies_for_other_cases_are_alternatives():
    ways = ways_out((Remedy("rebuild-state"), Remedy("rename-project"), Remedy("unlabel-copies")), "staging")
    assert [way.aim for (way,) in ways] == [
        "if the state was lost",
        "if another repository manages them",
        "if someone copied them",
    ]


@pytest.mark.parametrize("code", ["waits-for-release", "destroyed", "environment-left", "other-lineage"])
def test_the_commands_of_a_warning_name_its_environment(code):
    args = {"environment": "production", **ARGUMENTS["notices"][code], "identity": "acme/production"}
    assert not lacking_environment(notice_text(Notice(code, args, "automation/nightly")))


def test_a_code_that_is_not_known_is_shown():
    assert sentence({"known": "a sentence"}, "from-the-future", {}) == "from-the-future"


def test_braces_in_an_argument_are_text():
    assert reason_text(Reason("moved", {"former": "{former} {0}"})) == "moved from {former} {0}"


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (reason_text(Reason("manifest-removed")), "manifest removed"),
        (reason_text(Reason("release-leaves", {"release": "release/a@1"})), "release/a@1 is archived"),
        (reason_text(Reason("unmanaged", {"type": "agent", "id": "w1", "name": ""})), "live object: agent w1"),
        (reason_text(Reason("bundle-changes", {"addresses": []})), "something in the bundle changes"),
        (reason_text(Reason("bundle-changes", {"addresses": [*"abcde"]})), "a, b, c and 2 more in it change"),
        (reason_text(Reason("written-outside", {"fields": []})), "not written by Reconciler"),
        (reason_text(Reason("last-changed", {"at": 1_795_000_000})), "last changed 2026-11-18 11:06 UTC"),
        (cause_text(Cause("changed-twice", {"fields": ["model"]})), "model changed in the manifest and live"),
        (
            cause_text(Cause("too-many-deletes", {"number": 4, "detached": False, "allowed": 3, "live": 9})),
            "4 deletes at once; 3 are allowed (9 objects are live)",
        ),
        (
            cause_text(Cause("daily-cost", {"dollars": 1600.5, "before": 0, "allowed": 2})),
            "vector stores would cost about $1,600.50 a day, now $0.00; $2.00 are allowed",
        ),
        (
            notice_text(Notice("files-not-indexed", {"files": ["f1", "f2", "f3", "f4"]}, "vectorstore/kb")),
            "vectorstore/kb holds 4 files that OpenAI could not index: f1, f2, f3 and 1 more",
        ),
        (
            notice_text(Notice("model-unlisted", {"model": "gpt-7", "similar": []})),
            "the API lists no model gpt-7 for this key",
        ),
        (
            notice_text(
                Notice("model-unlisted", {"model": "gpt-7", "similar": [], "users": ["a/1", "a/2", "a/3"], "count": 5})
            ),
            "the API lists no model gpt-7 for this key. Used by 5 objects: a/1, a/2, a/3 and 2 more",
        ),
        (
            notice_text(Notice("consent-permits", ARGUMENTS["notices"]["consent-permits"])),
            f"cost: a/b is protected, on the live object or in the state; {PERMITTED}",
        ),
        (unknown_text(Unknown("token-prices", ("", "m1"))), "the token price of several models, m1"),
    ],
)
def test_what_is_said(said, text):
    assert said == text


class TestRefusals:
    def test_the_ways_out_are_one_sentence(self):
        remedies = (
            Remedy("repoint-referrers", {"names": [f"pipeline/{name}" for name in "abcde"]}),
            Remedy("restore-manifest", {"address": "assistant/triage"}),
        )
        assert remedies_text(remedies) == (
            "Point pipeline/a, pipeline/b, pipeline/c and 2 more at something else, or remove it in the same change; "
            "or restore the manifest of assistant/triage."
        )
        assert remedies_text(()) == ""
        assert remedies_text((Remedy("text", {"text": "As it was."}),)) == "As it was."

    def test_one_that_ends_a_command_is_an_error(self):
        refusal = Refusal("project/acme", "update", "wrong-project", Cause("nothing-live", {"objects": 7}))
        problem = refusal_problem(refusal)
        assert (problem.code, problem.hint) == ("wrong-project", "")
        assert problem.message.startswith("none of the 7 objects in the state is live")

    def test_referrers_with_state_and_place(self):
        release = Referrer(Address("release", "support@2"), "published", "v2.yaml:9")
        assert (referrer_text(release), place_text(release)) == ("release/support@2 [published]", "v2.yaml:9")
        peer = Referrer(PeerObject("globex/live", "assistant/a"), place="state")
        assert (referrer_text(peer), place_text(peer)) == ("globex/live: assistant/a", "state of globex/live")
        assert place_text(Referrer(PeerObject("globex/live", "assistant/a"))) == ""
        assert referrer_text(Referrer(Foreign("session", "s1", "in progress"))) == "session in progress (s1)"
        assert referrer_text(Referrer(Foreign("agent", "agent_9"))) == "agent agent_9"


class TestRisks:
    RISK = Risk("model-changed", "medium", "chatbot/support", "publish", {"before": ["m1"], "after": ["m2"]})

    def test_the_level_and_the_rule_stand_beside_a_change(self):
        assert risk_note(self.RISK) == "medium model-changed: m1 becomes m2"

    def test_what_is_at_risk_and_for_whom(self):
        risk = Risk(*("model-changed", "medium", "a/b", "update"), self.RISK.args, "assistant/c", "release/d@1")
        assert risk_text(risk) == "assistant/c: m1 becomes m2 (release/d@1, which is published, uses it)"

    @pytest.mark.parametrize(
        ("rule", "args", "text"),
        [
            ("published-version-changed", {"before": 2, "after": 1}, "users get release 1 instead of 2, an older one"),
            ("expiry-shortened", {"before": None, "after": 2}, "if unused, it expires after 2 days instead of never"),
            (
                "moderation-lowered",
                {"side": "input", "before": "block", "after": None},
                "moderation of its input changes from block to off",
            ),
            ("guardrail-removed", {"sentence": "Say `no`.", "more": 0}, "it no longer says “Say 'no'.”"),
            (
                "knowledge-removed",
                {"change": "stores", "names": ["vectorstore/kb"]},
                "it no longer searches vectorstore",
            ),
            (
                "parameters-incompatible",
                {"tool": "f", "breaks": [{"at": "", "change": "type", "before": ["a", "b"], "after": ["c"]}]},
                "f: the whole changes from a or b to c",
            ),
            (
                "parameters-incompatible",
                {"tool": "f", "breaks": [{"at": "a", "change": "narrowed", "values": ['"x"']}]},
                'f: a no longer takes "x"',
            ),
            (
                "parameters-incompatible",
                {"tool": "f", "breaks": [{"at": "a", "change": "limited", "values": 2}]},
                "f: a takes only 2 values now",
            ),
        ],
    )
    def test_what_is_said(self, rule, args, text):
        assert risk_text(Risk(rule, RISKS[rule], "a/b", "update", args)).startswith(text)
