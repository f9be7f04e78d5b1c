from reconciler.project.workspace import open_workspace
from reconciler.releases.release import release
from tests.support.world import PROJECT, manifest, world

AGENT = {"target": "agents", "model": "gpt-6-luna", "instructions": "Sort."}


def test_specs_that_plans_read_are_not_released(tmp_path):
    with world(tmp_path / "acme") as made:
        made.wants(PROJECT, manifest("Assistant", "triage", AGENT), manifest("Chatbot", "bot", {"assistant": "triage"}))
        release(made.root, made.environ, "bot")
        workspace = open_workspace(made.root, {**made.environ, "RECONCILER_NO_CACHE": "1"})
        assert workspace.desired
        kept = {str(one.address): "spec" in vars(one) for one in workspace.loaded.resources}
    assert kept == {"assistant/triage": False, "chatbot/bot": False, "release/bot@1": True}
