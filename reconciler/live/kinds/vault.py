"""Vaults: `/v1/vaults`, in beta."""

from functools import partial
from typing import Final

from reconciler.live.labelled import Description, Labelled
from reconciler.live.shapes import TEXT, TEXTS, TIME

VAULTS: Final = Description(
    type="vault",
    path=("vaults",),
    shapes={"name": TEXT, "metadata": TEXTS, "created_at": TIME},
    fields=("name", "metadata"),
    detail=("created_at",),
    is_shared=True,
)

ADAPTER: Final = partial(Labelled, VAULTS)
