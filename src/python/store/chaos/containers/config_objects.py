"""The Secrets and ConfigMaps of a release in a cluster."""

import base64
from collections.abc import Mapping

from store.charttest.objects import Json, Object, Objects
from store.cli.errors import CannotProve


class ConfigObjects:
    """Secrets and ConfigMaps by name.

    A Secret that is there stays as it is, as the chart's `lookup` has it in a cluster: every rendering
    without one has new secrets.
    """

    def __init__(self) -> None:
        self._data: dict[tuple[str, str], Mapping[str, bytes]] = {}

    def add(self, objects: Objects) -> None:
        """Add those of a rendering."""
        for each in objects.of("Secret"):
            self._data.setdefault((each.kind, each.name), _data(each))
        for each in objects.of("ConfigMap"):
            self._data[each.kind, each.name] = _data(each)

    def secret(self, name: str) -> Mapping[str, bytes]:
        """The data of a Secret, by key; CannotProve if there is none of this name."""
        return self._all("Secret", name)

    def config(self, name: str) -> Mapping[str, bytes]:
        """The data of a ConfigMap, by key; CannotProve if there is none of this name."""
        return self._all("ConfigMap", name)

    def value(self, kind: str, reference: Json) -> str | None:
        """The value that a `secretKeyRef` or `configMapKeyRef` names; None if it is optional and missing.

        CannotProve where Kubernetes would report CreateContainerConfigError.
        """
        name, key = str(reference["name"]), str(reference["key"])
        data = self._data.get((kind, name), {})
        if key in data:
            return data[key].decode()
        if reference.get("optional"):
            return None
        raise CannotProve(f"A container wants the key {key} of the {kind} {name}: there is none.")

    def _all(self, kind: str, name: str) -> Mapping[str, bytes]:
        try:
            return self._data[kind, name]
        except KeyError:
            raise CannotProve(f"The chart has no {kind} {name}.") from None


def _data(each: Object) -> Mapping[str, bytes]:
    plain = "stringData" if each.kind == "Secret" else "data"
    coded = "data" if each.kind == "Secret" else "binaryData"
    return {
        **{key: base64.b64decode(text) for key, text in _entries(each, coded)},
        **{key: text.encode() for key, text in _entries(each, plain)},
    }


def _entries(each: Object, key: str) -> list[tuple[str, str]]:
    return list((each.manifest.get(key) or {}).items())
