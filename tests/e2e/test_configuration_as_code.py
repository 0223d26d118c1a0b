"""`tocsin plan` and `apply` do what the file says and say it, also where the API shows no more than a part."""

from pathlib import Path

import pytest
import yaml

from tests.e2e.terminal import Terminal
from tocsin_testkit.world import ADMIN_TOKEN

HOOK = "https://93.184.215.14/hook?key=s3cret"
CHAT = "tgram://123456789:abcdefg_hijklmnop/12345"
KEY = "the-first-key-of-the-tests"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class File:
    """A file that is planned and applied."""

    def __init__(self, terminal: Terminal, path: Path) -> None:
        self._terminal, self._path = terminal, path

    def __call__(self, text: str) -> "File":
        self._path.write_text(text)
        return self

    def planned(self, token: str = ADMIN_TOKEN) -> tuple[int, str]:
        """Exit code and words of a plan."""
        return self._terminal.run("plan", "-f", str(self._path), token=token)

    def applied(self) -> str:
        """What `apply` said; a plan has nothing to do afterwards."""
        code, printed = self._terminal.run("apply", "-f", str(self._path), "--yes")
        assert code == 0, printed
        code, again = self.planned()
        assert code == 0, again
        return printed


@pytest.fixture
def file(terminal: Terminal, tmp_path: Path) -> File:
    return File(terminal, tmp_path / "tocsin.yaml")


def person(*methods: tuple[str, str]) -> str:
    items = [{"channel": channel, "address": address} for channel, address in methods]
    user = {"email": "kim@example.com", "name": "Kim", "contact_methods": items}
    return yaml.safe_dump({"users": [user]})


@pytest.mark.parametrize(
    ("channel", "first", "second"),
    [
        ("webhook", HOOK, "https://93.184.215.14/other?key=s3cret"),
        ("webhook", HOOK + "1", HOOK + "2"),
        ("apprise", CHAT, CHAT + "6"),
    ],
)
def test_another_address_is_never_kept(
    terminal: Terminal, file: File, channel: str, first: str, second: str
) -> None:
    file(person((channel, first))).applied()

    code, printed = file(person((channel, second))).planned()
    assert code == 3, printed
    assert "~ contacts kim@example.com" in printed
    assert "s3cret" not in printed
    assert "abcdefg" not in printed
    file(person((channel, second))).applied()
    code, printed = file(person((channel, first), (channel, second))).planned()
    assert code == 0, printed

    (kim,) = [one for one in terminal.items("/api/v1/users") if one["email"] == "kim@example.com"]
    methods = terminal.items(f"/api/v1/users/{kim['id']}/contact-methods")
    assert len([one for one in methods if one["channel"] == channel]) >= 2


def test_whoever_may_only_read_plans_what_the_api_shows_whole(terminal: Terminal, file: File) -> None:
    scopes = [word for name in ("paging", "incidents", "alerts") for word in ("--scope", f"{name}:read")]
    code, token = terminal.run("token", "create", "planner", *scopes)
    assert code == 0, token
    file(person(("email", "kim@example.com"))).applied()

    code, printed = file.planned(token.strip())
    assert code == 0, printed
    code, printed = file(person(("webhook", HOOK))).planned(token.strip())
    assert code == 2
    assert "403" in printed


def test_one_contact_method_twice_is_refused(file: File) -> None:
    code, printed = file(person(("webhook", HOOK), ("webhook", HOOK))).planned()

    assert code == 2
    assert "users.0" in printed
    assert "twice" in printed
    assert "s3cret" not in printed


def integration(**named: object) -> str:
    return yaml.safe_dump({"integrations": [{"slug": "tool", "name": "Tool", "source": "generic", **named}]})


def test_another_key_or_secret_is_planned_and_carried_out(terminal: Terminal, file: File) -> None:
    file(integration(key=KEY, secret=SECRET)).applied()
    other = KEY.replace("first", "other")

    code, printed = file(integration(key=other, secret=SECRET)).planned()
    assert code == 3, printed
    assert "key: another → the one in the file" in printed
    assert "secret:" not in printed
    file(integration(key=other, secret=SECRET)).applied()
    assert terminal.knock(other) == "bad_signature"
    assert terminal.knock(KEY) == "no_valid_key"

    file(integration(secret=SECRET.replace("Mf", "Mg")))
    code, printed = file.planned()
    assert code == 3, printed
    assert "secret: another → the one in the file" in printed
    assert "whsec" not in printed
    file.applied()


def test_what_a_file_does_not_name_of_an_integration_stays(terminal: Terminal, file: File) -> None:
    rule = {"integration": "tool", "group_by": ["host"], "group_window": 60, "resolve_timeout": 120}
    whole = yaml.safe_load(
        integration(name="Whole", service="web", default_severity="high", body_limit_bytes=4096)
    )
    file(yaml.safe_dump({**whole, "rules": [rule]})).applied()
    before = terminal.one("/api/v1/integrations", slug="tool")

    file(integration(name="Renamed")).applied()

    after = terminal.one("/api/v1/integrations", slug="tool")
    assert (before["name"], after["name"]) == ("Whole", "Renamed")
    assert after["settings"] == before["settings"]
    assert after["settings"]["body_limit_bytes"] == 4096
    assert after["settings"]["group_by"] == ["host"]
    assert after["service"] == "web"
    _, printed = terminal.run("export")
    (exported,) = [one for one in yaml.safe_load(printed)["integrations"] if one["slug"] == "tool"]
    assert exported["body_limit_bytes"] == 4096
    file(integration(name="Renamed", service=None, body_limit_bytes=None)).applied()
    after = terminal.one("/api/v1/integrations", slug="tool")
    assert (after["service"], after["settings"]["body_limit_bytes"]) == (None, None)
