"""Reads Stripe's form-encoded parameters: `metadata[order_id]=7&expand[0]=latest_charge`.

Complaints carry Stripe's codes and sentences (docs.stripe.com/error-codes) and name the parameter
as the caller wrote it. Nothing is written before every parameter has been read.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from store.gateway.errors import InvalidRequest
from store.server.money import MAX_AMOUNT

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_KEY = re.compile(r"\[([^\[\]]*)\]")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Tree = dict[str, Any]


def tree_of(pairs: Iterable[tuple[str, str]]) -> Tree:
    """The nested parameters; lists become objects with the keys "0", "1", and so on."""
    tree: Tree = {}
    for name, value in pairs:
        found = _NAME.fullmatch(name)
        if not found or _CONTROL.search(name + value):
            raise invalid(name, "Invalid characters in parameter name or value.")
        _put(tree, [found[1], *_KEY.findall(found[2])], value, name)
    return tree


def _put(tree: Tree, path: list[str], value: str, name: str) -> None:
    *parents, last = path
    for key in parents:
        tree = tree.setdefault(key or str(len(tree)), {})
        if not isinstance(tree, dict):
            raise invalid(name, f"Invalid object: {name}")
    key = last or str(len(tree))
    if isinstance(tree.get(key), dict):
        raise invalid(name, f"Invalid object: {name}")
    tree[key] = value


class Parameters:
    """Typed reads that remember what was read, so that the rest can be refused."""

    def __init__(self, tree: Tree, prefix: str = "") -> None:
        self._left = dict(tree)
        self._prefix = prefix

    def text(self, name: str, *, most: int = 5000, required: bool = False) -> str | None:
        """A string without blanks around it; None when it is absent or empty."""
        value = self._left.pop(name, None)
        if isinstance(value, dict):
            raise self._invalid(name, "Invalid string: {...}", "parameter_invalid_string")
        if value is None or not value.strip():
            if required:
                raise missing(self._named(name))
            return None
        if len(value) > most:
            raise self._invalid(name, f"Invalid string: longer than {most} characters.")
        return str(value).strip()

    def whole(self, name: str, *, least: int = 1, most: int = MAX_AMOUNT) -> int | None:
        """An integer from `least` to `most`, or None when it is absent."""
        text = self.text(name, most=64)
        if text is None:
            return None
        if not _WHOLE.fullmatch(text):
            raise self._invalid(name, f"Invalid integer: {text}", "parameter_invalid_integer")
        number, sign = int(text), "greater" if int(text) < least else "less"
        if not least <= number <= most:
            limit = least if number < least else most
            reason = f"This value must be {sign} than or equal to {limit}."
            raise self._invalid(name, reason, "parameter_invalid_integer")
        return number

    def seconds(self, name: str, default: float, *, most: float = 3600.0) -> float:
        """A number of seconds, from nothing to an hour."""
        text = self.text(name, most=64)
        try:
            number = default if text is None else float(text)
        except ValueError:
            number = -1.0
        if not 0 <= number <= most:
            raise self._invalid(name, f"This value must be from 0 to {most:g} seconds.")
        return number

    def flag(self, name: str, default: bool = False) -> bool:
        """`true` or `false`."""
        text = self.text(name, most=64)
        if text not in (None, "true", "false"):
            raise self._invalid(name, f"Invalid boolean: {text}", "parameter_invalid_boolean")
        return default if text is None else text == "true"

    def one_of(self, name: str, allowed: Sequence[str], default: str | None = None) -> str | None:
        text = self.text(name, most=64)
        if text is not None and text not in allowed:
            reason = f"Invalid {self._named(name)}: must be one of {', '.join(allowed)}"
            raise self._invalid(name, reason)
        return default if text is None else text

    def object(self, name: str) -> "Parameters | None":
        """The parameters nested under a name, or None when there are none."""
        value = self._left.pop(name, None)
        if value is None or value == "":
            return None
        if not isinstance(value, dict):
            raise self._invalid(name, "Invalid object")
        return Parameters(value, self._named(name))

    def holds_text(self, name: str) -> bool:
        """Whether the parameter is there, and not an object."""
        return isinstance(self._left.get(name), str)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings, in their order."""
        nested = self.object(name)
        if nested is None:
            return ()
        found = [nested.text(key) for key in list(nested._left)]
        return tuple(text for text in found if text)

    def metadata(self) -> dict[str, str] | None:
        """Up to 50 keys of 40 characters with values of 500 (docs.stripe.com/api/metadata)."""
        nested = self.object("metadata")
        if nested is None:
            return None
        if len(nested._left) > 50:
            raise invalid("metadata", "You can have up to 50 keys.")
        for key in nested._left:
            if len(key) > 40:
                raise invalid("metadata", f"Metadata keys can be up to 40 characters: {key[:60]}")
        return {key: nested.text(key, most=500) or "" for key in list(nested._left)}

    def refuse_the_rest(self) -> None:
        """Refuse the first parameter that nobody has read."""
        for name in self._left:
            named = self._named(name)
            raise invalid(named, f"Received unknown parameter: {named}", "parameter_unknown")

    def _named(self, name: str) -> str:
        return f"{self._prefix}[{name}]" if self._prefix else name

    def _invalid(self, name: str, message: str, code: str | None = None) -> InvalidRequest:
        return invalid(self._named(name), message, code)


def missing(param: str) -> InvalidRequest:
    return InvalidRequest(
        f"Missing required param: {param}.", code="parameter_missing", param=param
    )


def invalid(param: str, message: str, code: str | None = None) -> InvalidRequest:
    return InvalidRequest(message, code=code, param=param)
