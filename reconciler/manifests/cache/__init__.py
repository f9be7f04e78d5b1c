"""A cache of what manifests define, so that unchanged manifests are neither parsed nor validated again."""
