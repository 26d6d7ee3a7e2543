"""Looks for secrets where none may stand."""

import json
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

from store.testing.fuzz.secret_words import Secret


def found(material: Mapping[str, str], secrets: Iterable[Secret]) -> Iterator[str]:
    """Where which secret stands; the text around it, without the secret itself."""
    for secret in secrets:
        for form in _forms(secret.text):
            for where, text in material.items():
                place = text.find(form)
                if place >= 0:
                    around = text[max(0, place - 160) : place + len(form) + 60]
                    yield f"{secret.name} in {where}: {around.replace(form, '<it>')!r}"


def _forms(text: str) -> set[str]:
    """The text as logs, pages of metrics and addresses write it."""
    return {text, quote(text), quote(text, safe=""), quote_plus(text), json.dumps(text)[1:-1]}
