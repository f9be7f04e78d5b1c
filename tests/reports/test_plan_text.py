import re
from dataclasses import replace
from textwrap import dedent

from reconciler.planning.model import Change, Refusal, Risk, Unmanaged
from reconciler.planning.reasons import Cause, Notice, Reason, Remedy
from reconciler.reports.html.plan import plan_html
from reconciler.reports.markdown.plan import plan_markdown
from reconciler.reports.style import Style, cells, command_lines, wrap
from reconciler.reports.text.plan import plan_text
from reconciler.resources.values import reference
from tests.support.plans import PLAIN, REFERENCED, TRIAGE, field, plan, referrer, risky, told, update, upload, warning


def shown(*changes, style=PLAIN, command="", targeted=False, **more):
    return plan_text(plan(*changes, **more), style=style, command=command, targeted=targeted)


def golden(text):
    return dedent(text).removeprefix("\n")


def test_a_plan_without_work_is_one_line():
    assert shown(unchanged=43) == "No changes. acme/production matches the manifests, 43 unchanged.\n"


def test_a_plan_of_targets_claims_nothing_about_the_rest():
    assert shown(unchanged=5, targeted=True) == (
        "No changes. The targeted objects of acme/production match the manifests, 5\n  unchanged.\n"
    )


def test_what_is_new_in_a_tool_is_shown():
    server = {"type": "mcp", "server_label": "crm", "server_url": "https://mcp.example/a-rather-long-way-to-it/v1"}
    text = shown(update(field("tools.mcp:crm", after=server)))
    assert '+   "server_url": "https://mcp.example/a-rather-long-way-to-it/v1"' in text


def test_the_verdict_comes_first_and_the_next_command_last():
    change = update(field("model", "gpt-6-luna", "gpt-6"), field("metadata.tier", after="gold"), source=TRIAGE)
    text = shown(
        change,
        Change("chatbot/support", "publish", (field("published", 2, 3),), reasons=told("version 3 is ready")),
        unchanged=40,
        requests={"update": 1},
        commit="3f2c1ab9d0e1f2a3",
        command="reconciler apply --env production",
    )
    assert text == golden("""
        2 changes: acme/production at 3f2c1ab9d0e1, 1 update, 1 publish, 40 unchanged.

        Your changes
          ~ update   assistant/triage  manifests/assistants/triage.yaml:1
              ~ model: "gpt-6-luna" -> "gpt-6"
              + metadata.tier: "gold"
          ^ publish  chatbot/support
              ~ published: 2 -> 3
              # version 3 is ready

        1 write to OpenAI: 1 update.
        Apply with: reconciler apply --env production
        """)


def test_a_refusal_comes_last_and_names_who_is_in_the_way_and_where():
    text = shown(update(field("model", "a", "b")), refusals=(REFERENCED,))
    assert text == golden("""
        Refused: acme/production, 1 refusal; the change below will not be applied.

        Your changes
          ~ update  assistant/triage
              ~ model: "a" -> "b"

        Refused
          - delete  assistant/triage
              refused[referenced]: assistant/triage is still used
              Chatbots
                chatbot/support [unreleased]  manifests/chatbots/support.yaml:4
              Pipelines
                pipeline/triage-flow  manifests/pipelines/triage-flow.yaml:9
              Chatbots Referencing Pipeline
                release/support@2 [published]  releases/support/v2.yaml:31
              through  release/support@2  releases/support/v2.yaml:9
                       -> pipeline/triage-flow@support.2  releases/support/v2.yaml:31
                       -> assistant/triage@support.2
              remedy   one of these:
                - Publish a release without it in place of release/support@2
                - Restore the manifest of assistant/triage
              or add this consent, with a reason and an expiry date:
                kind: Consent
                metadata: {name: drop-triage}
              or run:
                reconciler consent assistant/triage referenced --reason REASON \\
                    --expires 30d --env production

        Nothing is applied until all refusals are resolved.
        """)


def test_many_refusals_are_blocks_of_their_own():
    protected = replace(REFERENCED, address="assistant/billing", rule="protected", sections={}, chains=(), consent=None)
    text = shown(refusals=(REFERENCED, protected))
    assert text.startswith("Refused: acme/production, 2 refusals.\n")
    assert "\n\n  - delete  assistant/billing\n      refused[protected]: " in text


