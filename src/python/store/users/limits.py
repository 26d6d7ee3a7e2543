"""How long what people say of themselves may be, in characters."""

MIN_EMAIL = 3
MAX_EMAIL = 254  # RFC 5321, section 4.5.3.1.3, less the angle brackets
MAX_NAME = 100
MAX_LINE = 200  # of an address
MAX_CITY = 100
MAX_POSTAL_CODE = 20
