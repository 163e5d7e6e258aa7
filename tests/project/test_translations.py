"""The catalogues: complete, sound, compiled, and what pages speak."""

from __future__ import annotations

import ast
import json
import re
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from django.apps import apps
from django.test import override_settings
from django.urls import include, path
from django.utils import translation
from django.utils.translation.template import templatize

import django_ory_mfa
from django_ory_mfa.contrib.ui import texts
from django_ory_mfa.contrib.ui.failures import REASONS
from django_ory_mfa.contrib.ui.texts import PARAMETERS, TEXTS, TITLES, text_of, title_of
from django_ory_mfa.testing import FakeOry
from django_ory_mfa.testing.emulator import Emulator
from django_ory_mfa.testing.emulator._courier import FakeMessage
from tests.answer.test_pages import Page
from tests.markup import as_read
from tests.site import Site

PACKAGE = Path(django_ory_mfa.__file__).parent
LANGUAGES = ("de", "fr")
PLURALS = {"de": 2, "fr": 2}
NO_BREAK = "\u00a0"

urlpatterns = [path("ory-ui/", include("django_ory_mfa.contrib.ui.urls")), path("", include("tests.urls"))]


every_language = pytest.mark.parametrize("language", LANGUAGES)


# Catalogues, as gettext writes them.


@dataclass
class Entry:
    """A text and its translations; ``parts`` are its fields, ``msgid`` and so on."""

    parts: dict[str, str] = field(default_factory=dict)
    flags: str = ""

    @property
    def key(self) -> str:
        """What names the text in a compiled catalogue."""
        context = f"{self.parts['msgctxt']}\x04" if "msgctxt" in self.parts else ""
        plural = f"\0{self.parts['msgid_plural']}" if "msgid_plural" in self.parts else ""
        return context + self.parts["msgid"] + plural

    @property
    def translations(self) -> list[str]:
        """The text in the other language; several if it has plurals."""
        return [text for name, text in self.parts.items() if name.startswith("msgstr")]


def read_po(text: str) -> list[Entry]:
    """The entries of a catalogue; the first one is its header, with an empty id."""
    entries, name = [Entry()], ""
    for line in text.splitlines():
        if entries[-1].translations and line.startswith(("#", "msgctxt ", "msgid ")):
            entries.append(Entry())
        if line.startswith("#"):
            entries[-1].flags += line.removeprefix("#,") if line.startswith("#,") else ""
        elif line.strip():
            start, _, quoted = line.partition('"')
            name = start.strip() or name
            said: str = ast.literal_eval(f'"{quoted}')
            entries[-1].parts[name] = entries[-1].parts.get(name, "") + said
    return entries


def read_mo(data: bytes) -> dict[str, str]:
    """The texts of a compiled catalogue.

    https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html
    """
    magic, _, count, ids_at, texts_at = struct.unpack("<5I", data[:20])
    assert magic == 0x950412DE

    def texts(table: int) -> list[str]:
        places = (struct.unpack_from("<2I", data, table + 8 * number) for number in range(count))
        return [data[at : at + length].decode() for length, at in places]

    return dict(zip(texts(ids_at), texts(texts_at), strict=True))


def source_of(language: str) -> str:
    return (PACKAGE / f"locale/{language}/LC_MESSAGES/django.po").read_text(encoding="utf-8")


def entries_of(language: str) -> list[Entry]:
    return read_po(source_of(language))[1:]


@cache
def catalogue(language: str) -> dict[str, str]:
    """Each text, and how ``language`` says it."""
    return {entry.parts["msgid"]: entry.translations[0] for entry in entries_of(language)}


SAMPLE = r"""
# Somebody wrote this.
msgid ""
msgstr ""
"Language: xx\n"

#: a.html
#, fuzzy, python-format
msgid "%(n)s \"one\""
msgid_plural ""
"%(n)s "
"many"
msgstr[0] "eins"
msgstr[1] "viele"
msgctxt "verb"
msgid "Open"
msgstr "Öffnen"
"""


def test_catalogue_is_read_with_plurals_and_contexts() -> None:
    header, plural, verb = read_po(SAMPLE)

    assert (header.key, header.translations) == ("", ["Language: xx\n"])
    assert (plural.key, plural.translations) == ('%(n)s "one"\0%(n)s many', ["eins", "viele"])
    assert plural.flags == " fuzzy, python-format"
    assert (verb.key, verb.translations, verb.flags) == ("verb\x04Open", ["Öffnen"], "")


