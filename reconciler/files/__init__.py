"""Writing of files whole or not at all, also if the process is killed or the disk is full."""
