"""Looks for secrets where none may stand."""

import json
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

from store.testing.fuzz.secret_words import Secret


def found(material: Mapping[str, str], secrets: Iterable[Secret]) -> Iterator[str]:
    """Where which secret stands; the text around it, without the secret itself."""
    for secret in secrets:
        # As logs, pages of metrics and addresses write it.
        plain, quoted = secret.text, json.dumps(secret.text)[1:-1]
        for form in {plain, quote(plain), quote(plain, safe=""), quote_plus(plain), quoted}:
            for where, text in material.items():
                start = text.find(form)
                if start >= 0:
                    around = text[max(0, start - 160) : start + len(form) + 60]
                    yield f"{secret.name} in {where}: {around.replace(form, '<it>')!r}"
