"""What went wrong with a request to S3, for people. Of an answer only code and message are told: it may hold keys."""

import re
from typing import Final

_CODE: Final = re.compile(r"<Code>(\w+)</Code>")
_MESSAGE: Final = re.compile(r"<Message>([^<]+)</Message>")
_STATUS: Final = re.compile(r"status code: (\d{3})")
_CAUSE: Final = re.compile(r'(?:message|error): "([^"]+)"')

_CREDENTIALS: Final = (
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN where there is one. "
    'Those of a profile: eval "$(aws configure export-credentials --format env)"'
)
_RIGHTS: Final = "It takes s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and s3:DeleteObject in it."
_REGION: Final = "Set `region` to where the bucket is, or AWS_REGION."
_NETWORK: Final = "Check `endpoint_url`, `region` and the network, and run it again."
_HINTS: Final = {
    "NoSuchBucket": "Check its name and `endpoint_url`, or make it: Reconciler makes no bucket.",
    "AccessDenied": _RIGHTS,
    "InvalidAccessKeyId": _CREDENTIALS,
    "SignatureDoesNotMatch": _CREDENTIALS,
    "ExpiredToken": _CREDENTIALS,
    "InvalidToken": _CREDENTIALS,
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "403": _RIGHTS,
    "301": _REGION,
}


def code_of(error: Exception) -> str:
    """What S3 answered with: a code such as `NoSuchBucket`, or the HTTP status; empty where there was no answer."""
    text = str(error)
    found = _CODE.search(text) or _STATUS.search(text)
    return found[1] if found else ""


def explained(error: Exception) -> tuple[str, str]:
    """What is wrong, and what to do about it."""
    text, code = str(error), code_of(error)
    if code:
        message = _MESSAGE.search(text)
        return f"it answered {code}{f' ({message[1]})' if message else ''}", _HINTS.get(code, _NETWORK)
    if "/latest/api/token" in text:  # asked of the machine it runs on, where nothing else is set
        return "there are no credentials", _CREDENTIALS
    if "TimedOut" in text:
        return "it did not answer in time", _NETWORK
    cause = _CAUSE.search(text)
    return f"it cannot be reached{f' ({cause[1]})' if cause else ''}", _NETWORK
