"""What our mails say.

No mail repeats a name or any other text that a stranger can choose: whoever registers somebody
else's e-mail must not be able to write to them in our name.
"""

SHOP = "virtual-store"

VERIFY_EMAIL = (
    "Confirm your e-mail",
    """Welcome to {shop}.

Confirm that this e-mail is yours:

    {link}

If the link cannot be opened, enter this token in the shop:

    {token}

It works once, for {hours} hours. If you have not registered, do nothing.
""",
)

RESET_PASSWORD = (
    "Choose a new password",
    """Somebody, hopefully you, has forgotten the password of your account at {shop}.

Choose a new one:

    {link}

If the link cannot be opened, enter this token in the shop:

    {token}

It works once, for {hours} hour. If it was not you, do nothing: your password stays as it is.
""",
)

ALREADY_REGISTERED = (
    "You have an account already",
    """Somebody, hopefully you, has tried to register this e-mail at {shop}.

You have an account already, and nothing about it has changed. If you have forgotten your password,
ask for a new one:

    {link}

If it was not you, do nothing.
""",
)

PASSWORD_CHANGED = (
    "Your password has been changed",
    """The password of your account at {shop} has been changed.

If it was not you, choose a new one at once:

    {link}
""",
)
