"""Tools that look things up: file search and web search (types `file_search_tool_param`, `web_search_*` of the SDK)."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from reconciler.resources.assistants.shared import OMITTED, ContextSize, Extensible, Fraction, Location, Part
from reconciler.resources.names import VectorStoreName

Scalar: TypeAlias = str | int | float | bool


class Comparison(Part):
    """A comparison of one attribute of a file."""

    type: Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"]
    """Operator: `eq`, `ne`, `gt`, `gte`, `lt`, `lte`, `in` or `nin` (not in)."""
    key: str
    """Name of the attribute, as set in the vector store's `attributes`."""
    value: Scalar | list[str | int | float]
    """Value to compare with: text, a number, `true` or `false`; a list for `in` and `nin`."""


class Compound(Part):
    """A combination of filters."""

    type: Literal["and", "or"]
    """Operator: `and` or `or`."""
    filters: list["Filter"]
    """Filters to combine, each a comparison or another combination."""


Filter: TypeAlias = Annotated[Comparison | Compound, Field(discriminator="type")]


class HybridSearch(Part):
    """Weights of embedding and keyword matches in reciprocal rank fusion."""

    embedding_weight: float
    """Weight of matches by embedding."""
    text_weight: float
    """Weight of matches by keyword."""


class RankingOptions(Part):
    """Settings of the ranking of search results."""

    ranker: Literal["auto", "default-2024-11-15"] = OMITTED
    """Ranker: `auto`, or a version. Default: chosen by the API."""
    score_threshold: Fraction = OMITTED
    """Smallest score of a result, from 0 to 1. Values close to 1 return only the best matches. Default: chosen by the
    API."""
    hybrid_search: HybridSearch = OMITTED
    """Weights of embedding and keyword matches. Default: chosen by the API."""


class FileSearch(Extensible):
    """A search of vector stores."""

    type: Literal["file_search"]
    """Tool type. Always `file_search`."""
    vector_store_ids: Annotated[list[VectorStoreName], Field(min_length=1)]
    """Vector stores to search, at least one: names of manifests, or ids of unmanaged stores (`vs_…`)."""
    filters: Filter | None = None
    """Filter by attributes of files. Default: none."""
    max_num_results: Annotated[int, Field(ge=1, le=50)] = OMITTED
    """Largest number of results, from 1 to 50. Default: chosen by the API."""
    ranking_options: RankingOptions = OMITTED
    """Settings of the ranking of results. Default: chosen by the API."""


class DomainFilters(Part):
    """Filters of web search results."""

    allowed_domains: list[str] | None = None
    """Domains that results may come from, including their subdomains. Default: all domains."""


class UserLocation(Location):
    """The approximate location of the user."""

    type: Literal["approximate"] = "approximate"
    """Location type. Always `approximate`."""


class PreviewUserLocation(Location):
    """The approximate location of the user, for preview versions of web search."""

    type: Literal["approximate"]
    """Location type. Always `approximate`."""


class WebSearch(Extensible):
    """Web search."""

    type: Literal["web_search", "web_search_2025_08_26"]
    """Tool type: `web_search`, or a dated version of it."""
    external_web_access: bool = True
    """Allow access to the live web. With `false`, only cached content is used. Default: `true`."""
    filters: DomainFilters | None = None
    """Filters of results. Default: none."""
    search_context_size: ContextSize = "medium"
    """Amount of search context that the model gets: `low`, `medium` or `high`. Default: `medium`."""
    user_location: UserLocation | None = None
    """Approximate location of the user. Default: the United States; write `{type: approximate}` for no particular
    location."""


class WebSearchPreview(Extensible):
    """A preview version of web search."""

    type: Literal["web_search_preview", "web_search_preview_2025_03_11"]
    """Tool type: `web_search_preview`, or a dated version of it."""
    search_content_types: list[Literal["text", "image"]] = OMITTED
    """Types of content to search for: `text`, `image` or both. Default: chosen by the API."""
    search_context_size: ContextSize = "medium"
    """Amount of search context that the model gets: `low`, `medium` or `high`. Default: `medium`."""
    user_location: PreviewUserLocation | None = None
    """Approximate location of the user. Default: the United States; write `{type: approximate}` for no particular
    location."""
