"""`import`: readable manifests for live objects, which are not changed."""

import json
from pathlib import Path

import pytest

from reconciler.importing.destination import destination
from reconciler.importing.live_inventory import project_context
from reconciler.importing.live_objects import import_objects
from reconciler.importing.model import Imported, imported_from
from reconciler.importing.requests import import_requests, import_stored_responses
from reconciler.importing.selection import selection
from reconciler.manifests import load
from reconciler.resources.address import Address
from reconciler.resources.labels import ADDRESS, PROJECT
from reconciler.resources.problems import ReconcilerError
from tests.support.world import PROJECT as ACME, World, manifest, world

SCHEMA = {"type": "object", "properties": {"id": {"type": "string"}}}
FUNCTION = {"type": "function", "name": "lookup", "description": "d", "parameters": SCHEMA}


@pytest.fixture
def estate(tmp_path):
    with world(tmp_path / "acme") as made:
        yield made


def run_import(
    estate: World,
    *words: str,
    pattern: str | None = None,
    exclusions: tuple[str, ...] = (),
    into: Path | None = None,
) -> Imported:
    """Import into a folder beside the project, so that nothing is ours but by label or state."""
    here = project_context(estate.root, estate.environ, env=None, endpoint=None)
    target = destination(estate.root, into, here)
    return estate.run(
        import_objects(here, estate.connection, target, selection(words, pattern, exclusions), lambda _: None)
    )


def agent(estate: World, **given):
    return estate.by_hand(estate.sdk.beta.agents.create(**{"model": "gpt-6-luna", **given}))


def store(estate: World, *names: str, **given):
    async def make():
        files = [await estate.sdk.files.create(file=(name, b"text"), purpose="assistants") for name in names]
        return await estate.sdk.vector_stores.create(file_ids=[file.id for file in files], **given)

    return estate.by_hand(make())


def spec_of(estate: World, address: str):
    """The spec as it is loaded."""
    resources = {str(resource.address): resource for resource in load(estate.root, env=None).resources}
    return resources[address].spec.model_dump(by_alias=True, exclude_unset=True)


class TestAgents:
    def test_what_the_api_fills_in_is_left_out(self, estate):
        agent(estate, name="bot", tools=[{"type": "web_search"}, {"type": "computer_use", "include_screenshots": True}])
        run_import(estate)
        assert spec_of(estate, "assistant/bot") == {
            "target": "agents",
            "model": "gpt-6-luna",
            "tools": [{"type": "computer_use", "include_screenshots": True}, {"type": "web_search"}],
            "reasoning": {"effort": "low"},
        }

    def test_texts_and_schemas_are_files_of_their_own(self, estate):
        form = {"format": {"type": "json_schema", "schema": SCHEMA}}
        agent(estate, name="Bot", instructions="Be kind.\n${var.x}", tools=[FUNCTION], text=form)
        done = run_import(estate)
        assert {path.as_posix() for path in done.written} == {
            "assistants/bot.yaml",
            "formats/bot.json",
            "prompts/bot.md",
            "tools/bot/lookup.json",
        }
        assert spec_of(estate, "assistant/bot")["instructions"] == "Be kind.\n${var.x}"
        assert spec_of(estate, "assistant/bot")["tools"][0]["parameters"] == SCHEMA

    def test_metadata_is_kept_without_labels(self, estate):
        labels = {PROJECT: "acme", ADDRESS: "assistant/kept"}
        agent(estate, name="bot", metadata={"tier": "gold", **labels})
        run_import(estate)
        assert spec_of(estate, "assistant/kept")["metadata"] == {"tier": "gold"}

    def test_pairs_that_leave_no_room_for_labels_stay_live_only(self, estate):
        agent(estate, name="bot", metadata={str(number): "x" for number in range(14)})
        (origin,) = run_import(estate).origins
        assert "metadata" not in spec_of(estate, "assistant/bot")
        assert "14 pairs" in origin.losses[0]
        assert "# Not imported: metadata" in (estate.root / "assistants/bot.yaml").read_text()

    def test_the_comment_has_the_id_and_the_dates(self, estate):
        made = agent(estate, name="bot")
        run_import(estate)
        first = (estate.root / "assistants/bot.yaml").read_text().splitlines()[0]
        assert first.startswith(f"# Imported from agent {made.id} on 20")
        assert first.endswith("; created on 2026-11-18.")

    @pytest.mark.parametrize(("created", "loss"), [("created on", "Not imported"), ("made on", "Not here")])
    def test_the_comment_of_every_version_is_read_back(self, estate, created, loss):
        made = agent(estate, name="bot", metadata={str(number): "x" for number in range(14)})
        run_import(estate)
        file = estate.root / "assistants/bot.yaml"
        text = file.read_text().replace("; created on ", f"; {created} ").replace("# Not imported: ", f"# {loss}: ")
        file.write_text(text)
        loaded = load(estate.root, env=None)
        origins = imported_from(loaded.resources, loaded.project.repository)
        assert (text.count(created), text.count(loss)) == (1, 1)
        assert origins == {Address.parse("assistant/bot"): made.id}