def test_objects_with_one_cause_and_one_way_out_are_one_block():
    protected = [
        Refusal(
            f"assistant/a{index:02}",
            "delete",
            "protected",
            Cause("protected", {"address": f"assistant/a{index:02}"}),
            remedies=(Remedy("unprotect"),),
            subject="sha256:1",
            consent="kind: Consent\n",
        )
        for index in range(40)
    ]
    removed = [Change(one.address, "delete", id=f"agent_{one.address}", reasons=told("destroyed")) for one in protected]
    text = shown(*removed, Change("vectorstore/kb", "delete", id="vs_1"), refusals=protected, destroys=True)
    assert text.count("assistant/a07") == 1
    assert len(text.splitlines()) < 35
    assert "  - delete  vectorstore/kb, 40 refused objects below\n" in text
    assert text.count("refused[protected]: 40 objects are protected") == 1
    assert text.endswith(
        golden("""
              remedy
                1. Set `lifecycle: {protect: false}` in the manifest
                2. Apply that first:
                   reconciler apply --env production
              or permit each of them by a consent:
                reconciler consent ADDRESS protected --reason REASON --expires 30d \\
                    --env production

        Nothing is applied until all refusals are resolved.
        """)
    )


def test_ways_out_are_a_list_and_steps_have_numbers():
    remedies = (
        Remedy("repoint-referrers", {"names": ["pipeline/flow"]}),
        Remedy("archive-releases", {"releases": ["release/support@1"]}),
        Remedy("restore-manifest", {"address": "assistant/triage"}),
    )
    refusal = replace(REFERENCED, sections={}, chains=(), consent=None, remedies=remedies)
    assert (
        "      remedy   one of these:\n"
        "        - All of these:\n"
        "          1. Point pipeline/flow at something else, or remove it in the same\n"
        "             change\n"
        "          2. Archive release/support@1:\n"
        "             reconciler archive release/support@1\n"
        "        - Restore the manifest of assistant/triage\n"
    ) in shown(refusals=(refusal,))


def test_refusals_with_other_ways_out_are_blocks_of_their_own():
    causes = [Cause("protected", {"address": name}) for name in ("assistant/a", "assistant/b")]
    ways = [Remedy("unprotect"), Remedy("unprotect", {"environment": "staging", "removed": True})]
    refusals = [
        Refusal(cause.args["address"], "delete", "protected", cause, remedies=(way,), subject="sha256:1")
        for cause, way in zip(causes, ways, strict=True)
    ]
    assert shown(refusals=refusals).count("refused[protected]") == 2


def test_a_risk_of_several_objects_is_said_once_and_a_high_one_not_again_with_its_change():
    names = [f"assistant/a{index}" for index in range(12)]
    risks = [Risk("publication-withdrawn", "high", name, "update", {"name": name}) for name in names]
    rows = [update(address=risk.address, risks=(risk,)) for risk in risks]
    text = shown(*rows, risks=tuple(risks))
    assert " ! high publication-withdrawn: 12 objects: applications that load them no longer find them " in " ".join(
        text.split()
    )
    assert text.count("publication-withdrawn") == 1
    assert text.count("assistant/a11") == 2


def test_warnings_and_high_risks_have_the_words_with_which_they_are_looked_up():
    risk = Risk("publication-withdrawn", "high", "chatbot/support", "archive", {"name": "chatbot/support"})
    more = {
        "warnings": (Notice("model-unlisted", {"model": "gpt-7", "similar": []}), Notice("text", {"text": "Old."})),
        "risks": (risk,),
    }
    text = shown(update(address=risk.address, risks=(risk,)), **more)
    assert "\n  ! high chatbot/support  publication-withdrawn: " in text
    assert "\n  ! model-unlisted: the API lists no model gpt-7 for this key\n  ! Old.\n" in text
    assert "- the API lists no model `gpt-7` for this key (`model-unlisted`)\n- Old.\n" in plan_markdown(plan(**more))
    assert "gpt-7 for this key (<code>model-unlisted</code>)" in plan_html(plan(**more))


def test_commands_are_never_broken():
    text = "To apply its manifests again, which were destroyed, run `reconciler destroy --undo --env staging`."
    for width in range(46, 100):
        assert "`reconciler destroy --undo --env staging`" in "\n".join(wrap(text, width, hang="  "))
    long = "reconciler consent assistant/triage referenced --reason REASON --expires 30d --env production"
    for width in range(40, 100):
        lines = command_lines(long, width, indent="    ")
        assert all(cells(line) <= width for line in lines)
        assert re.sub(r" \\\n +", " ", "\n".join(lines)).strip() == long


def test_what_was_changed_by_hand_is_shown_as_what_applying_does():
    hand = update(field("temperature", 0.9, 0.3, "drift"), decision="revert", source=TRIAGE)
    text = shown(drift=(hand, Change("vectorstore/moving", "create", decision="revert")), unchanged=3)
    assert text == golden("""
        2 changes: acme/production, 2 drifted to revert, 3 unchanged.

        Changed outside Reconciler
          Differences are shown as live -> manifest. Apply reverts these changes;
          `--on-drift keep` keeps them.
          ~ modified  assistant/triage    manifests/assistants/triage.yaml:1
              ~ temperature: 0.9 -> 0.3
          + missing   vectorstore/moving
        """)


