"""A spec as it was written, with what it includes, before variables: what a release keeps."""

from collections.abc import Mapping

from reconciler.manifests.includes import Source
from reconciler.resources.base import Path
from reconciler.resources.values import JSON


def with_includes(value: JSON, path: Path, structures: Mapping[Path, Source], texts: Mapping[Path, Source]) -> JSON:
    """`value`, which stands at `path`, with the content of the files that it includes: of those in `texts`, and of
    those that have no structure, as text.
    """
    if path in texts:
        return texts[path].content
    if path in structures:
        source = structures[path]
        return source.value if source.structured else source.content
    if isinstance(value, dict):
        return {key: with_includes(item, (*path, key), structures, texts) for key, item in value.items()}
    if isinstance(value, list):
        return [with_includes(item, (*path, index), structures, texts) for index, item in enumerate(value)]
    return value
