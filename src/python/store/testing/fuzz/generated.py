"""Requests made from what each service's OpenAPI document says of itself, sense and nonsense."""

import contextlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from store.testing.fuzz.answers import FuzzResponse
from store.testing.fuzz.callers import bearer

AT_ONCE = 4
ANSWER_SECONDS = 20
NOWHERE = "http://127.0.0.1:9/"  # where an endpoint that was made up may send its events


class OpenApiService:
    """A service by its own description."""

    def __init__(self, service: str, url: str) -> None:
        self.service, self._url = service, url
        document = requests.get(f"{url}/openapi.json", timeout=ANSWER_SECONDS)
        self._schema = schemathesis.openapi.from_dict(document.json())

    @property
    def operations(self) -> list[Any]:
        """Everything that can be asked of it."""
        return [each.ok() for each in self._schema.get_all_operations() if isinstance(each, Ok)]

    def ask(
        self, number: int, examples: int, tokens: Mapping[str, str], known: Mapping[str, str]
    ) -> list[FuzzResponse]:
        """Send so many requests to each operation, half of them nonsense; `number` seeds them.

        `known` are things that exist, by the names of path parameters: every third request is about
        one of these.
        """
        cases = [
            case
            for operation in self.operations
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
            for case in _cases(operation, mode, number, max(1, examples // 2))
        ]
        for case in cases[::3]:
            for name in known.keys() & set(case.path_parameters or ()):
                case.path_parameters[name] = known[name]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self._send, cases, cycle(tokens.values())))

    def examples(self, number: int) -> list[Case[Any]]:
        """One sensible request to each operation; `number` seeds them."""
        found = (_cases(each, GenerationMode.POSITIVE, number, 3) for each in self.operations)
        return [cases[-1] for cases in found if cases]

    def _send(self, case: Case[Any], token: str) -> FuzzResponse:
        request = f"{case.method} {case.formatted_path}"
        if isinstance(case.body, dict) and str(case.body.get("url")).startswith("http"):
            case.body["url"] = NOWHERE
        try:
            answer = case.call(base_url=self._url, headers=bearer(token), timeout=ANSWER_SECONDS)
        except requests.ConnectionError:
            return FuzzResponse(self.service, request, 0)
        return FuzzResponse(self.service, request, answer.status_code, answer.text)


def _cases(operation: Any, mode: GenerationMode, number: int, examples: int) -> Sequence[Case[Any]]:
    found: list[Case[Any]] = []

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def collect(case: Case[Any]) -> None:
        found.append(case)

    with contextlib.suppress(Unsatisfiable):  # what takes nothing cannot be asked wrongly
        collect()
    return found
