"""Saved assistants: `/v1/assistants`, version 2. OpenAI ended this API; other servers have it.

Deleting an assistant deletes neither its files nor its vector store.
"""

from functools import partial
from typing import Final

from reconciler.live.labelled import Description, Labelled
from reconciler.live.shapes import NUMBER, OBJECT, TEXT, TEXTS, TIME, TYPED

TIMES: Final = ("created_at", "updated_at")
"""Only servers of others have `updated_at`."""
SHAPES: Final = {
    **dict.fromkeys(("model", "name", "description", "instructions"), TEXT),
    **dict.fromkeys(("temperature", "top_p"), NUMBER),
    "tools": TYPED,
    "tool_resources": OBJECT,
    "metadata": TEXTS,
    **dict.fromkeys(TIMES, TIME),
}
NOT_SERVED: Final = (
    "This server does not serve the Assistants API, which the target `assistants` requires. Check the endpoint; to "
    "move assistants to another target, run `reconciler migrate`."
)
ASSISTANTS: Final = Description(
    type="assistant",
    path=("assistants",),
    shapes=SHAPES,
    fields=("model",),
    reads_others=True,
    detail=TIMES,
    not_served=NOT_SERVED,
)

ADAPTER: Final = partial(Labelled, ASSISTANTS)
