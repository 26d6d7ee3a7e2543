import pytest

from store.devstack.output import Output


def test_what_is_said_aside_leaves_the_standard_output_to_a_result(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Output(aside=True).say("ready")
    Output().say("here")
    said = capsys.readouterr()
    assert (said.err, said.out) == ("store         | ready\n", "store         | here\n")
