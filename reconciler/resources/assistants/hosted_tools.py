"""Tools that OpenAI runs: file search, web search and image generation.

Source: `file_search_tool_param`, `web_search_*` and `tool_param` in `openai.types.responses`.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from reconciler.resources.assistants.shared import (
    OMITTED,
    ContextSize,
    Count,
    Effort,
    Extensible,
    Fraction,
    Location,
    Part,
)
from reconciler.resources.list_items import IdentifiedBy
from reconciler.resources.names import FileName, VectorStoreName

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


Filter: TypeAlias = Annotated[Comparison | Compound, Field(discriminator="type"), IdentifiedBy(("key",))]


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


class ImageMask(Part):
    """A mask of the region to repaint: an uploaded file or an image in Base64."""

    file_id: FileName = OMITTED
    """Uploaded image: a path relative to the project folder, or the id of an unmanaged upload (`file-…`). Default:
    none."""
    image_url: str = OMITTED
    """Image in Base64. Default: none."""


class SvgReasoning(Part):
    """Reasoning settings of the model that writes the SVG."""

    effort: Effort = OMITTED
    """Reasoning effort of the model that writes the SVG. Default: the default of the model."""


class Svg(Part):
    """Settings of the model that writes the SVG. Requires `output_format: svg`."""

    model: str = OMITTED
    """Name of the model that writes the SVG. Default: chosen by the API."""
    reasoning: SvgReasoning | None = None
    """Reasoning settings of that model. Default: the default of the model."""


class ImageGeneration(Extensible):
    """A tool that generates and edits images."""

    type: Literal["image_generation"]
    """Tool type. Always `image_generation`."""
    action: Literal["generate", "edit", "auto"] = "auto"
    """Task of the tool: `generate` a new image, `edit` one, or `auto`. Default: `auto`."""
    background: Literal["transparent", "opaque", "auto"] = "auto"
    """Background of images: `transparent`, `opaque` or `auto`. `transparent` requires the format `png` or `webp`.
    Default: `auto`."""
    complexity: Literal["low", "medium", "high"] = OMITTED
    """Effort of planning an image, independent of its rendering quality. Default: the reasoning effort of the request,
    or the default of the model."""
    frame_count: Count = 9
    """Number of frames of a GIF, at least 1. Requires `output_format: gif`. Default: 9."""
    frame_duration_ms: Count = 200
    """Duration of each frame of a GIF, in milliseconds, at least 1. Requires `output_format: gif`. Default: 200."""
    input_fidelity: Literal["high", "low"] | None = None
    """Effort of matching the style and the features of input images: `high` or `low`. Default: `low`, on models that
    support it."""
    input_image_mask: ImageMask = OMITTED
    """Mask of the region to repaint. Default: none."""
    model: str = OMITTED
    """Name of the image model. Default: chosen by the API."""
    moderation: Literal["auto", "low"] = "auto"
    """Moderation of images: `auto` or `low`. Default: `auto`."""
    output_compression: Annotated[int, Field(ge=0, le=100)] = 100
    """Compression level of images, from 0 to 100. Default: 100."""
    output_format: Literal["png", "webp", "jpeg", "gif", "svg"] = "png"
    """Format of images. Default: `png`."""
    partial_images: Annotated[int, Field(ge=0, le=3)] = 0
    """Number of partial images that are streamed, from 0 to 3. Default: 0."""
    quality: Literal["low", "medium", "high", "xhigh", "max", "auto"] = "auto"
    """Rendering quality of images. Models support different values. Default: `auto`."""
    size: Annotated[str, Field(pattern=r"^(auto|[1-9]\d*x[1-9]\d*)$")] = "auto"
    """Size of images in pixels, as `WIDTHxHEIGHT`, such as `1024x1536`, or `auto`. Default: `auto`."""
    svg: Svg = OMITTED
    """Settings of the model that writes the SVG. Requires `output_format: svg`. Default: chosen by the API."""