class TestStores:
    def test_files_are_literal_ids_with_their_names(self, estate):
        store(estate, "hours.md", name="kb", expires_after={"anchor": "last_active_at", "days": 3})
        run_import(estate)
        text = (estate.root / "stores/kb.yaml").read_text()
        assert "  # hours.md\n" in text
        assert "  expires_after: {anchor: last_active_at, days: 3}\n" in text

    def test_attributes_of_all_files_are_written_once(self, estate):
        made = store(estate, name="kb")
        chunks = {"type": "static", "static": {"max_chunk_size_tokens": 400, "chunk_overlap_tokens": 100}}

        async def attach():
            for number in (1, 2):
                file = await estate.sdk.files.create(file=(f"{number}.md", b"text"), purpose="assistants")
                attributes = {"team": "day", "number": number}
                await estate.sdk.vector_stores.files.create(
                    made.id, file_id=file.id, attributes=attributes, chunking_strategy=chunks
                )

        estate.by_hand(attach())
        run_import(estate)
        spec = spec_of(estate, "vectorstore/kb")
        assert spec["chunking_strategy"] == chunks
        assert [entry["attributes"]["number"] for entry in spec["files"]] == [1, 2]

    def test_a_deleted_file_is_still_listed_by_id(self, estate):
        made = store(estate, "hours.md", name="kb")
        (file,) = estate.by_hand(estate.sdk.vector_stores.files.list(made.id)._get_page()).data
        estate.by_hand(estate.sdk.files.delete(file.id))
        run_import(estate)
        assert f"- {file.id}  # deleted: remove the line" in (estate.root / "stores/kb.yaml").read_text()


class TestNames:
    def test_names_become_valid_and_unique_oldest_first(self, estate):
        first = agent(estate, name="Support Bot (EU)")
        estate.clock.seconds += 10
        agent(estate, name="support bot: EU")
        agent(estate, name="日本")
        agent(estate)
        done = run_import(estate)
        assert [origin.address for origin in done.origins] == [
            "assistant/agent",
            "assistant/agent-2",
            "assistant/support-bot-eu",
            "assistant/support-bot-eu-2",
        ]
        assert done.origins[2].id == first.id

    def test_names_of_existing_manifests_and_files_are_not_reused(self, estate):
        estate.wants(manifest("Assistant", "bot", {"target": "agents", "model": "m"}))
        estate.file("prompts/bot-2.md", "mine")
        agent(estate, name="bot", instructions="theirs")
        (origin,) = run_import(estate).origins
        assert origin.address == "assistant/bot-3"
        assert (estate.root / "prompts/bot-2.md").read_text() == "mine"


