"""Where messages may go: to the public internet over TLS, unless the shop trusts its own network.

Whoever may create an endpoint must not be able to make us call what only we can reach: a cloud's
metadata service, a database, a neighbour's admin page (server-side request forgery).
"""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from store.orders.webhooks.errors import BadEndpointUrl

_NAT64 = IPv6Network("64:ff9b::/96")
_UNICAST = IPv6Network("2000::/3")
"""All that has been given out of IPv6 (www.iana.org/assignments/ipv6-address-space)."""


class PrivateAddress(OSError):
    """The host's address belongs to a private network, or to this machine."""


def check_url(url: str, *, private: bool) -> None:
    """Return if messages may be sent there; BadEndpointUrl says why not.

    What the host's name means is looked at when a connection is made: it may change at any time.
    """
    parts = _split(url)
    if parts.scheme not in (("https", "http") if private else ("https",)):
        raise BadEndpointUrl("Must begin with https://.")
    if parts.username is not None or parts.password is not None:
        raise BadEndpointUrl("Must not hold a user or a password; messages are signed.")
    if parts.fragment:
        raise BadEndpointUrl("Must not have a fragment (#).")
    if not private and not _may_be_public(parts.hostname or ""):
        raise BadEndpointUrl("Must be a public address.")


def addresses_of(host: str, port: int, *, private: bool) -> list[str]:
    """The host's IP addresses that may be called, in the order to try them; PrivateAddress, OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    allowed = addresses if private else [each for each in addresses if is_public(each)]
    if not allowed:
        raise PrivateAddress(host)
    return allowed


def is_public(address: str) -> bool:
    """Whether the IP address is one of the public internet, also when it stands for another one."""
    found = _meant(ip_address(address.partition("%")[0]))
    if isinstance(found, IPv6Address) and found not in _UNICAST:
        return False
    return found.is_global and not found.is_multicast


def _meant(found: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside an IPv6 one, if it is only a wrapping."""
    if isinstance(found, IPv4Address):
        return found
    if found in _NAT64:
        return IPv4Address(int(found) & 0xFFFFFFFF)
    return found.ipv4_mapped or found.sixtofour or found


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises if it is none
        host = (parts.hostname or "").encode("idna")
    except ValueError:
        raise BadEndpointUrl("Must be a URL.") from None
    if not host or not url.isascii() or not url.isprintable() or " " in url:
        raise BadEndpointUrl("Must be a URL such as https://shop.example/webhooks, in plain ASCII.")
    return parts


def _may_be_public(host: str) -> bool:
    try:
        return is_public(host)
    except ValueError:  # a name
        return host != "localhost" and not host.endswith((".localhost", ".local", ".internal"))