@every_language
def test_every_text_is_translated(language: str) -> None:
    entries = entries_of(language)

    wanted = {entry.key: PLURALS[language] if "msgid_plural" in entry.parts else 1 for entry in entries}
    assert {entry.key: len(list(filter(None, entry.translations))) for entry in entries} == wanted
    assert [entry.key for entry in entries if "fuzzy" in entry.flags] == []


@every_language
def test_no_text_is_left_over_or_there_twice(language: str) -> None:
    keys = [entry.key for entry in entries_of(language)]

    assert len(keys) == len(set(keys))
    assert "#~" not in source_of(language)


@every_language
def test_translation_has_the_placeholders_of_the_text(language: str) -> None:
    def placeholders(text: str) -> list[str]:
        return sorted(re.findall(r"%\(\w+\)[a-z]|%[a-z%]|{\w*}", text))

    for entry in entries_of(language):
        for text in entry.translations:
            assert placeholders(text) == placeholders(entry.parts["msgid"]), text


@every_language
def test_header_names_the_language_and_nobody_in_person(language: str) -> None:
    header = read_po(source_of(language))[0]
    fields = dict(line.split(": ", 1) for line in header.translations[0].splitlines())

    assert (fields["Language"], fields["Content-Type"]) == (language, "text/plain; charset=UTF-8")
    assert fields["Plural-Forms"].startswith(f"nplurals={PLURALS[language]};")
    assert fields["Last-Translator"] == fields["Project-Id-Version"] == "django-ory-mfa"
    assert "fuzzy" not in header.flags


@every_language
def test_compiled_catalogue_is_that_of_the_text(language: str) -> None:
    compiled = read_mo((PACKAGE / f"locale/{language}/LC_MESSAGES/django.mo").read_bytes())
    source = {entry.key: "\0".join(entry.translations) for entry in read_po(source_of(language))}

    # When the texts were collected is not compiled by every version of gettext.
    collected = re.compile("POT-Creation-Date: .*\n")
    assert collected.sub("", compiled.pop("")) == collected.sub("", source.pop(""))
    assert compiled == source


@every_language
def test_quotes_are_those_of_print(language: str) -> None:
    straight, single, closing = "'\"", "\u2018", "\u201d"
    wrong = straight + single + closing + ("\u201c" if language == "fr" else "")

    assert [text for text in catalogue(language).values() if set(wrong) & set(text)] == []


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_short_words_are_never_torn_at_their_hyphen(language: str) -> None:
    # Printed in a terminal, and sent as an e-mail.
    plain = {"E-mail code", "one-time code by e-mail", "Please verify your email address"}
    texts = catalogue("de").items() if language == "en" else catalogue(language).items()
    shown = [said if language != "en" else text for text, said in texts if text not in plain]

    assert [text for text in shown if re.search(r"\b(?:[Ee]-[Mm]ail|[Tt]wo-step)", text)] == []


def test_english_has_the_apostrophe_of_print_and_one_way_to_shorten() -> None:
    texts = list(catalogue("de"))

    assert [text for text in texts if re.search(r"\w'\w", text)] == []
    assert [text for text in texts if re.search(r"\bcannot\b|\w\u2019(?:re|ve|ll)\b", text)] == []


def test_french_signs_keep_to_their_word() -> None:
    texts = catalogue("fr").values()

    assert [text for text in texts if re.search(rf"[^{NO_BREAK}][:;?!»]|«[^{NO_BREAK}]", text)] == []


@pytest.mark.parametrize(
    ("language", "form", "informal"),
    [
        ("de", r"\b(?:Sie|Ihr\w*)\b", r"\b[Dd](?:u|ein\w*|ich|ir)\b"),
        ("fr", r"[Vv]o(?:us|tre|s)\b", r"\b[Tt](?:u|on|es|a)\b"),
    ],
)
def test_people_are_addressed_formally(language: str, form: str, informal: str) -> None:
    texts = catalogue(language).values()

    assert [text for text in texts if re.search(informal, text)] == []
    assert any(re.search(form, text) for text in texts)


# What the catalogues have to hold.

FUNCTION = re.compile(r"_|u?n?p?gettext(?:_lazy|_noop)?")
LITERAL = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""


def key_of(function: str, arguments: Iterable[object]) -> str:
    """What names the text in a compiled catalogue that a call of ``function`` asks for."""
    texts = [text for text in arguments if isinstance(text, str)]
    kind = function.removesuffix("_lazy").removesuffix("_noop").removesuffix("gettext")
    context = f"{texts.pop(0)}\x04" if "p" in kind else ""
    return context + "\0".join(texts[: 2 if "n" in kind else 1])


