"""Releases in the working tree: what `release`, `publish`, `archive` and `diff` share. Offline."""
