"""Changing manifests where they stand: values of a YAML document, and everything else stays as it is."""

from reconciler.manifests.editing.edits import UneditableError, edited

__all__ = ["UneditableError", "edited"]
