"""A site with forty users is moved to a real Kratos by ``docs/how-to/migrate-users.rst``, and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.migration.bookshop import Bookshop, Visitor
from tests.migration.page import Block, steps
from tests.servers.base import Person
from tests.servers.kratos import KratosServer

pytestmark = pytest.mark.kratos
ID_ON_THE_PAGE = "4e079061-4dfb-4bc4-9f3a-dc969d68ac1d"
STEPS = steps()
SCRIPT = "move_people.py"


@pytest.fixture(scope="module")
def ory(kratos_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KratosServer]:
    server = KratosServer(kratos_binary, tmp_path_factory.mktemp("kratos"), return_urls=["http://127.0.0.1:1/"])
    server.configure("strict")
    yield server
    server.close()


@pytest.fixture(scope="module")
def shop(ory: KratosServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bookshop]:
    site = Bookshop(tmp_path_factory.mktemp("shop"), ORY_SDK_URL=ory.public_url, ORY_ADMIN_URL=ory.admin_url)
    yield site
    site.close()


def identity(ory: KratosServer, email: str, *, verified: bool) -> Person:
    """Somebody registers at Ory by themselves."""
    address = {"value": email, "via": "email", "verified": verified, "status": "completed" if verified else "pending"}
    made = ory._admin(
        "POST",
        "/identities",
        201,
        json={
            "schema_id": "default",
            "traits": {"email": email},
            "credentials": {"password": {"config": {"password": "of-their-own-1"}}},
            "verifiable_addresses": [address],
        },
    ).json()
    return Person(made["id"], email, "of-their-own-1")


def moved(ory: KratosServer, name: str, email: str | None = None) -> Person:
    """A user whom the script has moved, with the password of before."""
    email = email or f"{name}@bookshop.test"
    (found,) = ory._admin("GET", "/identities", 200, params={"credentials_identifier": email}).json()
    return Person(found["id"], email, f"{name}-secret-9")


def at_ory(shop: Bookshop, ory: KratosServer, person: Person, *methods: str) -> Visitor:
    """A browser whose person has signed in at Ory."""
    visitor = Visitor(shop)
    visitor.http.cookies.set(*ory.open_browser(person, *(methods or ("password",))).session_cookie)
    return visitor


def edited(block: Block) -> Block:
    """The script with the two places filled in that the page says to edit: this Ory's schema, and who is verified."""
    text, answers = re.subn(r"^    raise NotImplementedError.*", "    return True", block.text, flags=re.MULTILINE)
    assert ('SCHEMA = "person"' in text, answers) == (True, 1)
    return replace(block, text=text.replace('SCHEMA = "person"', 'SCHEMA = "default"'))


def follow(shop: Bookshop, step: int, **values: str) -> str:
    """Does what a step says, and returns what its commands print."""
    said = []
    for block in STEPS[step]:
        if block.name is not None:
            shop.write(edited(block) if block.name == SCRIPT else block)
            continue
        for command in block.commands:
            if "pip install" not in command and not command.startswith("export "):
                said.append(shop.run(command.replace(ID_ON_THE_PAGE, values.get("identity", ID_ON_THE_PAGE))))
    return "\n".join(said)


def test_page_has_five_steps() -> None:
    assert list(STEPS) == [1, 2, 3, 4, 5]
    assert all(STEPS.values())


def test_commands_name_every_variable_of_the_environment() -> None:
    commands = "\n".join(command for block in (*STEPS[1], *STEPS[2]) for command in block.commands)
    code = "\n".join(block.text for block in (*STEPS[1], *STEPS[2]))

    assert set(re.findall(r'os\.environ\["(\w+)"\]', code)) == set(re.findall(r"export (\w+)=", commands))


def rows(shop: Bookshop) -> str:
    """What must not change: who everybody is, and what everybody may do. Signing in renews the hash of a password."""
    fields = "'pk', 'username', 'email', 'is_active', 'is_staff', 'is_superuser', 'groups__name'"
    return shop.ask(f"list(User.objects.filter(pk__lte=40).order_by('pk').values_list({fields}))")


