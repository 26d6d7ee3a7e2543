import pytest
from _pytest.outcomes import Failed, Skipped

from store.testing.missing_programs import skip_without

REASON = "Prometheus is not installed (apt-get install prometheus)"


@pytest.mark.parametrize(
    ("environ", "ending"),
    [
        ({}, Skipped),
        ({"CI": "true"}, Failed),
        ({"CI": "true", "SKIP_MISSING_PROGRAMS": "true"}, Skipped),
    ],
)
def test_without_a_program_a_test_is_skipped_but_in_ci(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], ending: type[BaseException]
) -> None:
    for name in ("CI", "SKIP_MISSING_PROGRAMS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ending, match="apt-get install prometheus"):
        skip_without(REASON)
