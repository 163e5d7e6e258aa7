"""The example and an Ory that is none, in one process: for a first look, without an account. See `make demo`."""

from __future__ import annotations

import argparse
import os
import socket
import sys
import tempfile
from collections.abc import Callable
from typing import Any

HOST = "127.0.0.1"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, help="of the example (default: 8000, or a free one if that is taken)")
    parser.add_argument("--ory-port", type=int, help="of the emulator (default: 4433, or a free one)")
    options = parser.parse_args()
    asked = {"--port": options.port, "--ory-port": options.ory_port}
    options.given = {name: port for name, port in asked.items() if port is not None}
    options.port = usable(8000) if options.port is None else options.port
    options.ory_port = usable(4433) if options.ory_port is None else options.ory_port
    site_url, ory_url = f"http://{HOST}:{options.port}/", f"http://{HOST}:{options.ory_port}/"
    # All that the settings read, so that a file .env has no say here.
    os.environ |= {
        "DEBUG": "true",
        "SECRET_KEY": "for the demo only",
        "ALLOWED_HOSTS": HOST,
        "SITE_URL": "",
        "ORY_SDK_URL": ory_url,
        "ORY_BROWSER_URL": "",
        "ORY_WHOAMI_REQUIRED_AAL": "highest_available",
        "ORY_SETTINGS_REQUIRED_AAL": "highest_available",
        "DEMO_URL": ory_url,
    }
    with tempfile.TemporaryDirectory(prefix="shop-") as folder:
        os.environ["DATABASE"] = f"{folder}/shop.sqlite3"
        serve(options, site_url, ory_url)


def serve(options: argparse.Namespace, site_url: str, ory_url: str) -> None:
    # Django reads the environment as soon as it is there.
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from example.wsgi import application
    from shop.demo import people, prepare

    from django_ory_mfa.testing.emulator import Emulator

    # Newer Pythons let two servers share a port, which would hide that one is running already.
    ThreadedWSGIServer.allow_reuse_port = False
    site = at("--port", options, lambda port: ThreadedWSGIServer((HOST, port), WSGIRequestHandler))
    with site, at("--ory-port", options, lambda port: Emulator(port, people=people(), return_urls=[site_url])) as ory:
        prepare()
        site.set_app(application)
        sys.stdout.write(what_to_open(site_url, ory_url, ory.people))
        sys.stdout.flush()
        try:
            site.serve_forever()
        except KeyboardInterrupt:
            sys.stdout.write("\n")


def usable(port: int) -> int:
    """``port``, or a free one in its place if it is taken."""
    try:
        with socket.create_server((HOST, port)):
            return port
    except OSError:
        with socket.create_server((HOST, 0)) as listener:
            free: int = listener.getsockname()[1]
            return free


def at(option: str, options: argparse.Namespace, start: Callable[[int], Any]) -> Any:
    """A server on the port that ``option`` names."""
    port = options.port if option == "--port" else options.ory_port
    try:
        return start(port)
    except (OSError, OverflowError) as error:
        others = [f"{name} {given}" for name, given in options.given.items() if name != option]
        again = " ".join([f"{option} {port + 1}", *others])
        sys.exit(f'Port {port} cannot be used: {error}\nChoose another one: make demo ARGS="{again}"')


def what_to_open(site_url: str, ory_url: str, people: Any) -> str:
    listed = "\n".join(f"  {person.email:20} {person.hint}" for person in people)
    return f"""
Open {site_url}
It leads you through the flow: a page, the sign-in, a code from the mailbox, and back. Or go straight to
{site_url}dashboard/?report=7

The sign-in pages at {ory_url} are not Ory's: they behave as Ory's do, keep nothing and send nothing.
There you find the people below with their codes, and their mailbox at {ory_url}mailbox

{listed}

The password of all of them: {people[0].password}
Stop with Ctrl-C.

"""


if __name__ == "__main__":
    main()
