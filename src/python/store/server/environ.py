"""Read the environment once, and name everything that is wrong with it in one line."""

from collections.abc import Mapping

_FLAGS = {"1": True, "true": True, "yes": True, "on": True}
_FLAGS |= {"0": False, "false": False, "no": False, "off": False}


class BadEnviron(Exception):
    """The process cannot start; the message is one line that says what is missing or malformed."""


class Environ:
    """Typed reads of environment variables that collect complaints until `check()`.

    A variable without a default is required; an empty one counts as absent. Until `check()` has
    passed, a wrong variable reads as a placeholder. Messages never repeat a value: it may be secret.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._missing: list[str] = []
        self._malformed: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        """The variable as it stands, without blanks around it."""
        value = self._environ.get(name, "").strip()
        if value:
            return value
        if default is None:
            self._missing.append(name)
        return default or ""

    def texts(self, name: str, default: str | None = None) -> tuple[str, ...]:
        """The comma-separated parts that are not blank; a required list has one at least."""
        text = self.text(name, default)
        parts = tuple(part.strip() for part in text.split(",") if part.strip())
        if text and not parts and default is None:
            self._missing.append(name)
        return parts

    def whole(
        self, name: str, default: int | None = None, *, least: int = 0, most: int = 2**31 - 1
    ) -> int:
        """A whole number between `least` and `most`."""
        text = self.text(name, None if default is None else str(default))
        try:
            number = int(text or least)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            self._malformed.append(f"{name} must be a whole number from {least} to {most}")
            return least
        return number

    def seconds(self, name: str, default: float | None = None) -> float:
        """A number of seconds above zero."""
        text = self.text(name, None if default is None else str(default))
        try:
            number = float(text or 1)
        except ValueError:
            number = 0.0
        if not 0 < number < float("inf"):
            self._malformed.append(f"{name} must be a number of seconds above zero")
            return 1.0
        return number

    def flag(self, name: str, default: bool | None = None) -> bool:
        """True for 1, true, yes, on; False for 0, false, no, off."""
        text = self.text(name, None if default is None else str(default)).lower()
        if text and text not in _FLAGS:
            self._malformed.append(f"{name} must be true or false")
        return _FLAGS.get(text, False)

    def reject(self, name: str, reason: str) -> None:
        """Complain about a variable whose form only its reader knows, such as a URL."""
        self._malformed.append(f"{name} {reason}")

    def check(self) -> None:
        """Raise BadEnviron if anything read so far is missing or malformed."""
        complaints = []
        if self._missing:
            complaints.append("missing: " + ", ".join(self._missing))
        complaints.extend(self._malformed)
        if complaints:
            raise BadEnviron("bad environment: " + "; ".join(complaints))
