"""Passwords that guessers try first, and the refusal of them.

NIST SP 800-63B-4, section 3.1.1.2, asks for a list of commonly used ones; a short list is enough
where guessing is throttled. The list holds what our least length lets be chosen, and is compared
without case.
"""

from store.server.errors import Invalid

COMMON_PASSWORDS = frozenset(  # one word a line would hide the list behind its commas
    """
    00000000 000000000 0000000000 01234567 0123456789 0987654321 10203040 11111111 111111111
    1111111111 11112222 11223344 1122334455 12121212 123123123 1231231234 123321123 12341234
    1234512345 12345678 123456789 1234567890 12345678910 123456789a 123456abc 1234abcd 1234qwer
    123654789 123qweasd 123qweasdzxc 12qwaszx 13131313 147258369 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y
    1qaz2wsx 1qaz2wsx3edc 1qazxsw2 20202020 22222222 33333333 44444444 55555555 555555555 66666666
    77777777 87654321 88888888 888888888 963852741 987654321 9876543210 99999999 999999999 a1234567
    a12345678 a123456789 aa123456 aa12345678 aaaaaaaa abc12345 abcd1234 abcdefgh abcdefg1 abcdefghi
    access14 admin123 admin1234 administrator adminadmin alexander alexandra angel123 apple123
    asdasdasd asdf1234 asdfasdf asdfghjk asdfghjkl asdfjkl; assassin azertyuiop babygirl barcelona
    baseball basketball bismillah blink182 business butterfly californ carolina caroline changeme
    changeme1 changeme123 charlie1 cheesecake chocolate christian christine computer cookie123
    corvette courtney cristian danielle december diamond1 dragon123 drowssap einstein elephant
    elizabeth facebook fernando flower123 football football1 forever1 francisco fuckyou1 gabriela
    garfield geronimo goodluck grateful hallo123 handball hello123 hellohello helloworld hercules
    hunter123 iloveyou iloveyou1 iloveyou2 internet isabelle jennifer jessica1 jonathan jordan23
    junior123 katherine kimberly kristina kukareku lasvegas letmein1 letmein123 leonardo liverpool
    liverpool1 lol123456 loveyou1 marathon marlboro marshall maryjane master123 maverick mercedes
    metallica michael1 michelle microsoft midnight mohammed monkey123 morecats motorola mountain
    movies123 mustang1 naruto123 newyork1 nicholas ninja123 nintendo november p@ssw0rd p@ssword
    pa$$w0rd pa$$word pa55word passport passw0rd passw0rd1 password password! password0 password01
    password1 password1! password12 password123 password123! password1234 password2 passwort
    passwort1 patricia peaches1 pokemon1 portugal princess princess1 q1w2e3r4 q1w2e3r4t5
    q1w2e3r4t5y6 qazwsxedc qazwsxedcrfv qqqqqqqq qwaszx12 qwer1234 qwerqwer qwert123 qwert12345
    qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456 qwertyui qwertyuiop qwertz123 qwertzuiop
    rainbow1 realmadrid rockstar samantha samsung1 sebastian september shadow12 shopping snowball
    softball spiderman starwars starwars1 stephanie strawberry summer123 sunflower sunshine
    sunshine1 superman superman1 superstar swordfish test1234 test12345 testtest thomas123
    tinkerbell tottenham trustno1 trustno1! undertaker valentina vanessa1 veronica victoria warcraft
    welcome1 welcome12 welcome123 whatever william1 winner123 yankees1 zaq12wsx zaq1zaq1 zxcvbnm1
    zxcvbnm123 zxcvbnm, zzzzzzzz
    """.split()  # noqa: SIM905
)

_OURS = frozenset({"virtual-store", "virtualstore", "virtual store"})


def refuse_guessable(field: str, password: str, *about_the_person: str) -> None:
    """Raise Invalid for a password that is common, or that the person's own data gives away."""
    plain = password.casefold()
    if plain in COMMON_PASSWORDS or plain in _OURS or len(set(plain)) < 3:
        raise Invalid(field, "This password is one of the first that guessers try.")
    for text in about_the_person:
        if plain in {text.casefold(), text.casefold().partition("@")[0]}:
            raise Invalid(field, "Must not be your name or e-mail.")
