"""A real Kratos as the server of the scenarios."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import os
import re
import secrets
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode, urljoin, urlsplit

import requests
import yaml

from tests.servers.base import Mode, Person

CONFIG_FOLDER = Path(__file__).resolve().parents[1] / "kratos"
CONFIG_SIZE = 16384
RETURN_URLS = ("http://testserver/", "http://127.0.0.1:8000/")
SESSION_COOKIE = "ory_kratos_session"
JSON = "application/json"
NAVIGATION = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def totp_code(secret: str, now: float | None = None) -> str:
    """The six digits of RFC 6238 that the base32 ``secret`` gives at ``now``."""
    key = base64.b32decode(secret.upper() + "=" * (-len(secret) % 8))
    counter = struct.pack(">Q", int(time.time() if now is None else now) // 30)
    digest = hmac.digest(key, counter, hashlib.sha1)
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF
    return f"{number % 10**6:06}"


def expect(response: requests.Response, *statuses: int) -> requests.Response:
    """``response`` if it has one of ``statuses``; else an error that quotes it."""
    if response.status_code not in statuses:
        asked = f"{response.request.method} {response.url}"
        wanted = " or ".join(map(str, statuses))
        raise RuntimeError(f"{asked} gave {response.status_code} instead of {wanted}: {response.text[:2000]}")
    return response


def wait_until(condition: Callable[[], bool], seconds: float, complaint: Callable[[], str]) -> None:
    """Returns as soon as ``condition`` holds; after ``seconds`` raises what ``complaint`` says."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(complaint())
        time.sleep(0.02)


