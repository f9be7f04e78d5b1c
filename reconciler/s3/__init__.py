"""Objects below a prefix of an S3 bucket: what state and outlets have in common there.

Applications import this: the standard library only, until an object is asked for.
"""
