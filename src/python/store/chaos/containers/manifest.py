"""What of the chart cannot be done here is refused: nothing is passed over in silence."""

from collections.abc import Collection, Mapping

from store.cli.errors import CannotProve


class UnsupportedManifest(CannotProve):
    """The chart has something that is not done here, so that the run would not prove it."""

    def __init__(self, where: object, what: str) -> None:
        super().__init__(f"{where}: this proof does not support {what}.")


def check_keys(mapping: Mapping[str, object], supported: Collection[str], where: object) -> None:
    """UnsupportedManifest if there is any other key."""
    for key in mapping:
        if key not in supported:
            raise UnsupportedManifest(where, key)