class TestOwners:
    def test_an_object_with_a_manifest_is_skipped(self, estate):
        estate.wants(manifest("Assistant", "bot", {"target": "agents", "model": "gpt-6-luna"}))
        estate.apply()
        done = run_import(estate)
        assert done.written == ()
        assert [one.why for one in done.skipped] == ["already managed by the manifest of assistant/bot"]

    def test_an_object_of_another_owner_is_skipped_unless_its_id_is_given(self, estate):
        made = agent(estate, name="bot", metadata={PROJECT: "umbrella", ADDRESS: "assistant/theirs"})
        (skipped,) = run_import(estate).skipped
        assert "owned by umbrella" in skipped.why
        (origin,) = run_import(estate, made.id).origins
        assert (origin.address, "umbrella" in origin.losses[0]) == ("assistant/bot", True)

    def test_an_imported_object_is_not_imported_again(self, estate):
        agent(estate, name="bot")
        run_import(estate)
        done = run_import(estate)
        assert (done.written, [one.why for one in done.skipped]) == ((), ["already imported as assistant/bot"])

    def test_lost_manifests_are_imported_under_their_names(self, estate):
        estate.file("kb/a.md", "text")
        estate.file("kb/b.md", "other")
        estate.wants(
            manifest("Assistant", "bot", {"target": "agents", "model": "gpt-6-luna", "name": "Other name"}),
            manifest("VectorStore", "kb", {"files": ["kb/a.md"], "attributes": {"team": "day"}}),
        )
        estate.apply()
        (estate.root / "manifests.yaml").unlink()
        estate.lose_entries()
        run_import(estate)
        estate.documents = {"Project/acme": ACME}
        estate.wants(manifest("VectorStore", "more", {"files": ["kb/b.md"]}))
        plan = estate.plan()
        assert {change.action for change in plan.changes} == {"create"}, "no upload goes that is named by its id now"
        assert not plan.drift


class TestSelection:
    @pytest.mark.parametrize(
        ("words", "pattern", "found"),
        [
            ((), None, {"assistant/one", "assistant/two", "vectorstore/one"}),
            (("assistants",), None, {"assistant/one", "assistant/two"}),
            (("vector_store",), None, {"vectorstore/one"}),
            (("agent/one", "vectorstore/one"), None, {"assistant/one", "vectorstore/one"}),
            ((), "ON*", {"assistant/one", "vectorstore/one"}),
            (("agents",), "t*", {"assistant/two"}),
        ],
    )
    def test_objects_are_selected_by_kind_address_and_pattern(self, estate, words, pattern, found):
        agent(estate, name="one")
        agent(estate, name="two")
        store(estate, name="one")
        assert {origin.address for origin in run_import(estate, *words, pattern=pattern).origins} == found

    def test_only_selected_types_are_listed(self, estate):
        agent(estate, name="one")
        store(estate, "a.md", name="one")
        store(estate, "a.md", name="two")
        estate.requests()
        run_import(estate, "vectorstore/one")
        assert estate.requests() == {
            "GET /v1/files": 1,
            "GET /v1/vector_stores": 1,
            "GET /v1/vector_stores/{id}/files": 1,
        }

    def test_a_missing_id_is_reported_and_the_rest_is_imported(self, estate):
        made = agent(estate, name="one")
        done = run_import(estate, "agent_gone", made.id)
        assert [problem.code for problem in done.problems] == ["not-live"]
        assert [origin.address for origin in done.origins] == ["assistant/one"]

    def test_a_word_that_is_not_a_selection_is_refused(self):
        with pytest.raises(ReconcilerError, match="is not a kind"):
            selection(("chatbots",), None)


class TestProblems:
    def test_an_object_without_a_valid_manifest_does_not_stop_the_others(self, estate):
        http = {"type": "http", "server_url": "https://x", "headers": {"Authorization": "Bearer abc"}}
        agent(estate, name="leaky", tools=[{"type": "mcp", "server_label": "a", "transport": http}])
        agent(estate, name="fine")
        done = run_import(estate)
        assert [origin.address for origin in done.origins] == ["assistant/fine"]
        assert done.problems
        assert all("leaky was not written" in problem.message for problem in done.problems)

    def test_a_folder_inside_a_project_is_refused(self, estate):
        with pytest.raises(ReconcilerError, match="overlaps with the project"):
            run_import(estate, into=estate.root / "sub")

    def test_another_folder_becomes_a_project(self, estate, tmp_path):
        agent(estate, name="bot")
        done = run_import(estate, into=tmp_path / "New Team")
        assert (tmp_path / "New Team/project.yaml").is_file()
        assert load(tmp_path / "New Team", env=None).project.identity.project == "new-team"
        assert "project.yaml" in map(str, done.written)

    def test_nothing_live_is_changed(self, estate):
        agent(estate, name="bot")
        store(estate, "a.md", name="kb")
        estate.requests()
        run_import(estate)
        assert {request.partition(" ")[0] for request in estate.requests()} == {"GET"}


