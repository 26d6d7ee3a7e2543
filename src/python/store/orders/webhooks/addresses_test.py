"""What belongs to the public internet, and what only looks like it."""

import socket
from typing import Any

import pytest

from store.orders.webhooks.addresses import PrivateAddress, addresses_of, check_url, is_public
from store.orders.webhooks.errors import BadEndpointUrl


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "64:ff9b::101:101", "2002:101:101::"]
)
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",  # noqa: S104
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::a00:1",
        "2002:a00:1::",
        "2001:db8::1",
    ],
)
def test_addresses_that_only_we_can_reach(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example",
        "https://shop.example:8443/hooks?a=b",
        "https://1.1.1.1/",
        "https://[2606:4700::1111]/hooks",
        "https://xn--bcher-kva.example/",
    ],
)
def test_urls_that_will_do(url: str) -> None:
    check_url(url, private=False)
    check_url(url, private=True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example",
        "ftp://shop.example/",
        "https://",
        "https:///hooks",
        "https://shop.example:99999/",
        "https://shop.example:x/",
        "https://user@shop.example/",
        "https://user:password@shop.example/",
        "https://@shop.example/",
        "https://shop.example/#part",
        "https://shop.example/a b",
        "https://shop.example/\r\nHost: other",
        "https://bücher.example/",
        "https://[::1/",
        "https://" + "a" * 64 + ".example/",
    ],
)
def test_urls_that_will_never_do(url: str) -> None:
    with pytest.raises(BadEndpointUrl):
        check_url(url, private=True)


@pytest.mark.parametrize(
    "url", ["http://shop.example/", "https://127.0.0.1/", "https://localhost/", "https://[::1]/"]
)
def test_urls_that_will_do_at_home(url: str) -> None:
    check_url(url, private=True)
    with pytest.raises(BadEndpointUrl):
        check_url(url, private=False)


def test_a_name_is_good_for_its_public_addresses_only(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"mixed.example": ["10.0.0.1", "1.1.1.1", "1.1.1.1"], "inner.example": ["10.0.0.1"]}

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in known[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert addresses_of("mixed.example", 443, private=False) == ["1.1.1.1"]
    assert addresses_of("inner.example", 443, private=True) == ["10.0.0.1"]
    with pytest.raises(PrivateAddress):
        addresses_of("inner.example", 443, private=False)
