"""Checks of limits that the types of the SDK do not express, with the error messages of the API.

A resource declares its limits as a table from member path to check. `enforce` applies it to the members present.
"""

import re
from collections.abc import Mapping
from typing import Any

from reconciler.emulator.errors import invalid
from reconciler.emulator.schema import Check, join


def enforce(limits: Mapping[str, Check], body: Mapping[str, Any], prefix: str = "") -> None:
    """Raise ApiError for the first member of `body` that exceeds its limit; absent and null members are skipped."""
    for path, check in limits.items():
        value = _at(body, path)
        if value is not None:
            check(value, join(prefix, path))


def _at(body: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(body, dict):
            return None
        body = body.get(name)
    return body


def length(maximum: int) -> Check:
    def check(value: str, path: str) -> None:
        if len(value) > maximum:
            message = (
                f"Invalid '{path}': string too long. Expected a string with maximum length {maximum}, "
                f"but got a string with length {len(value)} instead."
            )
            raise invalid(message, path, "string_above_max_length")

    return check


def items(maximum: int, minimum: int = 0) -> Check:
    def check(value: list[Any], path: str) -> None:
        if len(value) < minimum:
            message = f"Invalid '{path}': empty array. Expected an array with minimum length {minimum}."
            raise invalid(message, path, "empty_array")
        if len(value) > maximum:
            message = (
                f"Invalid '{path}': array too long. Expected an array with maximum length {maximum}, "
                f"but got an array with length {len(value)} instead."
            )
            raise invalid(message, path, "array_above_max_length")

    return check


def between(minimum: int, maximum: int, number: str = "integer") -> Check:
    """Return the check of a number; `number` is its name in messages and codes, `integer` or `decimal`."""

    def check(value: float, path: str) -> None:
        if value < minimum:
            raise out_of_range(path, "below minimum", f">= {minimum}", value, "below_min")
        if value > maximum:
            raise out_of_range(path, "above maximum", f"<= {maximum}", value, "above_max")

    def out_of_range(path: str, side: str, bound: str, value: float, code: str) -> Exception:
        message = f"Invalid '{path}': {number} {side} value. Expected a value {bound}, but got {value} instead."
        return invalid(message, path, f"{number}_{code}_value")

    return check


def matching(pattern: str) -> Check:
    """Return the check of a text that matches a regular expression as a whole."""

    def check(value: str, path: str) -> None:
        if not re.fullmatch(pattern, value):
            message = (
                f"Invalid '{path}': string does not match pattern. "
                f"Expected a string that matches the pattern '^{pattern}$'."
            )
            raise invalid(message, path, "invalid_value")

    return check


def pairs(value: Mapping[str, Any], path: str) -> None:
    """Check metadata or attributes: 16 pairs, keys of 64 characters, strings of 512 (docstrings in the SDK)."""
    if len(value) > 16:
        message = (
            f"Invalid '{path}': too many properties. Expected an object with at most 16 properties, "
            f"but got an object with {len(value)} properties instead."
        )
        raise invalid(message, path, "object_above_max_properties")
    for key in sorted(value):
        _key(key, path)
        if isinstance(value[key], str):
            length(512)(value[key], join(path, key))


def _key(key: str, path: str) -> None:
    if not 1 <= len(key) <= 64:
        message = (
            f"Invalid property name in '{path}': '{key}'. Expected a string with 1 to 64 characters, "
            f"but got a string with length {len(key)} instead."
        )
        raise invalid(message, join(path, key), "property_name_above_max_length")
