"""What OpenAI charges besides tokens, as published; `prices` in project.yaml says otherwise. Estimates, never bills.

Sources, as of 2026-11-21: OpenAI's page "Pricing". A model's price of tokens changes too often to be kept here.
"""

from typing import Annotated, Final, TypeAlias

from pydantic import Field

from reconciler.resources.base import Spec

PRICED_ON: Final = "2026-11-21"
"""When these were last looked up."""
GB: Final = 1_000_000_000
PER_GB_AND_DAY: Final = 0.10
FREE_GB: Final = 1

Dollars: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Prices(Spec):
    """In US dollars."""

    vector_storage: Dollars = PER_GB_AND_DAY
    """For a GB of vector storage and day."""
    free_gb: Dollars = FREE_GB
    """Of vector storage."""
    code_interpreter: Dollars = 0.03
    """For a session."""
    file_search: Dollars = 2.50
    """For 1,000 calls."""
    models: dict[str, Dollars] = Field(default_factory=dict)
    """For a million input tokens, by model. Of a model that is not named here the price is unknown."""

    def per_day(self, stored: int) -> float:
        """For bytes of vector storage."""
        return max(0.0, stored / GB - self.free_gb) * self.vector_storage

    @property
    def source(self) -> str:
        """Where they are from, for people."""
        return f"OpenAI's prices of {self.as_of}" if self.as_of else "prices of project.yaml"

    @property
    def as_of(self) -> str | None:
        """The day on which they were looked up; None where the project has its own."""
        return None if self.model_fields_set else PRICED_ON


BY_USE: Final = frozenset({"code_interpreter", "file_search"})
"""Tools with a price of their own."""
