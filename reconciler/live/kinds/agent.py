"""Saved agents: `/v1/agents`, in beta."""

from functools import partial
from typing import Final

from reconciler.live.labelled import Description, Labelled
from reconciler.live.shapes import OBJECT, TEXT, TEXTS, TIME, TYPED

TIMES: Final = ("created_at", "updated_at")
SHAPES: Final = {
    **dict.fromkeys(("model", "name", "instructions", "service_tier"), TEXT),
    **dict.fromkeys(("text", "reasoning", "multi_agent", "compaction", "experimental"), OBJECT),
    "tools": TYPED,
    "metadata": TEXTS,
    **dict.fromkeys(TIMES, TIME),
}
AGENTS: Final = Description(
    type="agent", path=("agents",), shapes=SHAPES, fields=("model",), reads_others=True, detail=TIMES
)

ADAPTER: Final = partial(Labelled, AGENTS)
