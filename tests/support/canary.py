"""A secret that is easy to recognise, and the shapes in which it could leave a process."""

import base64
import codecs
import hashlib
import html
import json
import quopri
import shlex
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote, quote_plus

SECRET: Final = "Canary/4f9c&<\"q+k'%\\é=Zz 7"
WIDTHS: Final = (8, 12, 16)
"""Lengths of the lines that the secret is split over."""
PARTS: Final = 10
"""Characters at each end of the secret that are searched for."""


def shapes(secret: str = SECRET) -> Mapping[str, bytes]:
    """Return the secret in every shape that is searched for, by name."""
    data = secret.encode()
    texts = {
        "as it is": secret,
        "lower case": secret.lower(),
        "upper case": secret.upper(),
        "reversed": secret[::-1],
        "rot13": codecs.encode(secret, "rot13"),
        "JSON": json.dumps(secret)[1:-1],
        "JSON with characters": json.dumps(secret, ensure_ascii=False)[1:-1],
        "JSON in JSON": json.dumps(json.dumps(secret)[1:-1])[1:-1],
        "repr": repr(secret)[1:-1],
        "repr of bytes": repr(data)[2:-1],
        "URL": quote(secret, safe=""),
        "URL with slashes": quote(secret),
        "URL form": quote_plus(secret),
        "URL in a URL": quote(quote(secret, safe=""), safe=""),
        "HTML": html.escape(secret),
        "character references": "".join(f"&#{ord(character)};" for character in secret),
        "quoted for a shell": shlex.quote(secret),
        "YAML in single quotes": secret.replace("'", "''"),
        "hex": data.hex(),
        "hex in upper case": data.hex().upper(),
        "base32": base64.b32encode(data).decode().rstrip("="),
        "base85": base64.b85encode(data).decode(),
        "quoted-printable": quopri.encodestring(data).decode(),
        "UTF-16 as hex": secret.encode("utf-16-le").hex(),
        "numbers": ", ".join(str(byte) for byte in data),
        "start": secret[:PARTS],
        "end": secret[-PARTS:],
        "digest": hashlib.sha256(data).hexdigest(),
        "digest of JSON": hashlib.sha256(json.dumps(secret, ensure_ascii=False).encode()).hexdigest(),
        "start of the digest of JSON": hashlib.sha256(json.dumps(secret, ensure_ascii=False).encode()).hexdigest()[:8],
        "start of the digest": hashlib.sha256(data).hexdigest()[:12],
        "digest in base64": base64.b64encode(hashlib.sha256(data).digest()).decode(),
        "SHA-1": hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        "SHA-512": hashlib.sha512(data).hexdigest(),
        "MD5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
    }
    found = {name: text.encode() for name, text in texts.items()}
    for shift in range(3):
        inner = base64.b64encode(b"\0" * shift + data)[4 if shift else 0 : -4]
        found[f"base64 at {shift}"] = inner
        found[f"base64 for URLs at {shift}"] = inner.translate(bytes.maketrans(b"+/", b"-_"))
    for width in WIDTHS:
        lines = (secret[start : start + width] for start in range(0, len(secret), width))
        found[f"lines of {width}"] = "\n".join(lines).encode()
    found["UTF-16"] = secret.encode("utf-16-le")
    found["compressed"] = zlib.compress(data)[2:-4]
    return found


def found_in(content: bytes, secret: str = SECRET) -> list[str]:
    """Return the names of the shapes that a content has, also if it is split over lines or indented."""
    joined = b"".join(content.split())
    return [name for name, shape in shapes(secret).items() if shape in content or b"".join(shape.split()) in joined]


def leaks(folders: Iterable[Path], secret: str = SECRET) -> Iterator[str]:
    """Yield each file that has the secret in its content or name, with the shape."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            content = path.read_bytes() if path.is_file() else b""
            yield from (f"{path}: {name}" for name in found_in(content + path.name.encode(), secret))
