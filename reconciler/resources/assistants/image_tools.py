"""Image generation: `ImageGeneration` of `openai.types.responses.tool_param`, where the ranges come from too."""

from typing import Annotated, Literal

from pydantic import Field

from reconciler.resources.assistants.shared import OMITTED, Count, Effort, Extensible, Part
from reconciler.resources.names import FileName


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
