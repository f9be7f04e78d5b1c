"""`import`: write manifests for live objects. Live objects are not changed, and files are not overwritten."""
