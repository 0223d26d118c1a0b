"""The command line as an operator uses it: real processes against a running `tocsin up` with its starter set-up."""

import os
from pathlib import Path

import pytest
import yaml

from tests.e2e.proxy import proxied
from tests.e2e.terminal import Terminal
from tocsin.api import open_api
from tocsin.commands.simulation import judged
from tocsin.simulate import LatencySpike
from tocsin_testkit.waiting import wait_until
from tocsin_testkit.world import ADMIN_TOKEN


def test_simulate_tells_the_story_and_its_exit_code(terminal: Terminal) -> None:
    code, printed = terminal.run("simulate", "latency-spike")

    assert code == 0, printed
    assert "the story holds" in printed
    for step in (
        "page accepted",
        "incident acknowledged",
        "stopped the escalation",
        "impaired",
        "time to recover",
    ):
        assert step in printed


def test_simulate_leaves_an_open_incident_alone(terminal: Terminal) -> None:
    """Its alerts would join it, and it would be acknowledged, talked about in public and resolved."""
    real = [terminal.declare(service=service) for service in ("web", "payments")]

    code, printed = terminal.run("simulate", "latency-spike")

    assert code == 1
    assert f"{real[0]['ref']} of Web shop" in printed
    assert "Resolve it, or name a quiet service: --service" in printed
    assert [terminal.incident(one["ref"])["status"] for one in real] == ["detected"] * 2

    terminal.resolve(real[1]["ref"])
    code, printed = terminal.run("simulate", "latency-spike")
    assert code == 0, printed
    assert terminal.incident(real[0]["ref"])["status"] == "detected"
    terminal.resolve(real[0]["ref"])


def test_simulate_says_what_it_did_not_look_at(terminal: Terminal) -> None:
    """The status page is looked at, unless somebody says that it need not be."""
    terminal.make("/api/v1/services", {"name": "Backstage"})
    busy = [terminal.declare(service=service) for service in ("web", "payments")]

    code, printed = terminal.run("simulate")
    assert code == 1
    assert "would join an incident that is open" in printed
    code, printed = terminal.run("simulate", "--service", "backstage")
    assert code == 1
    assert "no component of the status page that turns by itself shows Backstage" in printed
    assert "or play without it: --no-status-page" in printed
    code, printed = terminal.run("simulate", "--service", "backstage", "--no-status-page")
    assert code == 0, printed
    assert "the status page was not looked at" in printed
    code, printed = terminal.run("simulate", "--service", "nope")
    assert code == 1
    assert "no service is called nope; there are: backstage, payments, web" in printed
    for one in busy:
        terminal.resolve(one["ref"])


