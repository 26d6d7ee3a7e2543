"""What a manifest says of one variable of a container's environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


def mapping(manifest: Mapping[str, Any], key: str) -> dict[str, Any]:
    """What is there, or an empty mapping: YAML says null for one without entries."""
    return manifest.get(key) or {}


@dataclass(frozen=True)
class Variable:
    """One variable of an environment: a value, or where Kubernetes takes it from."""

    manifest: Json

    @property
    def value(self) -> str | None:
        """None if it comes from elsewhere; `$(NAME)` in it is another variable's value."""
        return None if self.source else str(self.manifest.get("value", ""))

    @property
    def source(self) -> Json:
        """`secretKeyRef`, `configMapKeyRef` or `fieldRef` with what it names; empty for a value."""
        return mapping(self.manifest, "valueFrom")

    @property
    def secret(self) -> tuple[str, str] | None:
        """The Secret and its key, if it comes from one."""
        reference = self.source.get("secretKeyRef")
        return (reference["name"], reference["key"]) if reference else None
