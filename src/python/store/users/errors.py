"""What can go wrong with people and their sessions."""

from store.server.errors import Conflict, Forbidden, NotFound, TooManyRequests, Unauthenticated


class WrongCredentials(Unauthenticated):
    """The same for an unknown e-mail and for a wrong password: nobody learns who is a customer."""

    code = "wrong_credentials"

    def __init__(self) -> None:
        super().__init__("The e-mail or the password is wrong.")


class BadRefreshToken(Unauthenticated):
    """The same for an unknown, expired, ended and reused token."""

    code = "bad_refresh_token"

    def __init__(self) -> None:
        super().__init__("This refresh token is not valid (any more); log in again.")


class BadOneTimeToken(Forbidden):
    """The same for an unknown, used and expired token."""

    code = "bad_token"

    def __init__(self) -> None:
        super().__init__("This token is not valid (any more); ask for a new mail.")


class AccountDisabled(Forbidden):
    """Shown only to someone who knows the password or holds a session."""

    code = "account_disabled"

    def __init__(self) -> None:
        super().__init__("This account is disabled; ask the shop.")


class AccountGone(Unauthenticated):
    """The token is genuine, and its owner has left or has been shut out since."""

    code = "account_gone"

    def __init__(self) -> None:
        super().__init__("This account is deleted or disabled.")


class UnknownUser(NotFound):
    code = "unknown_user"

    def __init__(self) -> None:
        super().__init__("There is no such user.")


class UnknownAddress(NotFound):
    code = "unknown_address"

    def __init__(self) -> None:
        super().__init__("You have no such address.")


class TooManyAddresses(Conflict):
    code = "too_many_addresses"

    def __init__(self, most: int) -> None:
        super().__init__(f"At most {most} addresses; delete one first.", most=most)


class NotAnAdmin(Forbidden):
    """The caller's token says admin, and the database no longer does."""

    code = "not_an_admin"

    def __init__(self) -> None:
        super().__init__("You are not an admin any more.")


class OwnAccount(Conflict):
    """Admins may not demote or disable themselves; somebody else has to."""

    code = "own_account"

    def __init__(self) -> None:
        super().__init__("You cannot change your own role or disable yourself.")


class LastAdmin(Conflict):
    """There must be one who can make the next."""

    code = "last_admin"

    def __init__(self) -> None:
        super().__init__("This is the last admin; make another one first.")


class DeletedUser(Conflict):
    """What is anonymous stays so."""

    code = "deleted_user"

    def __init__(self) -> None:
        super().__init__("This user is deleted; nothing can be changed.")


class Throttled(TooManyRequests):
    """Too many tries; the same whether or not the account exists."""

    code = "throttled"

    def __init__(self, retry_after: float) -> None:
        super().__init__("Too many tries; wait before the next one.", retry_after=retry_after)


class WrongPassword(Forbidden):
    """The caller is known, and has not proven to be the owner."""

    code = "wrong_password"

    def __init__(self) -> None:
        super().__init__("The current password is wrong.")
