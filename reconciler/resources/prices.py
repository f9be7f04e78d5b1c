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
