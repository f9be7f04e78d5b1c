"""A small apply and plan, run in the fork server so that forked processes find lazy imports and caches loaded."""

import tempfile
from pathlib import Path

from tests.support.world import PROJECT, manifest, world

with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as made:
    made.wants(
        PROJECT,
        manifest("Assistant", "a", {"target": "agents", "model": "gpt-6-luna"}),
        manifest("Assistant", "b", {"target": "responses", "model": "gpt-6-luna"}),
        manifest("VectorStore", "s", {}),
        manifest("Chatbot", "c", {"assistant": "a"}),
    )
    made.apply()
    made.plan()
