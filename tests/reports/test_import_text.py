"""The text of an import, read by a user."""

from pathlib import Path

from reconciler.importing.model import Imported, Origin, Skipped
from reconciler.reports.style import Style
from reconciler.reports.text.importing import import_text

ROOT, WRITTEN = Path("/acme"), (Path("assistants/bot.yaml"),)

WIDE = Style(width=1000)


def bot(number: int, name: str = "Bot", **given: tuple[str, ...]) -> Origin:
    return Origin(f"assistant/bot-{number}", "agent", f"agent_{number}", name, **given)


def lines(*origins: Origin, skipped: tuple[Skipped, ...] = ()) -> list[str]:
    return import_text(Imported(ROOT, WRITTEN, origins, skipped), style=WIDE).splitlines()


def test_a_manifest_is_listed_with_its_live_object_and_what_it_does_not_contain():
    assert lines(bot(1, losses=("`input`: why",), notes=("`strict: true`",))) == [
        "assistant/bot-1  from agent agent_1 (Bot)",
        "    not imported: `input`: why",
        "    added: `strict: true`",
        "",
        "Wrote 1 file to /acme.",
        "Next: reconciler validate, then reconciler adopt",
    ]


def test_a_line_about_several_manifests_is_printed_once():
    five = [bot(number, f"Bot {number}", losses=("metadata",)) for number in range(5)]
    said = lines(*five)
    assert said[5:7] == [
        "5 manifests (assistant/bot-0, assistant/bot-1, assistant/bot-2 and 2 more)",
        "    not imported: metadata",
    ]
    assert sum("metadata" in line for line in said) == 1


def test_manifests_are_in_the_order_of_their_numbers():
    assert [line.split()[0] for line in lines(*(bot(n, str(n)) for n in (10, 9, 1)))[:3]] == [
        "assistant/bot-1",
        "assistant/bot-9",
        "assistant/bot-10",
    ]


def test_objects_with_one_name_are_counted_and_say_what_to_do():
    (said,) = (line for line in lines(*map(bot, range(40))) if "have the name" in line)
    assert said.startswith(
        '40 agents have the name "Bot": delete the manifests of those that you do not want to manage'
    )


def test_names_of_requests_are_not_compared():
    requests = [Origin(f"assistant/{name}", "request", f"{name}.json", "Bot") for name in "ab"]
    said = lines(*requests)
    assert not any("have the name" in line for line in said)
    assert said[-1].endswith("then reconciler plan")


def test_objects_that_are_skipped_for_one_reason_are_under_it():
    why = "owned by other; to import it anyway, pass its id"
    foreign = Skipped("vector_store", "vs_1", "Night", why), Skipped("agent", "agent_7", "", why)
    assert lines(skipped=foreign)[:3] == [
        f"skipped 2 objects: {why}",
        "    vector store vs_1 (Night)",
        "    agent agent_7",
    ]
    assert lines(skipped=foreign[1:])[0] == f"skipped: agent agent_7: {why}"


def test_names_cannot_change_the_terminal():
    assert "\x1b" not in import_text(
        Imported(ROOT, WRITTEN, (bot(1, "\x1b[31mBot"), bot(2, "\x1b[31mBot"))), style=WIDE
    )


def test_an_import_without_objects_says_so():
    assert import_text(Imported(ROOT), style=WIDE) == "Nothing to import."
