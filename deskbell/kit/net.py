"""Who is at the other end: the client's address, believed only from proxies that were named (BLOCK-4)."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

UNKNOWN = "0.0.0.0"
_HOPS = 20


def client_address(peer: str | None, forwarded: Iterable[str], trusted: Sequence[Network]) -> str:
    """The client's address in its usual form.

    `peer` is the other end of the connection, `forwarded` the X-Forwarded-For headers in order. The list is
    read from the right as long as each hop is a trusted proxy; the first that is not is the client. A part
    that is no address ends the reading: what stands left of it was written by nobody we know.
    """
    here = parse(peer or "")
    if here is None:
        return UNKNOWN
    hops = [part for header in forwarded for part in header.split(",")][-_HOPS:]
    while hops and _trusted(here, trusted):
        before = parse(hops.pop())
        if before is None:
            break
        here = before
    return str(here)


def parse(text: str) -> Address | None:
    """An address from `1.2.3.4`, `1.2.3.4:80`, `[::1]:80` or `::1`, IPv4 in IPv6 unwrapped; else None."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def is_public_host(host: str) -> bool:
    """Whether a name or address in a URL may be somebody else's service: no bare or local name, no address of our own
    networks. It does not ask the name servers."""
    address = parse(host)
    if address is not None:
        return address.is_global
    name = host.lower().rstrip(".")
    return "." in name and not name.endswith((".local", ".localhost", ".internal", ".lan", ".home.arpa"))


def limit_key(address: str) -> str:
    """What a limit counts as one client: the address itself, or the /64 an IPv6 home has for itself."""
    parsed = parse(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, 64), strict=False))
    return address


def _trusted(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
