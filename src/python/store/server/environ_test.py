import pytest

from store.server.environ import BadEnviron, Environ


def test_every_kind_of_variable_is_read() -> None:
    env = Environ(
        {"NAME": " mug ", "PORT": "80", "WAIT_SECONDS": "0.5", "DEBUG": "Yes", "KEYS": "a, b,,"}
    )
    assert env.text("NAME") == "mug"
    assert env.whole("PORT") == 80
    assert env.seconds("WAIT_SECONDS") == 0.5
    assert env.flag("DEBUG") is True
    assert env.texts("KEYS") == ("a", "b")
    env.check()


def test_absent_and_empty_variables_get_their_defaults() -> None:
    env = Environ({"NAME": "", "PORT": " "})
    assert env.text("NAME", "mug") == "mug"
    assert env.whole("PORT", 8000) == 8000
    assert env.seconds("WAIT_SECONDS", 2.0) == 2.0
    assert env.flag("DEBUG", False) is False
    assert env.texts("KEYS", "") == ()
    env.check()


def test_everything_missing_and_malformed_is_named_in_one_line() -> None:
    env = Environ({"PORT": "eighty", "WAIT_SECONDS": "-1", "DEBUG": "perhaps"})
    env.text("DATABASE_URL")
    env.texts("KEYS")
    env.whole("PORT")
    env.seconds("WAIT_SECONDS")
    env.flag("DEBUG")
    env.reject("SMTP_URL", "must begin with smtp://")
    with pytest.raises(BadEnviron) as caught:
        env.check()
    assert str(caught.value) == (
        "bad environment: missing: DATABASE_URL, KEYS; "
        "PORT must be a whole number from 0 to 2147483647; "
        "WAIT_SECONDS must be a number of seconds above zero; "
        "DEBUG must be true or false; SMTP_URL must begin with smtp://"
    )


def test_a_required_list_of_nothing_is_missing() -> None:
    env = Environ({"KEYS": " , ,"})
    assert env.texts("KEYS") == ()
    with pytest.raises(BadEnviron, match="missing: KEYS"):
        env.check()


@pytest.mark.parametrize("text", ["65536", "-1", "1e3", "0x10", "80.5", "nan"])
def test_a_number_outside_its_bounds_is_refused_without_repeating_it(text: str) -> None:
    env = Environ({"PORT": text})
    assert env.whole("PORT", most=65535) == 0
    with pytest.raises(BadEnviron, match="PORT must be a whole number from 0 to 65535") as caught:
        env.check()
    assert text not in str(caught.value).removesuffix("65535")


@pytest.mark.parametrize("text", ["0", "inf", "nan", "soon"])
def test_seconds_are_finite_and_above_zero(text: str) -> None:
    env = Environ({"WAIT_SECONDS": text})
    env.seconds("WAIT_SECONDS")
    with pytest.raises(BadEnviron):
        env.check()
