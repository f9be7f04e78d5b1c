"""Objects below a prefix in an S3 bucket, for the state and for outlets.

Applications import this package: it uses only the standard library until an object is requested.
"""
