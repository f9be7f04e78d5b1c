from reconciler.operations.intents import one_at_a_time
from reconciler.resources.address import Address
from reconciler.state.model import Intent


def upload(path: str, name: str, bytes_: int, sha256: str) -> Intent:
    return Intent(Address("file", path), "file", {"filename": name, "bytes": bytes_, "sha256": sha256}, 0.0)


AGENT = Intent(Address("assistant", "triage"), "agent", {"identity": "acme"}, 0.0)
OTHER_AGENT = Intent(Address("assistant", "clerk"), "agent", {"identity": "acme"}, 0.0)


def test_distinguishable_uploads_are_journaled_together():
    intents = (
        *(AGENT, OTHER_AGENT),
        upload("a/hours.md", "hours.md", 7, "aa"),
        upload("b/hours.md", "hours.md", 8, "bb"),
        upload("a/prices.md", "prices.md", 7, "cc"),
    )
    assert one_at_a_time(intents) == (intents, {})


def test_equal_bytes_under_one_name_are_one_upload():
    intents = (upload("a/hours.md", "hours.md", 7, "aa"), upload("b/hours.md", "hours.md", 7, "aa"))
    assert one_at_a_time(intents) == (intents, {})


def test_uploads_that_differ_only_in_content_are_journaled_one_at_a_time():
    alike = (upload("a/hours.md", "hours.md", 7, "aa"), upload("b/hours.md", "hours.md", 7, "bb"))
    assert one_at_a_time((AGENT, *alike)) == ((AGENT,), {intent.address: intent for intent in alike})


def template(name: str, fields: str, commands: str) -> Intent:
    marker = {"identity": "acme", "fields": {"name": fields}, "write_only": {"setup_commands": commands}}
    return Intent(Address("template", name), "environment_template", marker, 0.0)


def test_templates_that_differ_only_in_what_cannot_be_read_are_journaled_one_at_a_time():
    alike = (template("a", "same", "make"), template("b", "same", "make all"))
    others = (template("c", "other", "make"), template("d", "equal", "make"), template("e", "equal", "make"))
    assert one_at_a_time((*others, *alike)) == (others, {intent.address: intent for intent in alike})