def test_simulate_fails_when_the_escalation_goes_on(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the moment after the answer the incident is reopened, so that the policy runs again."""
    api = open_api(terminal.origin, ADMIN_TOKEN)

    def tell(when: str, what: str) -> None:
        if what == "incident acknowledged":
            (incident,) = terminal.items("/api/v1/incidents", status="open")
            terminal.resolve(incident["id"])
            # Its alerts end with it; until that is told, their end would end what is reopened.
            wait_until(lambda: terminal.incident(incident["id"])["firing_count"] == 0, within=20)
            terminal.make(f"/api/v1/incidents/{incident['id']}/reopen", {"reason": "It is not over."})
            path = f"/api/v1/escalations/{incident['id']}"
            wait_until(lambda: terminal.get(path)["round"] == 2 and terminal.get(path)["next_at"], within=20)

    code = judged(LatencySpike(api, tell), status_page=True)

    assert code == 1
    assert "not so: acknowledgement stopped the escalation" in capsys.readouterr().out
    for incident in terminal.items("/api/v1/incidents", status="open"):
        terminal.resolve(incident["id"])


def test_doctor_says_which_step_reaches_nobody(terminal: Terminal) -> None:
    people = {"name": "Nobody's", "slug": "nobodys", "timezone": "Europe/Berlin"}
    schedule = terminal.make("/api/v1/schedules", people)
    steps = [
        {"targets": [{"schedule": schedule["slug"], "role": "secondary"}]},
        {"targets": [{"user": "you@example.com"}]},
    ]
    policy = terminal.make("/api/v1/escalation-policies", {"name": "Ghosts", "steps": steps})

    code, printed = terminal.run("doctor")

    assert code == 1
    assert "step 1 of policy Ghosts reaches somebody" in printed
    assert "step 2 of policy Ghosts" not in printed
    assert "bad  service" not in printed
    terminal.remove(f"/api/v1/escalation-policies/{policy['id']}")
    code, printed = terminal.run("doctor")
    assert code == 0, printed


def test_what_is_exported_needs_no_change(terminal: Terminal, tmp_path: Path) -> None:
    code, printed = terminal.run("export")
    assert code == 0, printed
    file = tmp_path / "tocsin.yaml"
    file.write_text(printed)
    (user,) = yaml.safe_load(printed)["users"]
    assert user["contact_methods"] == [{"channel": "email", "address": "you@example.com"}]

    code, printed = terminal.run("plan", "-f", str(file))

    assert code == 0, printed
    assert printed.splitlines()[-1].startswith("0 to do")


def test_an_export_can_be_planned_whatever_its_slugs(terminal: Terminal, tmp_path: Path) -> None:
    team = terminal.make("/api/v1/teams", {"name": "Night shift", "slug": "night-" + "z" * 114})
    file = tmp_path / "exported.yaml"
    file.write_text(terminal.run("export")[1])

    code, printed = terminal.run("plan", "-f", str(file))

    assert code == 0, printed
    assert f"= team {team['slug']}" in printed
    terminal.remove(f"/api/v1/teams/{team['id']}")


def test_what_no_export_can_hold_is_named_in_it(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "more.yaml"
    file.write_text(
        "users:\n- email: sam@example.com\n  name: Sam\n  contact_methods:\n"
        "  - {channel: email, address: sam@example.com, label: Work, enabled: false}\n"
        "  - {channel: webhook, address: 'https://93.184.215.14/hook?key=s3cret'}\n"
    )
    assert (terminal.run("apply", "-f", str(file), "--yes"))[0] == 0

    code, printed = terminal.run("export")

    assert code == 0, printed
    assert printed.startswith("# Written by tocsin export.")
    assert "#   sam@example.com: webhook 93.184.215.14\n" in printed
    assert "s3cret" not in printed
    (sam,) = [user for user in yaml.safe_load(printed)["users"] if user["email"] == "sam@example.com"]
    assert sam["contact_methods"] == [
        {"channel": "email", "address": "sam@example.com", "label": "Work", "enabled": False}
    ]
    file.write_text(printed)
    assert (terminal.run("plan", "-f", str(file)))[0] == 0


def test_a_plan_names_what_is_nowhere_as_apply_does(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("services:\n- slug: mail\n  name: Mail\n  team: nobody\n")
    planned = terminal.run("plan", "-f", str(file))
    applied = terminal.run("apply", "-f", str(file), "--yes")
    assert planned == applied
    assert planned[0] == 2
    assert f"{file}:4: services.0.team: there is no team nobody" in planned[1]
    assert "Add it under teams" in planned[1]


def test_apply_changes_once(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "more.yaml"
    file.write_text("services: [{slug: mail, name: Mail, escalation_policy: default, aliases: [smtp]}]\n")

    assert (terminal.run("plan", "-f", str(file)))[0] == 3
    code, printed = terminal.run("apply", "-f", str(file))
    assert code == 0, printed
    assert "+ service mail" in printed, "it shows the plan also where nobody can be asked"
    assert (terminal.run("plan", "-f", str(file)))[0] == 0


def test_apply_asks_who_sits_at_a_terminal(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "more.yaml"
    file.write_text("services: [{slug: search, name: Search}]\n")
    keyboard, screen = os.openpty()
    os.write(keyboard, b"n\n")

    code, printed = terminal.run("apply", "-f", str(file), stdin=screen)

    assert code == 1
    assert "Apply?" in printed
    assert (terminal.run("plan", "-f", str(file)))[0] == 3
    code, printed = terminal.run("apply", "-f", str(file), "--yes", stdin=screen)
    assert code == 0
    assert "Apply?" not in printed
    os.close(keyboard)
    os.close(screen)


def test_a_wrong_file_is_refused_with_its_place(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(
        "services: [{slug: mail, name: Mail, escalation_policy: nowhere}]\nusers: [{email: a@b.c}]\n"
    )

    code, printed = terminal.run("apply", "-f", str(file), "--yes")

    assert code == 2
    assert "users.0.name" in printed


def test_who_is_on_call_and_why(terminal: Terminal) -> None:
    code, printed = terminal.run("who", "--service", "web")

    assert code == 0, printed
    assert "primary" in printed
    assert "rotation" in printed


def test_a_test_page_reaches_the_mailbox(terminal: Terminal) -> None:
    code, printed = terminal.run("page", "--user", "you@example.com", "--test")

    assert code == 0, printed
    assert "email" in printed


def test_a_token_does_what_its_scopes_say(terminal: Terminal) -> None:
    code, token = terminal.run("token", "create", "reader", "--scope", "paging:read")
    assert code == 0, token

    assert (terminal.run("who", token=token.strip()))[0] == 0
    code, printed = terminal.run("page", "--user", "you@example.com", "--test", token=token.strip())
    assert code == 2
    assert "403" in printed


def test_doctor_and_dead_letters_find_nothing_wrong(terminal: Terminal) -> None:
    code, printed = terminal.run("doctor")
    assert code == 0, printed

    code, printed = terminal.run("dead-letters", "list")
    assert code == 0, printed
    assert "no dead letters" in printed


def test_doctor_behind_a_proxy_says_that_readiness_was_not_looked_at(terminal: Terminal) -> None:
    with proxied(terminal.origin) as origin:
        code, printed = terminal.run("doctor", more={"TOCSIN_URL": origin})

    assert code == 0, printed
    assert "skip readiness was not looked at" in printed
    assert "TOCSIN_<SERVICE>_URL" in printed


def test_a_service_that_is_none_is_told(terminal: Terminal) -> None:
    code, printed = terminal.run("serve", "nothing")
    assert code == 2
    assert "there is no service 'nothing'" in printed


def test_a_token_is_revoked_by_the_prefix_that_the_list_shows(terminal: Terminal) -> None:
    code, token = terminal.run("token", "create", "passing", "--scope", "paging:read")
    assert code == 0, token
    prefix = token.strip()[:12]
    assert prefix in terminal.run("token", "list")[1]

    assert terminal.run("token", "revoke", prefix) == (0, "revoked\n")
    assert terminal.run("who", token=token.strip())[0] == 2
    code, printed = terminal.run("token", "revoke", "tcs_nothing")
    assert (code, "`tocsin token list` shows their ids" in printed) == (2, True)


@pytest.mark.parametrize(
    ("settings", "arguments", "told"),
    [
        ({}, ["serve", "detector"], "TOCSIN_SECRET_KEY: set at least 32 random characters"),
        (
            {"TOCSIN_ADMIN_TOKEN": "short"},
            ["up", "--host", "0.0.0.0", "--database", "postgresql://a:b@localhost:1/c"],
            "TOCSIN_ADMIN_TOKEN: set at least 20 random characters",
        ),
        (
            {},
            ["up", "--port", "18999", "--database", "postgresql://a:hidden@localhost:1/c"],
            "PostgreSQL does not answer at postgresql://a:***@localhost:1/c",
        ),
        ({}, ["up", "--port", "-1"], "Invalid value for '--port'"),
    ],
)
def test_what_cannot_be_started_is_told_and_the_exit_code_is_2(
    terminal: Terminal, settings: dict[str, str], arguments: list[str], told: str
) -> None:
    code, printed = terminal.run(*arguments, more=settings)
    assert code == 2, printed
    assert told in printed
    assert "hidden" not in printed
