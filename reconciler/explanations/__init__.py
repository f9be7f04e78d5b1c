"""`explain`: the meaning of kinds, fields and codes. Imports no kind, so that the command answers at once."""
