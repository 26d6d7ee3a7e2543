"""Secrets stay in Secrets: each function yields where one is said elsewhere."""

import base64
import json
import re
from collections.abc import Iterator

from store.charttest.objects import Container, Objects

SMELLS = re.compile(r"(PASSWORD|SECRET|TOKEN|KEYS?|DATABASE_URL|SMTP_URL)$")
"""Names of variables that hold a secret."""

INNOCENT = {"email"}
"""Keys of Secrets with what is none; the first admin's address is no secret."""

_INTERPOLATED = re.compile(r"\$\(([A-Z0-9_]+)\)")
_WITH_PASSWORD = re.compile(r"://[^/@\s]*:([^/@\s]+)@")


def secret_values(objects: Objects) -> dict[str, str]:
    """What the Secrets of a release hold, decoded: where it stands by its value."""
    found = {}
    for secret in objects.of("Secret"):
        for key, value in (secret.manifest.get("data") or {}).items():
            found[base64.b64decode(value).decode()] = f"{secret}.{key}"
        for key, value in (secret.manifest.get("stringData") or {}).items():
            found[value] = f"{secret}.{key}"
    return {value: where for value, where in found.items() if where.split(".")[-1] not in INNOCENT}


def leaked(objects: Objects) -> list[str]:
    """Values of Secrets that stand in other objects as well, plain or encoded."""
    values = secret_values(objects)
    found = []
    for each in (each for each in objects if each.kind != "Secret"):
        text = json.dumps(each.manifest)
        for value, where in values.items():
            encoded = base64.b64encode(value.encode()).decode()
            if value in text or encoded in text:
                found.append(f"{each} says {where}")
    return found


def weak(objects: Objects) -> list[str]:
    """Generated secrets of less than 24 characters, and values that two Secrets share."""
    values = secret_values(objects)
    holders: dict[str, set[str]] = {}
    for secret in objects.of("Secret"):
        for value in (secret.manifest.get("data") or {}).values():
            holders.setdefault(value, set()).add(str(secret))
    short = [f"{where} is short" for value, where in values.items() if len(value) < 24]
    return short + [f"{sorted(some)} share a value" for some in holders.values() if len(some) > 1]


def said_in_environment(objects: Objects) -> list[str]:
    """Variables that hold a secret by their name or their value, and do not take it from a Secret."""
    return [
        f"{container}: {name}" for container in objects.containers for name in _literals(container)
    ]


def _literals(container: Container) -> Iterator[str]:
    for name, variable in container.env.items():
        if variable.value is None:
            if SMELLS.search(name) and not variable.secret:
                yield name
            continue
        password = _WITH_PASSWORD.search(variable.value)
        secrets = _INTERPOLATED.findall(variable.value)
        if (
            any(not container.env[each].secret for each in secrets if each in container.env)
            or (password and not _INTERPOLATED.fullmatch(password[1]))
            or (SMELLS.search(name) and not secrets and variable.value not in HARMLESS)
        ):
            yield name


HARMLESS = {"discard:"}
"""Values of such variables that are no secret: the address of no mail server."""


def said_on_command_lines(objects: Objects) -> list[str]:
    """Secrets among arguments, which everybody on a node may read."""
    return [
        f"{container}: {argument}"
        for container in objects.containers
        for argument in container.args
        for name in _INTERPOLATED.findall(argument)
        if name in container.env and (container.env[name].secret or SMELLS.search(name))
    ]
