"""The faults by their names. Behind the harmless ones a site has to work as if there were none."""

from __future__ import annotations

import json
import random
from dataclasses import replace

from tools.chaos.proxy import Exchange, Fault, pass_on

EVERY = 0.1  # seconds between two bytes of a drip
ODD_BODIES = (
    b"",
    b"null",
    b"[]",
    b'"session"',
    b"{",
    b'{"active": true}',
    b'{"active": true, "id": 1, "identity": {"id": null}, "authenticator_assurance_level": "aal2"}',
    b"[" * 5000 + b"]" * 5000,
    b"\xff\xfe{}",
    b"<!doctype html><title>Login</title>",
)


def latency(exchange: Exchange) -> None:
    """The answer comes late, but in time."""
    exchange.pause(0.3)
    pass_on(exchange)


def early_hints(exchange: Exchange) -> None:
    """Interim answers come before the final one (RFC 8297)."""
    exchange.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" * 2)
    pass_on(exchange)


def stall(exchange: Exchange) -> None:
    """No answer, ever."""
    exchange.pause(None)


def reset(exchange: Exchange) -> None:
    """The connection is reset instead of an answer."""
    exchange.reset()


def reset_midway(exchange: Exchange) -> None:
    """The connection is reset in the middle of the answer."""
    data = exchange.forward().encoded()
    exchange.send(data[: len(data) // 2])
    exchange.reset()


def half_head(exchange: Exchange) -> None:
    """The connection ends in the middle of the headers."""
    exchange.send(exchange.forward().encoded()[:60])
    exchange.hang_up()


def half_body(exchange: Exchange) -> None:
    """The connection ends in the middle of the body."""
    reply = exchange.forward()
    exchange.send(reply.encoded()[: -(len(reply.body) // 2 + 1)])
    exchange.hang_up()


def garbage(exchange: Exchange) -> None:
    """Something that is not HTTP."""
    exchange.send(random.randbytes(random.randrange(1, 4096)))
    exchange.hang_up()


def odd_body(exchange: Exchange) -> None:
    """A 200 whose body is no session."""
    reply = exchange.forward()
    exchange.send(replace(reply, status=b"HTTP/1.1 200 OK", body=random.choice(ODD_BODIES)).encoded())


def rate_limited(exchange: Exchange) -> None:
    """Ory Network asks for fewer calls, https://www.ory.sh/docs/guides/rate-limits."""
    body = json.dumps({"error": {"code": 429, "status": "Too Many Requests"}}).encode()
    exchange.send(b"HTTP/1.1 429 Too Many Requests\r\nx-ratelimit-reset: 1\r\nContent-Length: %d\r\n\r\n" % len(body))
    exchange.send(body)


def server_error(exchange: Exchange) -> None:
    """A 5xx of Ory or of something before it."""
    status = random.choice([b"500 Internal Server Error", b"502 Bad Gateway", b"503 Unavailable", b"504 Time-out"])
    exchange.send(b"HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nsorry" % status)


def redirect(exchange: Exchange) -> None:
    """Something before Ory sends every client to a page of its own."""
    exchange.send(b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/portal\r\nContent-Length: 0\r\n\r\n")


def short_length(exchange: Exchange) -> None:
    """The body is longer than it says; its rest comes when the next request may be under way."""
    reply = exchange.forward()
    data, rest = reply.encoded(length=len(reply.body) // 2), len(reply.body) - len(reply.body) // 2
    exchange.send(data[: len(data) - rest])
    exchange.pause(random.choice([0, 0.002, 0.02]))
    exchange.send(data[len(data) - rest :])


def long_length(exchange: Exchange) -> None:
    """The body is shorter than it says, and the connection stays open."""
    reply = exchange.forward()
    exchange.send(reply.encoded(length=len(reply.body) + 100))
    exchange.pause(None)


def drip_head(exchange: Exchange) -> None:
    """Every byte comes in time for the time-out of a socket, the whole does not."""
    exchange.drip(exchange.forward().encoded(), every=EVERY)


def drip_body(exchange: Exchange) -> None:
    """The headers come at once, the body byte by byte."""
    reply = exchange.forward()
    data = reply.encoded()
    exchange.send(data[: len(data) - len(reply.body)])
    exchange.drip(reply.body, every=EVERY)


def endless_hints(exchange: Exchange) -> None:
    """Interim answers, and no final one."""
    while True:
        exchange.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        exchange.pause(EVERY)


def huge(exchange: Exchange) -> None:
    """More than anybody should read."""
    reply = exchange.forward()
    if random.random() < 0.5:
        exchange.send(replace(reply, headers=(b"X-Long: " + b"a" * 200_000,)).encoded())
    else:
        exchange.send(replace(reply, body=b" " * 2_000_000 + reply.body).encoded())


def unready(exchange: Exchange) -> None:
    """What a Kratos says of its health while it cannot reach its database server."""
    if exchange.path == "/health/ready":
        exchange.send(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}")
    else:
        pass_on(exchange)


def tls_garbage(exchange: Exchange) -> None:
    """The answer to the greeting of TLS is plain HTTP."""
    exchange.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    exchange.hang_up()


def tls_cut(exchange: Exchange) -> None:
    """The connection ends before TLS begins."""
    exchange.hang_up()


def tls_stall(exchange: Exchange) -> None:
    """Nobody answers the greeting of TLS."""
    exchange.pause(None)


def tls_drip(exchange: Exchange) -> None:
    """The greeting of TLS is answered with a record that never ends."""
    exchange.drip(b"\x16\x03\x03\x40\x00" + bytes(1024), every=EVERY)


HARMLESS = {fault.__name__: Fault(fault) for fault in (latency, early_hints)}
ANSWERS = (
    stall,
    reset,
    reset_midway,
    half_head,
    half_body,
    garbage,
    odd_body,
    rate_limited,
    server_error,
    redirect,
    short_length,
    long_length,
    drip_head,
    drip_body,
    endless_hints,
    huge,
)
GREETINGS = (tls_garbage, tls_cut, tls_stall, tls_drip)


def storm(exchange: Exchange) -> None:
    """Any of them, half of the time."""
    any_of_them = (*ANSWERS, latency, early_hints)
    (random.choice(any_of_them) if random.random() < 0.5 else pass_on)(exchange)


FAULTS = {
    **{fault.__name__: Fault(fault) for fault in (*ANSWERS, storm, unready)},
    **{fault.__name__: Fault(greet=fault) for fault in GREETINGS},
    "deaf": Fault(is_deaf=True),
}
