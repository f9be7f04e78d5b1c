"""Image generation: `ImageGeneration` of `openai.types.responses.tool_param`, where the ranges come from too."""

from typing import Annotated, Literal

from pydantic import Field

from reconciler.resources.assistants.references import FileId
from reconciler.resources.assistants.shared import OMITTED, Count, Effort, Extensible, Part


class ImageMask(Part):
    """The region to paint over: an uploaded file or a base64 image."""

    file_id: FileId = OMITTED
    image_url: str = OMITTED


class SvgReasoning(Part):
    effort: Effort = OMITTED


class Svg(Part):
    """The model that writes the SVG; needs `output_format: svg`."""

    model: str = OMITTED
    reasoning: SvgReasoning | None = None


class ImageGeneration(Extensible):
    type: Literal["image_generation"]
    action: Literal["generate", "edit", "auto"] = "auto"
    background: Literal["transparent", "opaque", "auto"] = "auto"
    complexity: Literal["low", "medium", "high"] = OMITTED
    frame_count: Count = 9
    """Frames of a GIF; needs `output_format: gif`."""
    frame_duration_ms: Count = 200
    input_fidelity: Literal["high", "low"] | None = None
    input_image_mask: ImageMask = OMITTED
    model: str = OMITTED
    moderation: Literal["auto", "low"] = "auto"
    output_compression: Annotated[int, Field(ge=0, le=100)] = 100
    output_format: Literal["png", "webp", "jpeg", "gif", "svg"] = "png"
    partial_images: Annotated[int, Field(ge=0, le=3)] = 0
    quality: Literal["low", "medium", "high", "xhigh", "max", "auto"] = "auto"
    size: Annotated[str, Field(pattern=r"^(auto|[1-9]\d*x[1-9]\d*)$")] = "auto"
    """`auto`, or WIDTHxHEIGHT."""
    svg: Svg = OMITTED
