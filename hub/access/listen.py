"""The listening socket of the hub."""

import ipaddress
import socket


def tcp_socket(host: str, port: int) -> socket.socket:
    """Listen on a loopback address; port 0 takes a free one. Raises ValueError for any other address.

    Plain HTTP is for loopback only: elsewhere a TLS server stands in front. The protocol number is given
    because asyncio switches Nagle's delay off only on sockets that name TCP, and a reply goes out in two
    writes: without it each would wait 40 ms for the other side's delayed acknowledgement.
    """
    address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    if not address.is_loopback:
        raise ValueError(
            f"{host} is not a loopback address: plain HTTP is refused, put a TLS server in front"
        )
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((str(address), port))
    sock.listen(1024)
    return sock