def test_drift_that_is_kept_is_no_work():
    kept = update(field("temperature", 0.9, 0.3, "drift"), decision="keep")
    assert shown(drift=(kept,)).startswith("Nothing to apply: acme/production, 1 drifted to keep, 0 unchanged.\n")
    text = shown(update(field("model", "a", "b"), address="assistant/billing"), drift=(kept,))
    assert "Apply keeps these changes;" in text


def test_a_field_that_was_changed_here_and_by_hand_reads_as_what_applying_does():
    line = replace(field("metadata"), live={"a": 1}, desired={"a": 2}, origin="both")
    text = shown(drift=(update(field("temperature", 0.9, 0.3, "drift"), line, decision="revert"),))
    assert "~ temperature: 0.9 -> 0.3\n" in text
    assert "~ metadata: {a: 1} -> {a: 2} (changed in the manifest and live)\n" in text


def test_what_follows_from_drift_is_part_of_the_plan():
    drift = (
        Change("vectorstore/handbook", "create", decision="revert"),
        Change(
            "assistant/triage",
            "publish",
            reasons=(Reason("id-changes", {"address": "vectorstore/handbook"}),),
            decision="revert",
        ),
    )
    assert "^ publish  assistant/triage\n      # vectorstore/handbook gets a new id\n" in shown(drift=drift)


def test_hashes_are_known_by_their_first_digits():
    change = update(field("sha256", "5" * 64, "f8d76a98e0c1" + "0" * 52), address="file/kb/hours.md")
    assert "~ content: 555555555555 -> f8d76a98e0c1\n" in shown(change)


def test_a_refusal_of_the_whole_plan_names_no_object():
    refusal = replace(
        REFERENCED,
        address="project/acme",
        rule="threshold",
        cause=Cause("text", {"text": "9 deletes at once"}),
        sections={},
    )
    text = shown(refusals=(refusal,))
    assert "Refused\n  refused[threshold]: 9 deletes at once\n" in text
    assert [line for line in text.split("\n") if "project/acme" in line] == [
        "        reconciler consent project/acme threshold --reason REASON \\"
    ]


def test_mixed_decisions_stand_on_their_lines():
    text = shown(drift=(update(decision="keep"), update(address="assistant/billing", decision="revert")))
    assert "  ~ modified  assistant/triage   kept\n" in text
    assert "  ~ modified  assistant/billing  reverted\n" in text


def test_a_field_that_both_sides_changed_is_marked():
    text = shown(update(field("model", "a", "b", "both"), field("name", "c", "d", "unknown")))
    assert '~ model: "a" -> "b" (changed in the manifest and live)\n' in text
    assert '~ name: "c" -> "d" (origin unknown)\n' in text


def test_references_are_shown_as_what_they_refer_to():
    stores = [reference("vectorstore/handbook")]
    assert "~ stores: [] -> [vectorstore/handbook]\n" in shown(update(field("stores", [], stores)))


def test_what_is_created_is_summed_up():
    fields = (
        field("model", after="gpt-6"),
        field("instructions", after="Be kind.\nBe brief.\n"),
        field("tools", after={f"function:{number}": {"strict": True} for number in range(12)}),
    )
    store = Change("vectorstore/kb", "create", (field("files", after={"a.md": {}, "b.md": {}}),))
    text = shown(Change("assistant/triage", "create", fields), store)
    assert "  + create  vectorstore/kb\n      2 files\n" in text
    assert '  + create  assistant/triage\n      model: "gpt-6", instructions: 2 lines, tools: 12 keys\n' in text


def test_more_than_eight_uploads_of_a_folder_are_one_line():
    few = [upload(f"kb/page-{number}.md") for number in range(8)]
    assert shown(*few).count("file/kb/") == 8
    text = shown(*few, upload("kb/water/page-8.md", 1_200_000), upload("data/tariffs.csv"))
    assert "  + create  9 files under kb/ (1.2 MB)\n      kb/page-0.md, kb/page-1.md, kb/page-2.md, … 6 more\n" in text
    assert "  + create  file/data/tariffs.csv\n" in text


def test_replaced_files_are_one_line_too():
    content = field("sha256", "5" * 64, "f" * 64)
    changes = [
        Change(f"file/kb/{number}.md", "replace", (content,), reasons=told("new content")) for number in range(27)
    ]
    assert "  ± replace  27 files under kb/\n      kb/0.md, kb/1.md, kb/2.md, … 24 more\n" in shown(*changes)


