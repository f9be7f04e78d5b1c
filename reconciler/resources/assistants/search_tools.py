"""Tools that look things up: file search and web search (types `file_search_tool_param`, `web_search_*` of the SDK)."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from reconciler.resources.assistants.references import StoreId
from reconciler.resources.assistants.shared import OMITTED, ContextSize, Extensible, Fraction, Location, Part

Scalar: TypeAlias = str | int | float | bool


class Comparison(Part):
    """Compares one attribute of a file."""

    type: Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"]
    key: str
    value: Scalar | list[str | int | float]


class Compound(Part):
    type: Literal["and", "or"]
    filters: list["Filter"]


Filter: TypeAlias = Annotated[Comparison | Compound, Field(discriminator="type")]


class HybridSearch(Part):
    """Weights of embedding and keyword matches in reciprocal rank fusion."""

    embedding_weight: float
    text_weight: float


class RankingOptions(Part):
    ranker: Literal["auto", "default-2024-11-15"] = OMITTED
    score_threshold: Fraction = OMITTED
    hybrid_search: HybridSearch = OMITTED


class FileSearch(Extensible):
    type: Literal["file_search"]
    vector_store_ids: Annotated[list[StoreId], Field(min_length=1)]
    filters: Filter | None = None
    max_num_results: Annotated[int, Field(ge=1, le=50)] = OMITTED
    ranking_options: RankingOptions = OMITTED


class DomainFilters(Part):
    allowed_domains: list[str] | None = None
    """Subdomains are allowed with them."""


class UserLocation(Location):
    type: Literal["approximate"] = "approximate"


class PreviewUserLocation(Location):
    type: Literal["approximate"]


class WebSearch(Extensible):
    type: Literal["web_search", "web_search_2025_08_26"]
    external_web_access: bool = True
    filters: DomainFilters | None = None
    search_context_size: ContextSize = "medium"
    user_location: UserLocation | None = None
    """The United States where it is left out; `{type: approximate}` alone for nowhere in particular."""


class WebSearchPreview(Extensible):
    type: Literal["web_search_preview", "web_search_preview_2025_03_11"]
    search_content_types: list[Literal["text", "image"]] = OMITTED
    search_context_size: ContextSize = "medium"
    user_location: PreviewUserLocation | None = None
