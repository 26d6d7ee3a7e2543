import pytest

from store.proof import main as program
from store.testing.programs import run


@pytest.mark.parametrize("command", sorted(program.commands().commands))
def test_usage_names_the_command_that_people_type(command: str) -> None:
    assert run(program, command, "--help").startswith(f"Usage: ./pants proof {command} ")