def test_files_that_were_deleted_by_hand_are_folded_too():
    gone = tuple(Change(f"file/kb/page-{number}.md", "create", decision="revert") for number in range(9))
    assert "  + missing   9 files under kb/  reverted\n" in shown(drift=(*gone, update(decision="keep")))


def test_a_file_with_a_risk_is_never_folded_away():
    secret = replace(upload("kb/secret.md"), risks=(risky("it is public"),))
    text = shown(*[upload(f"kb/page-{number}.md") for number in range(9)], secret)
    assert "9 files under kb/" in text
    assert "file/kb/secret.md" in text
    assert "! medium model-changed: it is public" in text


def test_many_files_of_a_store_are_folded_but_not_those_that_somebody_else_changed():
    files = [replace(field("files"), keys=("files", f"kb/{number}.md"), desired={}) for number in range(23)]
    foreign = replace(field("files"), keys=("files", "kb/x.md"), live={}, origin="both")
    text = shown(update(*files, foreign, address="vectorstore/handbook"))
    assert "+ files: 23 added: kb/0.md, kb/1.md, kb/2.md, … 20 more\n" in text
    assert '- files["kb/x.md"]: {} (changed in the manifest and live)\n' in text


def test_strangers_are_counted_by_type_and_owner():
    agents = tuple(Unmanaged("agent", f"agent_{number}", f"copy {number}") for number in range(12))
    foreign = Unmanaged("vector_store", "vs_1", "", owner="acme/staging")
    assert golden("""
        Unmanaged or foreign, not changed: 12 agents, 1 vector store of acme/staging.
          `reconciler inventory --env production` lists them.
        """) in shown(unmanaged=(*agents, foreign))


def test_the_command_that_lists_strangers_names_the_environment():
    made = plan(unmanaged=(Unmanaged("agent", "agent_1", "copy"),))
    for identity, command in (("acme/staging", "inventory --env staging"), ("acme", "inventory")):
        text = plan_text(replace(made, identity=identity), style=PLAIN)
        assert f"`reconciler {command}` lists them." in " ".join(text.split())


def test_warnings_are_wrapped_and_indented():
    text = shown(warnings=(warning("consent/old-exception has expired " + "and can be removed " * 3),))
    assert (
        golden("""
        Warnings
          ! consent/old-exception has expired and can be removed and can be removed and
            can be removed
        """)
        in text
    )


def test_of_many_ways_to_a_referrer_the_first_are_shown_and_of_direct_ones_none():
    direct = (referrer("pipeline/triage-flow"), referrer("assistant/triage"))
    chains = (direct, *((referrer(f"chatbot/b{number}"), *direct) for number in range(9)))
    text = shown(refusals=(replace(REFERENCED, chains=chains),))
    assert text.count("through") == 5
    assert "through  chatbot/b0\n" in text
    assert "and 4 more, in `-o json`\n" in text


def test_colour_changes_no_text():
    colourful = shown(update(field("model", "a", "b"), source=TRIAGE), style=Style(color=True, width=80))
    assert "\x1b[1mYour changes\x1b[0m\n  \x1b[33m~\x1b[0m update  \x1b[1massistant/triage\x1b[0m" in colourful
    without = re.sub(r"\x1b\[[0-9;]+m", "", colourful)
    assert without == shown(update(field("model", "a", "b"), source=TRIAGE))


def test_lines_keep_to_the_width():
    change = update(
        field("description", "a few words " * 30, "other words " * 30),
        field("tools", [{"type": "x", "name": "long " * 20}], [{"type": "y", "name": "long " * 20}]),
        source=TRIAGE,
        risks=(risky("a risk " * 30),),
    )
    for width in (60, 80, 120):
        text = shown(change, refusals=(REFERENCED,), warnings=(warning("w " * 200),), style=Style(width=width))
        assert max(map(cells, text.splitlines())) <= width


def test_a_source_that_does_not_fit_beside_the_address_goes_below():
    address = "assistant/a-name-that-is-rather-long-for-an-assistant"
    assert f"{address}\n      manifests/assistants/triage.yaml:1\n" in shown(update(address=address, source=TRIAGE))


def test_text_from_outside_cannot_act_on_the_terminal_or_fake_a_line():
    evil = "\x1b[2J\x1b]0;owned\x07\nApply with: rm -rf /\r\u202etxt"
    text = shown(
        update(field("model", "a", evil), address=f"assistant/{evil}", risks=(risky(evil),)),
        warnings=(warning(evil),),
        unmanaged=(Unmanaged("agent", "agent_1", evil),),
    )
    assert not [char for char in text if char != "\n" and not char.isprintable()]
    assert "\\x1b[2J" in text
    assert "\nApply with: rm" not in text