def nodes(flow: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The attributes of a flow's form elements by their name, of its texts by their id."""
    found = (node["attributes"] for node in flow["ui"]["nodes"])
    return {attributes.get("name") or attributes.get("id"): attributes for attributes in found}


def text_context(flow: dict[str, Any], node_id: str) -> dict[str, Any]:
    """What the text ``node_id`` of a settings flow has in it, as data."""
    shown = nodes(flow)
    if node_id not in shown:
        raise RuntimeError(f"The flow shows no {node_id}, only {sorted(shown)}.")
    context: dict[str, Any] = shown[node_id]["text"]["context"]
    return context


class Http(requests.Session):
    """HTTP with time-outs, without redirects and without what the environment says of proxies and passwords."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """As in ``requests``; the answer is the one of ``url`` itself."""
        kwargs = {"timeout": 10, **kwargs, "allow_redirects": False}
        return super().request(method, url, *args, **kwargs)


class Client:
    """What goes through Ory's login flows for ``person``: a browser or a native client."""

    kind: Literal["browser", "api"]

    def __init__(self, server: KratosServer, person: Person) -> None:
        self.person = person
        self.http = Http()
        self._server = server

    def get(self, path_or_url: str, *, accept: str = NAVIGATION) -> requests.Response:
        """Opens a path or URL of Ory, like a click on a link; redirects are not followed."""
        return self.http.get(urljoin(self._server.public_url, path_or_url), headers={"Accept": accept})

    def fetch_flow(self, path_or_url: str) -> dict[str, Any]:
        """The flow as data: a new one if this is a URL that starts one."""
        flow: dict[str, Any] = expect(self.get(path_or_url, accept=JSON), 200).json()
        return flow

    def submit(self, flow: dict[str, Any], *, accept: str = JSON, **fields: Any) -> requests.Response:
        """Sends the form of ``flow``; with ``accept=NAVIGATION`` as the form of a page."""
        # Only the form of a browser is sure to have one.
        csrf = {name: shown["value"] for name, shown in nodes(flow).items() if name == "csrf_token"}
        content = csrf | fields
        body = {"json" if accept == JSON else "data": content}
        return self.http.request("POST", flow["ui"]["action"], headers={"Accept": accept}, **body)

    def prove(self, method: str, *, refresh: bool = False) -> None:
        """Completes ``method`` in the session: a step-up, or with ``refresh`` a proof that is given once more."""
        query = {"aal": "aal2"} if method != "password" else {}
        query |= {"refresh": "true"} if refresh else {}
        flow = self.fetch_flow(f"/self-service/login/{self.kind}?{urlencode(query)}")
        self.complete(flow, method)

    def complete(self, flow: dict[str, Any], method: str, *, accept: str = JSON) -> requests.Response:
        """Proves ``method`` in a login flow that has been started, and returns what Ory answers."""
        if method == "code":
            flow = self._with_code_sent(flow)
        response = self.submit(flow, accept=accept, method=method, **self._server.answer(self.person, method))
        # 422 is a success: the session is there, and Kratos would send the browser on to the second factor.
        return expect(response, *((200, 422) if accept == JSON else (303,)))

    def prove_all(self, methods: Iterable[str]) -> None:
        """Proves ``methods`` in this order; only the first starts a session."""
        for number, method in enumerate(methods):
            self.prove(method, refresh=number > 0)

    def _with_code_sent(self, flow: dict[str, Any]) -> dict[str, Any]:
        """The flow after Kratos mailed a code for it; newer versions do that on their own."""
        if "address" not in nodes(flow):
            return flow
        response = self.submit(flow, method="code", address=self.person.email)
        sent: dict[str, Any] = expect(response, 400).json()
        if sent.get("state") != "sent_email":
            raise RuntimeError(f"Kratos mailed no code: {response.text[:2000]}")
        return sent


class KratosBrowser(Client):
    """A browser: a cookie jar."""

    kind = "browser"

    @property
    def session_cookie(self) -> tuple[str, str]:
        """Name and value of the session cookie as the browser holds it now."""
        for cookie in self.http.cookies:
            if cookie.name == SESSION_COOKIE and cookie.value:
                return cookie.name, cookie.value
        raise RuntimeError("The browser holds no session cookie.")

    def enrol(self, method: str) -> None:
        """Sets up ``totp`` or ``lookup_secret`` in Ory's settings flow; the session is aal2 after it."""
        enrol = {"totp": self._enrol_totp, "lookup_secret": self._enrol_lookup_secret}[method]
        flow = self.fetch_flow("/self-service/settings/browser")
        self.person.factors[method] = enrol(flow)

    def follow_logout(self, url: str) -> int:
        """Opens Ory's logout URL as the browser would and returns the status."""
        return self.get(url).status_code

    def _enrol_totp(self, flow: dict[str, Any]) -> str:
        secret: str = text_context(flow, "totp_secret_key")["secret"]
        expect(self.submit(flow, method="totp", totp_code=totp_code(secret)), 200)
        return secret

    def _enrol_lookup_secret(self, flow: dict[str, Any]) -> list[str]:
        made = expect(self.submit(flow, method="lookup_secret", lookup_secret_regenerate=True), 200).json()
        expect(self.submit(made, method="lookup_secret", lookup_secret_confirm=True), 200)
        return [code["context"]["secret"] for code in text_context(made, "lookup_secret_codes")["secrets"]]


class NativeClient(Client):
    """A client without cookies: a session token."""

    kind = "api"
    session_token = ""

    def submit(self, flow: dict[str, Any], *, accept: str = JSON, **fields: Any) -> requests.Response:
        """Sends the form of ``flow`` and keeps the session token that comes with the answer."""
        response = super().submit(flow, accept=accept, **fields)
        if token := response.json().get("session_token"):
            self.session_token = self.http.headers["X-Session-Token"] = token
        return response


@dataclass(frozen=True)
class Settings:
    """What can be changed while the server runs."""

    mode: Mode
    code_mfa: bool = False
    settings_required_aal: str | None = None

    def apply_to(self, config: dict[str, Any]) -> None:
        """Writes these settings into the configuration of a Kratos."""
        required = {"strict": "highest_available", "lax": "aal1"}[self.mode]
        selfservice = config["selfservice"]
        config["session"]["whoami"]["required_aal"] = required
        selfservice["flows"]["settings"]["required_aal"] = self.settings_required_aal or required
        selfservice["methods"]["code"]["mfa_enabled"] = self.code_mfa


class KratosServer:
    """A Kratos that runs from ``binary`` until ``close``; its configuration and its log are in ``folder``.

    Its database is in memory. Browsers may be sent back to ``RETURN_URLS`` and ``return_urls``.
    """

    name = "kratos"

    def __init__(self, binary: Path, folder: Path, *, return_urls: Iterable[str] = ()) -> None:
        self._begin(folder, return_urls)
        public_port, admin_port = free_ports(2)
        self.public_url = f"http://127.0.0.1:{public_port}"
        self.admin_url = f"http://127.0.0.1:{admin_port}"
        self._copy_files()
        self._process = self._start(binary, public_port, admin_port)
        self.version = self._await_ready()

    def _begin(self, folder: Path, return_urls: Iterable[str] = ()) -> None:
        self.folder = folder
        self._http = Http()
        self._return_urls = [*RETURN_URLS, *return_urls]
        self._generations = itertools.count()
        self._settings = Settings("strict")

    def restart(self, binary: Path, *configs: str, **environment: str) -> None:
        """Starts the server anew, with these files of its folder and this environment; all people are gone."""
        self.close()
        ports = (urlsplit(url).port or 0 for url in (self.public_url, self.admin_url))
        self._process = self._start(binary, *ports, configs=configs or ("kratos.yml",), environment=environment)
        self._await_ready()

    @property
    def log(self) -> str:
        """What the server has logged so far."""
        return (self.folder / "kratos.log").read_text(errors="replace")

    def close(self) -> None:
        """Ends the server."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def configure(self, mode: Mode, *, code_mfa: bool = False, settings_required_aal: str | None = None) -> None:
        """Switches both ``required_aal`` by mode (settings' own if given), e-mail codes on or off.

        When it returns, the running server obeys.
        """
        self._switch_to(Settings(mode, code_mfa, settings_required_aal))

    def add_person(self, *factors: str) -> Person:
        """A new person with a password and ``factors`` out of ``totp``, ``lookup_secret``, ``code``."""
        person = self._add_identity("with_code" if "code" in factors else "default")
        if "code" in factors:
            person.factors["code"] = person.email
        if enrolled := [factor for factor in factors if factor != "code"]:
            self._enrol(person, enrolled)
        return person

    def open_browser(self, person: Person, *methods: str) -> KratosBrowser:
        """A browser in which ``person`` completed ``methods`` in this order; the first is ``password``."""
        browser = KratosBrowser(self, person)
        browser.prove_all(methods)
        return browser

    def session_token(self, person: Person, *methods: str) -> str:
        """A session token of a native client that completed ``methods`` in this order."""
        client = NativeClient(self, person)
        client.prove_all(methods)
        return client.session_token

    def let_time_pass(self, seconds: float) -> None:
        """Waits; a real server has no other clock."""
        time.sleep(seconds)

    def set_identity_state(self, person: Person, state: Literal["active", "inactive"]) -> None:
        """An administrator disables the person or enables the person again."""
        change = [{"op": "replace", "path": "/state", "value": state}]
        self._admin("PATCH", f"/identities/{person.id}", 200, json=change)

    def revoke_sessions(self, person: Person) -> None:
        """An administrator ends all sessions of the person, if there are any."""
        self._admin("DELETE", f"/identities/{person.id}/sessions", 204, 404)

    def remove_factor(self, person: Person, method: str) -> None:
        """An administrator deletes the factor; live sessions keep their level."""
        self._admin("DELETE", f"/identities/{person.id}/credentials/{method}", 204)
        person.factors.pop(method, None)

    def answer(self, person: Person, method: str) -> dict[str, str]:
        """The fields with which ``person`` proves ``method``; a recovery code is used up by it."""
        match method:
            case "password":
                return {"identifier": person.email, "password": person.password}
            case "totp":
                return {"totp_code": totp_code(person.factors["totp"])}
            case "lookup_secret":
                return {"lookup_secret": person.factors["lookup_secret"].pop(0)}
            case "code":
                return {"code": self._newest_code(person)}
        raise ValueError(f"Unknown method {method!r}.")

    def messages_to(self, person: Person) -> list[str]:
        """What Kratos has mailed to ``person`` so far, the newest last."""
        listed = self._admin("GET", "/courier/messages", 200, params={"page_size": 250, "recipient": person.email})
        return [message["body"] for message in sorted(listed.json(), key=lambda message: message["created_at"])]

    def _newest_code(self, person: Person) -> str:
        messages = self.messages_to(person)
        found = re.search(r"\b\d{6}\b", messages[-1]) if messages else None
        if found is None:
            raise RuntimeError(f"No code was mailed to {person.email}: {messages[-1:]}")
        return found[0]

    def _add_identity(self, schema_id: str) -> Person:
        email, password = f"{secrets.token_hex(6)}@example.test", secrets.token_urlsafe(16)
        identity = {
            "schema_id": schema_id,
            "state": "active",
            "traits": {"email": email},
            "credentials": {"password": {"config": {"password": password}}},
        }
        created = self._admin("POST", "/identities", 201, json=identity).json()
        return Person(created["id"], email, password)

    def _enrol(self, person: Person, methods: Iterable[str]) -> None:
        with self._e_mail_codes_off():
            browser = self.open_browser(person, "password")
            for method in methods:
                browser.enrol(method)
        self.revoke_sessions(person)

    @contextmanager
    def _e_mail_codes_off(self) -> Iterator[None]:
        # While they are on, nobody without another factor gets into the settings of a strict Kratos v1.3.1.
        before = self._settings
        if before.code_mfa:
            self._switch_to(replace(before, code_mfa=False))
        try:
            yield
        finally:
            if before.code_mfa:
                self._switch_to(before)

    def _admin(self, method: str, path: str, *statuses: int, **request: Any) -> requests.Response:
        return expect(self._http.request(method, f"{self.admin_url}/admin{path}", **request), *statuses)

    def _switch_to(self, settings: Settings) -> None:
        """Makes the running server obey ``settings``; nothing to do if it already does."""
        if settings == self._settings:
            return
        generation = self._write_config(settings)
        complaint = "Kratos ignores its configuration"
        wait_until(lambda: self._allows_return_to(generation), 60, lambda: f"{complaint}: {self.log[-2000:]}")
        self._settings = settings

    def _write_config(self, settings: Settings) -> str:
        """Writes the configuration, with a return URL that only this state of it allows."""
        config = yaml.safe_load((CONFIG_FOLDER / "kratos.strict.yml").read_text())
        settings.apply_to(config)
        generation = f"http://generation-{next(self._generations)}.test/"
        config["selfservice"]["allowed_return_urls"] = [*self._return_urls, generation]
        _overwrite(self.folder / "kratos.yml", yaml.safe_dump(config))
        return generation

    def _allows_return_to(self, url: str) -> bool:
        login = f"{self.public_url}/self-service/login/browser"
        response = Http().get(login, params={"return_to": url}, headers={"Accept": JSON})
        return expect(response, 200, 400).status_code == 200

    def _copy_files(self) -> None:
        for schema in CONFIG_FOLDER.glob("*.schema.json"):
            shutil.copy(schema, self.folder)
        self._write_config(self._settings)

    def _start(
        self,
        binary: Path,
        public_port: int,
        admin_port: int,
        *,
        configs: Iterable[str] = ("kratos.yml",),
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        # Kratos lets the environment override its configuration, so it gets none of the developer's own.
        env = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        env |= {"SERVE_PUBLIC_PORT": str(public_port), "SERVE_PUBLIC_BASE_URL": f"{self.public_url}/"}
        env |= {"SERVE_ADMIN_PORT": str(admin_port), "SERVE_ADMIN_BASE_URL": f"{self.admin_url}/"}
        env |= environment or {}
        files = (argument for config in configs for argument in ("-c", config))
        command = [str(binary), "serve", *files, "--dev", "--sqa-opt-out"]
        with (self.folder / "kratos.log").open("wb") as log:
            return subprocess.Popen(command, cwd=self.folder, env=env, stdout=log, stderr=subprocess.STDOUT)

    def _await_ready(self) -> str:
        """Returns the version of the server as soon as it is ready; a server that never is gets closed."""
        try:
            wait_until(self._is_ready, 120, lambda: f"Kratos is not ready: {self.log[-2000:]}")
            version: str = self._admin("GET", "/version", 200).json()["version"]
        except BaseException:
            self.close()
            raise
        return version

    def _is_ready(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"Kratos ended with status {self._process.returncode}: {self.log[-2000:]}")
        try:
            return self._http.get(f"{self.public_url}/health/ready", timeout=10).status_code == 200
        except (requests.ConnectionError, requests.Timeout):
            return False


def _overwrite(path: Path, text: str) -> None:
    """Replaces the content of ``path`` so that whoever watches the file never reads it empty or half."""
    # One write of always the same size: the file need not be emptied before.
    content = text.encode().ljust(CONFIG_SIZE, b"\n")
    with path.open("r+b" if path.exists() else "wb", buffering=0) as file:
        file.write(content)
        file.truncate()


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on."""
    with ExitStack() as stack:
        opened = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in opened]
