"""Nothing of the chart is passed over in silence: what cannot be done here is refused."""

from collections.abc import Collection, Mapping

from store.cli.errors import CannotProve


class NotUnderstood(CannotProve):
    """The chart says something that is not done here, so that the run would not prove it."""

    def __init__(self, where: object, what: str) -> None:
        super().__init__(f"{where}: this proof does not know how to do {what}.")


def only(mapping: Mapping[str, object], known: Collection[str], where: object) -> None:
    """NotUnderstood if there is a key that is not known."""
    for key in mapping:
        if key not in known:
            raise NotUnderstood(where, key)
