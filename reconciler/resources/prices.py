"""Prices of OpenAI for estimates, without tokens. `prices` in project.yaml overrides them.

Source: OpenAI's page "Pricing", as of 2026-11-21. Prices of tokens are not included, because they change too often.
"""

from typing import Annotated, Final, TypeAlias

from pydantic import Field

from reconciler.resources.base import Spec

PRICED_ON: Final = "2026-11-21"
"""Date of the published prices."""
GB: Final = 1_000_000_000
PER_GB_AND_DAY: Final = 0.10
FREE_GB: Final = 1

Dollars: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def storage_per_day(stored: int, price: float, free_gb: float) -> float:
    """Return the price per day of a number of bytes of vector storage, given the price per GB and day."""
    return max(0.0, stored / GB - free_gb) * price


class Prices(Spec):
    """Prices for cost estimates, in US dollars. The defaults are those that OpenAI published on 2026-11-21."""

    vector_storage: Dollars = PER_GB_AND_DAY
    """Price of vector storage, in US dollars per GB and day. Default: 0.10."""
    free_gb: Dollars = FREE_GB
    """Vector storage that is free of charge, in GB. Default: 1."""
    code_interpreter: Dollars = 0.03
    """Price of code interpreter, in US dollars per session. Default: 0.03."""
    file_search: Dollars = 2.50
    """Price of file search, in US dollars per 1,000 calls. Default: 2.50."""
    models: dict[str, Dollars] = Field(default_factory=dict)
    """Prices of models, in US dollars per million input tokens, by model name. The price of a model that is not listed
    is unknown. Default: none."""

    def per_day(self, stored: int) -> float:
        """Return the price per day of a number of bytes of vector storage."""
        return storage_per_day(stored, self.vector_storage, self.free_gb)

    @property
    def source(self) -> str:
        """The source of the prices, for output."""
        return f"OpenAI's prices of {self.as_of}" if self.as_of else "prices of project.yaml"

    @property
    def as_of(self) -> str | None:
        """Date of the published prices; None if the project sets its own."""
        return None if self.model_fields_set else PRICED_ON


BY_USE: Final = frozenset({"code_interpreter", "file_search"})
"""Tools that are charged by use."""