def texts_of_python(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and FUNCTION.fullmatch(name):
            # What is no literal fails here, as nobody could collect it.
            yield key_of(name, [ast.literal_eval(one) for one in node.args[: 3 if "p" in name else 2] or [node]])


def texts_of_template(source: str) -> Iterator[str]:
    for name, literals in re.findall(rf"\b(_|n?p?gettext)\(((?:{LITERAL},?\s*)+)", templatize(source)):
        yield key_of(name, ast.literal_eval(f"[{literals}]"))


def texts_of_package() -> set[str]:
    found: set[str] = set()
    for file in PACKAGE.rglob("*.*"):
        if file.suffix == ".py":
            found.update(texts_of_python(file.read_text(encoding="utf-8")))
        elif file.suffix in {".html", ".txt"}:
            found.update(texts_of_template(file.read_text(encoding="utf-8")))
    return found


def test_texts_are_found_in_python() -> None:
    source = 'x = _("a"), t.gettext_lazy("b" "c"), ngettext("d", "e", n), pgettext("f", "g"), other("h")'

    assert list(texts_of_python(source)) == ["a", "bc", "d\0e", "f\x04g"]


def test_texts_that_cannot_be_collected_are_refused() -> None:
    with pytest.raises(ValueError, match="malformed"):
        list(texts_of_python("gettext(text)"))


def test_texts_are_found_in_templates() -> None:
    source = (
        """{% load i18n %}<p title="{{ _("a") }}">{% translate "b's (b)" %}{% trans 'c' context 'd' %}"""
        "{% blocktranslate with e=f %}{{ e }} g{% endblocktranslate %}"
        "{% blocktranslate count h=i %}j{% plural %}{{ h }} k{% endblocktranslate %}"
    )

    assert list(texts_of_template(source)) == ["a", "b's (b)", "d\x04c", "%(e)s g", "j\0%(h)s k"]


@every_language
def test_catalogue_holds_the_texts_of_the_package_and_no_others(language: str) -> None:
    """After a new text: the two commands at the top of the catalogue."""
    assert {entry.key for entry in entries_of(language)} == texts_of_package()


TEMPLATES = {
    file.relative_to(PACKAGE / "templates").as_posix(): file for file in (PACKAGE / "templates").rglob("*.html")
}


@pytest.mark.parametrize("template", TEMPLATES)
def test_template_has_no_text_that_cannot_be_translated(template: str) -> None:
    source = TEMPLATES[template].read_text(encoding="utf-8")
    tags = r"{%\s*blocktrans.*?endblocktrans(?:late)?\s*%}|{%.*?%}|{{.*?}}|{#.*?#}"

    without_tags = re.sub(tags, " ", source, flags=re.DOTALL)
    spoken = re.findall(r'\b(?:alt|title|placeholder|aria-label)="([^"]*)"', without_tags)
    text = re.sub(r"<[^>]*>", " ", without_tags)

    assert re.findall(r"[A-Za-z]{2,}", " ".join([text, *spoken])) == []


# What Python says.


@every_language
def test_messages_of_ory_are_said_in_the_language(language: str) -> None:
    with translation.override("en"):
        english = {number: str(text) for number, text in TEXTS.items()}
    contexts = {number: {PARAMETERS[number]: "X"} if number in PARAMETERS else {} for number in TEXTS}

    with translation.override(language):
        said = {number: text_of({"id": number, "text": "Ory's own", "context": contexts[number]}) for number in TEXTS}

    assert said == {
        number: catalogue(language)[text].replace(f"%({PARAMETERS.get(number)})s", "X")
        for number, text in english.items()
    }


@every_language
@pytest.mark.parametrize("title", texts.TRAITS)
def test_usual_trait_is_named_in_the_language(language: str, title: str) -> None:
    with translation.override("en"):
        text = str(texts.TRAITS[title])

    with translation.override(language):
        assert text_of({"id": texts.TRAIT, "text": title}) == catalogue(language)[text]
        assert text_of({"id": texts.TRAIT, "text": "Shoe size"}) == "Shoe size"
        assert text_of({"id": 1, "text": title}) == title


@every_language
@pytest.mark.parametrize("said", texts.REASONS)
def test_reason_of_ory_is_said_in_the_language(language: str, said: str) -> None:
    with translation.override("en"):
        text = str(texts.REASONS[said])

    with translation.override(language):
        assert text_of({"id": texts.REASON, "text": said}) == catalogue(language)[text]
        assert text_of({"id": texts.REASON, "text": "Another one."}) == "Another one."


@every_language
def test_other_texts_of_python_are_said_in_the_language(language: str) -> None:
    lazy = [*REASONS.values(), *TITLES.values(), apps.get_app_config("ory_mfa").verbose_name]
    with translation.override("en"):
        texts = [str(text) for text in lazy]

    with translation.override(language):
        assert [str(text) for text in lazy] == [catalogue(language)[text] for text in texts]
        assert title_of("passkey") == {"de": "Passkeys", "fr": "Clés d\u2019accès"}[language]


# The pages, each through its view.


class Visitor(Site):
    """Somebody whose browser asks for a language."""

    def __init__(self, mode: str, language: str) -> None:
        super().__init__(mode)
        self.language = language

    def request(self, method: str, path: str, data: Any = None, **options: Any) -> Any:
        """A request with the header that browsers send."""
        return super().request(method, path, data, headers={"Accept-Language": f"{self.language},en;q=0.5"}, **options)

    def begin(self, ory: FakeOry, kind: str, query: str = "") -> str:
        """Begins a flow at Ory, and returns its page."""
        cookies = "; ".join(f"{morsel.key}={morsel.value}" for morsel in self.cookies.values())
        headers = [("Accept", "application/json"), ("Cookie", cookies)]
        answer = ory.handle("GET", f"/self-service/{kind}/browser{query}", headers)
        for name, value in answer.headers:
            if name == "Set-Cookie":
                self.set_cookie(*value.partition(";")[0].split("=", 1))
        return f"/ory-ui/{kind}?flow={json.loads(answer.body)['id']}"


SETTINGS = "/account/security/"
Scene = Callable[[FakeOry, Visitor], Any]


def settings_page(**person: Any) -> Scene:
    def scene(ory: FakeOry, site: Visitor) -> Any:
        ory.login(site, **person)
        return site.get(SETTINGS)

    return scene


def login_page(query: str = "", **person: Any) -> Scene:
    def scene(ory: FakeOry, site: Visitor) -> Any:
        if person:
            ory.login(site, **person).identity.password = "not asked for here"
        return site.get(site.begin(ory, "login", query))

    return scene


def ory_settings(ory: FakeOry, site: Visitor) -> Any:
    ory.login(site, second_factors={"totp", "lookup_secret"})
    return site.get(site.begin(ory, "settings"))


def enroll(ory: FakeOry, site: Visitor) -> Any:
    ory.login(site, aal="aal1")
    return site.get("aal2")


def unavailable(ory: FakeOry, site: Visitor) -> Any:
    ory.login(site)
    ory.fail()
    return site.get("aal2")


def too_many_hops(ory: FakeOry, site: Visitor) -> Any:
    ory.login(site, age=3000)
    return [site.get("fresh-totp") for _ in range(4)][-1]


def use_method(ory: FakeOry, site: Visitor) -> Any:
    ory.login(site, methods={"webauthn"})
    return site.get("totp")


def missing_cookie(ory: FakeOry, site: Visitor) -> Any:
    with override_settings(DEBUG=True):
        return [site.get("aal2") for _ in range(4)][-1]


def restart(ory: FakeOry, site: Visitor) -> Any:
    return [site.get("/ory-ui/login?flow=gone") for _ in range(2)][-1]


def unreadable(ory: FakeOry, site: Visitor) -> Any:
    ory.fail(200, body=b"{}", path="/self-service/login/flows")
    return site.get("/ory-ui/login?flow=1")


def other_flow(kind: str) -> Scene:
    """A flow that the fake does not play: with its answer as Kratos gives it."""
    button = {"name": "method", "type": "submit", "value": "code"}
    label = {"id": 1070005, "text": "Submit", "type": "info"}
    node = {"type": "input", "group": "code", "attributes": button, "messages": [], "meta": {"label": label}}

    def scene(ory: FakeOry, site: Visitor) -> Any:
        action = f"http://127.0.0.1:4433/self-service/{kind}?flow=1"
        body = json.dumps({"ui": {"action": action, "method": "POST", "nodes": [node]}, "state": "choose_method"})
        ory.fail(200, body=body.encode(), path=f"/self-service/{kind}/flows")
        return site.get(f"/ory-ui/{kind}?flow=1")

    return scene


def error(ory: FakeOry, site: Visitor) -> Any:
    kept = ory.new_error({"id": "session_aal1_required", "code": 401, "reason": "Ory's own words."})
    return site.get(f"/ory-ui/error?id={kept.id}")


def signed_in(ory: FakeOry, site: Visitor) -> Any:
    ory.login(site)
    return site.get(f"{SETTINGS}login/")


# Template, scene, heading.
SCENES: dict[str, tuple[str, Scene, str]] = {
    "anonymous": ("settings", lambda ory, site: site.get(SETTINGS), "Sign-in security"),
    "no second factor": ("settings", settings_page(aal="aal1"), "Sign-in security"),
    "due": ("settings", settings_page(aal="aal1", second_factors={"totp"}), "Sign-in security"),
    "aal2": ("settings", settings_page(), "Sign-in security"),
    "signed in": ("login", signed_in, "You are signed in"),
    "done": ("done", lambda ory, site: site.get(f"{SETTINGS}done/"), "Done"),
    "enroll": ("enroll", enroll, "Two\u2011step verification is needed"),
    "unavailable": ("unavailable", unavailable, "We can\u2019t check your sign-in"),
    "use method": ("use_method", use_method, "Use your authenticator app"),
    "too many hops": ("too_many_hops", too_many_hops, "This page needs your authenticator app"),
    "missing cookie": ("too_many_hops", missing_cookie, "This site can\u2019t see that you are signed in"),
    "sign in": ("ui/login", login_page(), "Sign in"),
    "step up": (
        "ui/login",
        login_page("?aal=aal2", aal="aal1", second_factors={"totp", "lookup_secret"}),
        "Two\u2011step verification",
    ),
    "nothing to step up with": (
        "ui/login",
        login_page("?aal=aal2", aal="aal1"),
        "Two\u2011step verification is not set up",
    ),
    "refresh": ("ui/login", login_page("?refresh=true", aal="aal1"), "Confirm that it\u2019s you"),
    "set up": ("ui/settings", ory_settings, "Account settings"),
    "sign up": ("ui/registration", other_flow("registration"), "Create an account"),
    "recover": ("ui/recovery", other_flow("recovery"), "Recover your account"),
    "verify": ("ui/verification", other_flow("verification"), "Verify your e\u2011mail address"),
    "error": ("ui/error", error, "You are signed out"),
    "restart": ("ui/restart", restart, "Your browser did not send its cookies"),
    "unreadable": ("ui/unreadable", unreadable, "This page can\u2019t be shown"),
}
# tests/contrib_auth and tests/contrib_admin read them.
OF_USERS = {"ory_mfa/user_conflict.html", "ory_mfa/admin/forbidden.html", "ory_mfa/admin/unavailable.html"}
EMULATOR = {"emulator/index": ("/", "Ory emulator"), "emulator/mailbox": ("/mailbox", "Mailbox")}


@pytest.fixture
def _pages(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware", *settings.MIDDLEWARE]


def visible(html: str) -> set[str]:
    """Every text of a page, and what screen readers read out instead of it."""
    html = as_read(html)
    alternatives = re.findall(r'\b(?:alt|title|placeholder|aria-label)="([^"]*)"', html)
    return {unescape(text).strip() for text in [*re.split(r"<[^>]*>", html), *alternatives]}


def assert_speaks(html: str, language: str, heading: str) -> None:
    """The page is in ``language``, and no text of it was left in English."""
    texts = catalogue(language)
    page = Page(html)
    assert [attributes["lang"] for attributes in page.all("html")] == [language]
    assert page.texts_of("h1") == [texts[heading]]
    assert [text.partition(" \u2013 ")[0].strip() for text in page.texts_of("title")] == [texts[heading]]
    english = {text for text, translated in texts.items() if text not in (translated, *texts.values())}
    assert visible(html) & english == set()


@pytest.mark.usefixtures("_pages")
@pytest.mark.parametrize(("language", "mode"), [("de", "sync"), ("fr", "async")])
@pytest.mark.parametrize("name", SCENES)
def test_page_speaks_the_language_of_the_browser(ory: FakeOry, mode: str, language: str, name: str) -> None:
    template, scene, heading = SCENES[name]

    response = scene(ory, Visitor(mode, language))

    assert response.template_name == f"ory_mfa/{template}.html"
    assert response["Content-Language"] == language
    assert_speaks(response.content.decode(), language, heading)


@every_language
@pytest.mark.parametrize("template", EMULATOR)
def test_emulator_speaks_the_language_of_the_browser(language: str, template: str, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    target, heading = EMULATOR[template]

    with Emulator() as emulator:
        emulator.ory.messages.append(FakeMessage("mail@example.test", "123456", emulator.ory.now()))
        settings.ORY_MFA_SDK_URL = emulator.url
        with urlopen(Request(f"{emulator.url}{target}", headers={"Accept-Language": language}), timeout=60) as answer:
            html = answer.read().decode()

    assert_speaks(html, language, heading)


def test_every_page_of_the_package_was_read() -> None:
    pages = {name for name in TEMPLATES if not Path(name).name.startswith("_") and name != "ory_mfa/base.html"}
    read = {f"ory_mfa/{name}.html" for name in [*EMULATOR, *(template for template, _, _ in SCENES.values())]}

    assert pages == read | OF_USERS


@pytest.mark.usefixtures("_pages")
@pytest.mark.parametrize(
    ("language", "heading"),
    [
        ("de", "Sicherheit der Anmeldung"),
        ("de-AT", "Sicherheit der Anmeldung"),
        ("fr", "Sécurité de la connexion"),
        ("fr-CA", "Sécurité de la connexion"),
        ("en", "Sign-in security"),
        ("tlh", "Sign-in security"),
    ],
)
def test_heading_is_in_the_language_or_in_english(ory: FakeOry, mode: str, language: str, heading: str) -> None:
    html = Visitor(mode, language).get(SETTINGS).content.decode()

    assert Page(html).texts_of("h1") == [heading]


@pytest.mark.parametrize(("language", "button"), [("de", "Abmelden"), ("fr", "Se déconnecter")])
def test_site_in_one_language_needs_no_middleware(
    ory: FakeOry, site: Site, settings: Any, language: str, button: str
) -> None:
    settings.LANGUAGE_CODE = language
    ory.login(site)

    assert Page(site.get(SETTINGS).content.decode()).texts_of("button") == [button]


@pytest.mark.parametrize(("language", "button"), [("de", "Abmelden"), ("fr", "Se déconnecter")])
def test_page_speaks_the_active_language(ory: FakeOry, site: Site, language: str, button: str) -> None:
    ory.login(site)

    with translation.override(language):
        html = site.get(SETTINGS).content.decode()

    assert Page(html).texts_of("button") == [button]


@pytest.mark.usefixtures("_pages")
@pytest.mark.parametrize(
    ("language", "minutes", "ago"),
    [
        ("en", 0, "just now"),
        ("en", 1, "1 minute ago"),
        ("en", 5, "5 minutes ago"),
        ("de", 0, "gerade eben"),
        ("de", 1, "1 Minute her"),
        ("de", 5, "5 Minuten her"),
        ("fr", 0, "à l\u2019instant"),
        ("fr", 1, "il y a 1 minute"),
        ("fr", 5, "il y a 5 minutes"),
    ],
)
def test_time_is_told_in_the_language(ory: FakeOry, mode: str, language: str, minutes: int, ago: str) -> None:
    site = Visitor(mode, language)
    ory.login(site, aal="aal1", age=60 * minutes + 20)

    (told,) = Page(site.get(SETTINGS).content.decode()).texts_of("time")

    assert told.replace(NO_BREAK, " ") == ago


@pytest.mark.usefixtures("_pages")
@pytest.mark.parametrize(
    ("language", "said"),
    [("de", "Angemeldet als password@example.test"), ("fr", "Connecté(e) en tant que password@example.test")],
)
def test_account_is_named_in_the_language(ory: FakeOry, mode: str, language: str, said: str) -> None:
    response = login_page("?refresh=true", aal="aal1", email="password@example.test")(ory, Visitor(mode, language))

    assert said in visible(response.content.decode())


@pytest.mark.usefixtures("_pages")
def test_way_of_confirming_is_named_in_the_language(ory: FakeOry, mode: str) -> None:
    said = visible(too_many_hops(ory, Visitor(mode, "de")).content.decode())

    assert [text for text in said if text == "Diese Seite braucht Ihre Authenticator-App"]


@pytest.mark.usefixtures("_pages")
def test_words_of_ory_stay_as_they_are(ory: FakeOry, mode: str, settings: Any) -> None:
    settings.DEBUG = True

    assert "Ory's own words." in visible(error(ory, Visitor(mode, "de")).content.decode())