class TestConfigurations:
    def test_a_stored_response_is_imported_without_defaults(self, estate):
        held = estate.by_hand(estate.sdk.vector_stores.create()).id
        made = estate.by_hand(
            estate.sdk.responses.create(
                model="gpt-6-luna",
                input="Hello",
                instructions="Be kind.",
                temperature=0.5,
                metadata={"tier": "gold"},
                tools=[{"type": "file_search", "vector_store_ids": [held]}, {**FUNCTION, "strict": False}],
            )
        )
        here = project_context(estate.root, estate.environ, env=None, endpoint=None)
        done = estate.run(
            import_stored_responses(destination(estate.root, None, here), estate.connection, [made.id, "resp_x"])
        )
        assert [problem.code for problem in done.problems] == ["not-live"]
        (origin,) = done.origins
        assert spec_of(estate, origin.address) == {
            "target": "responses",
            "model": "gpt-6-luna",
            "instructions": "Be kind.",
            "tools": [{"type": "file_search", "vector_store_ids": [held]}, {**FUNCTION, "strict": False}],
            "temperature": 0.5,
            "metadata": {"tier": "gold"},
        }

    def test_a_request_is_imported_without_its_input(self, estate, tmp_path):
        body = {
            "model": "gpt-6-luna",
            "input": [{"role": "system", "content": "x"}, {"role": "user", "content": "y"}],
            "stream": True,
            "prompt": {"id": "pmpt_1"},
            "new_field": {"a": 1},
            "tools": [{"type": "mcp", "server_label": "crm", "server_url": "https://x", "authorization": "secret"}],
        }
        file = tmp_path / "Support Bot.json"
        file.write_text(json.dumps(body))
        (origin,) = import_requests(estate.root, estate.environ, files=[file], into=None).origins
        assert origin.address == "assistant/support-bot"
        assert [loss.split(":")[0] for loss in origin.losses] == [
            "`authorization` of MCP server crm",
            "`input` and `stream`",
            "`prompt`",
            "the system message of `input`",
        ]
        spec = spec_of(estate, origin.address)
        assert spec["new_field"] == {"a": 1}
        assert "secret" not in (estate.root / "assistants/support-bot.yaml").read_text()

    @pytest.mark.parametrize("content", ["", "[1]", '{"model": ', "\x80", '{"model": NaN}'])
    def test_an_invalid_request_file_is_reported_and_the_rest_is_imported(self, estate, tmp_path, content):
        good, bad = tmp_path / "good.json", tmp_path / "bad.json"
        good.write_text('{"model": "gpt-6-luna"}')
        bad.write_bytes(content.encode("latin-1"))
        done = import_requests(estate.root, estate.environ, files=[bad, tmp_path / "none.json", good], into=None)
        assert [origin.address for origin in done.origins] == ["assistant/good"]
        assert len(done.problems) == 2


class TestExclude:
    """Excluded objects stay unmanaged."""

    @pytest.mark.parametrize("pattern", ["TEST-*", "assistant/test-bot", "agents/test-*", "assistant/t*"])
    def test_objects_are_excluded_by_name_or_address(self, estate, pattern):
        agent(estate, name="test-bot")
        agent(estate, name="desk")
        done = run_import(estate, exclusions=(pattern,))
        assert [one.address for one in done.origins] == ["assistant/desk"]
        assert [(one.name, bool(one.excluded_by)) for one in done.skipped] == [("test-bot", True)]
        assert done.problems == ()

    def test_objects_are_excluded_by_id_even_if_they_are_named(self, estate):
        one = agent(estate, name="desk")
        done = run_import(estate, one.id, exclusions=(one.id,))
        assert (done.origins, done.written, done.problems) == ((), (), ())
        assert done.skipped[0].why == f"excluded by --exclude {one.id}"

    @pytest.mark.parametrize(
        ("pattern", "hint"),
        [
            ("dsek", "did you mean `desk`?"),
            ("agents", "to exclude all objects of the kind, write `--exclude 'assistant/*'`"),
            ("x*", ""),
        ],
    )
    def test_exclusion_that_matches_nothing_is_a_warning(self, estate, pattern, hint):
        agent(estate, name="desk")
        done = run_import(estate, exclusions=(pattern,))
        (warning,) = done.problems
        assert (warning.code, warning.hint) == ("idle-exclusion", hint)
        assert [one.address for one in done.origins] == ["assistant/desk"]