def test_site_is_moved_to_ory_and_back(shop: Bookshop, ory: KratosServer) -> None:
    before = rows(shop)
    shop.serve()

    # Some people are at Ory already. One of them only says that the address is theirs.
    gina = identity(ory, "gina@bookshop.test", verified=True)
    hugo = identity(ory, "hugo@bookshop.test", verified=False)

    # People use the site as ever.
    open_browsers = {name: Visitor(shop) for name in ("lena", "marc", "root")}
    for name, visitor in open_browsers.items():
        assert visitor.sign_in_to_django(name)
        visitor.get("/buy")
        assert visitor.me()["cart"] == [name]

    # 1 and 2: nothing changes for anybody.
    follow(shop, 1)
    (script,) = [block for block in STEPS[2] if block.name == SCRIPT]
    shop.write(script)
    with pytest.raises(AssertionError, match="is_verified"):
        shop.run(f"python manage.py shell < {SCRIPT}")
    assert rows(shop) == before
    said = follow(shop, 2).splitlines()
    assert sorted(line for line in said if ": moved" not in line and ": " in line) == [
        "cashier: BY HAND: has no address",
        "gina: is at Ory already, and linked at the first sign-in",
        "hugo: BY HAND: Ory has not verified hugo@bookshop.test",
        "kim2: BY HAND: shares family@bookshop.test",
        "kim: BY HAND: shares family@bookshop.test",
    ]
    assert len([line for line in said if line.endswith(": moved")]) == 35
    assert rows(shop) == before
    shop.serve()
    assert open_browsers["lena"].me()["name"] == "lena"
    assert Visitor(shop).sign_in_to_django("otto")
    assert ": moved" not in follow(shop, 2)

    # 3: one of the two registers with the shared address, the other has one of her own now.
    kim = identity(ory, "family@bookshop.test", verified=True)
    listed = follow(shop, 3, identity=kim.id)
    assert f"{kim.id} is linked to 'kim'." in listed
    assert "36 linked." in listed
    shop.ask("User.objects.filter(username='kim2').update(email='kim2@bookshop.test')")
    shop.ask("User.objects.filter(username='cashier').update(email='till@bookshop.test')")
    assert sorted(line for line in follow(shop, 2).splitlines() if line.endswith(": moved")) == [
        "cashier: moved",
        "kim2: moved",
    ]
    before = rows(shop)

    # 4: everybody is the user they were.
    assert "FAILED" not in follow(shop, 4)
    shop.serve()
    for name in ("anna", "ben", "lena", "marc", "otto", "kim2", "mona", "zoe"):
        seen = at_ory(shop, ory, moved(ory, name)).me()
        assert (seen["name"], seen["is_staff"]) == (name, name in ("anna", "ben"))
        assert seen["groups"] == (["editors"] if name in ("anna", "ben") else ["customers"])
    assert at_ory(shop, ory, moved(ory, "emil", "Emil.Weber@bookshop.test")).me()["name"] == "emil"
    assert at_ory(shop, ory, moved(ory, "cashier", "till@bookshop.test")).me()["is_staff"]
    assert at_ory(shop, ory, kim).me()["name"] == "kim"
    assert at_ory(shop, ory, gina).me() == {"name": "gina", "groups": ["customers"], "is_staff": False, "cart": []}
    assert at_ory(shop, ory, moved(ory, "anna")).get("/reports").status_code == 200
    assert at_ory(shop, ory, moved(ory, "lena")).get("/reports").status_code == 403

    # The disabled user is disabled, at Ory too, and a Django sign-in opens nothing.
    with pytest.raises(RuntimeError, match="disabled"):
        ory.open_browser(moved(ory, "dora"), "password")
    assert "/security/login/" in open_browsers["marc"].get("/me").headers["Location"]
    assert "/self-service/login/browser" in open_browsers["root"].get("/admin/").headers["Location"]

    # What the Django session holds is for the same person only.
    for name, expected in {"lena": ["lena"], "marc": []}.items():
        visitor = open_browsers[name]
        person = moved(ory, "lena")
        visitor.http.cookies.set(*ory.open_browser(person, "password").session_cookie)
        assert (visitor.me()["name"], visitor.me()["cart"]) == ("lena", expected)

    # Nobody is taken over, and whoever is new gets a user.
    for person in (hugo, identity(ory, "nobody@bookshop.test", verified=True)):
        new = at_ory(shop, ory, person).me()
        assert (new["name"], new["groups"], new["is_staff"]) == (person.id, [], False)
    assert rows(shop) == before
    assert shop.ask("User.objects.count()") == "42"

    # The superuser gets in, with a second factor.
    root = moved(ory, "root")
    assert "/self-service/settings" in str(at_ory(shop, ory, root).get("/admin/").text)
    enrolling: Any = ory.open_browser(root, "password")
    enrolling.enrol("totp")
    chief = at_ory(shop, ory, root, "password", "totp")
    assert chief.get("/admin/").status_code == 200
    assert chief.get("/admin/auth/user/").status_code == 200
    assert at_ory(shop, ory, moved(ory, "lena")).get("/admin/").status_code == 403

    # 5: the way back.
    (settings,) = [block for block in STEPS[4] if block.name == "settings.py"]
    shop.take_out(settings)
    follow(shop, 5)
    shop.serve()
    assert rows(shop) == before
    for name in ("root", "anna", "lena", "gina", "hugo", "kim", "kim2", "cashier"):
        visitor = Visitor(shop)
        assert visitor.sign_in_to_django(name)
        assert visitor.me()["name"] == name
    assert not Visitor(shop).sign_in_to_django("dora")
    usable = "[user.has_usable_password() for user in User.objects.filter(pk__gt=40)]"
    assert shop.ask(usable) == "[True, True]"

    # And over once more, with the links of before.
    shop.write(settings)
    shop.serve()
    assert at_ory(shop, ory, moved(ory, "anna")).me()["groups"] == ["editors"]
    assert at_ory(shop, ory, hugo).me()["name"] == hugo.id
    assert shop.ask("User.objects.count()") == "42"
