"""What each role holds, written out: a change here is a decision."""

import pytest

from tocsin_access.roles import ROLE_SCOPES, SCOPES, holds, within
from tocsin_events.directory import Role

READ = {"alerts:read", "incidents:read", "paging:read", "comms:read", "analytics:read"}
WRITE = {"alerts:write", "incidents:write", "paging:write", "comms:write"}
ADMINISTER = {"paging:admin", "config:write"}


@pytest.mark.parametrize(
    ("role", "may"),
    [(Role.ADMIN, READ | WRITE | ADMINISTER), (Role.RESPONDER, READ | WRITE), (Role.VIEWER, READ)],
)
def test_roles(role: Role, may: set[str]) -> None:
    assert {scope for scope in SCOPES - {"*"} if holds(ROLE_SCOPES[role], scope)} == may


def test_a_scope_does_not_bring_another() -> None:
    assert not holds(frozenset({"incidents:write"}), "incidents:read")


def test_a_token_never_exceeds_its_owner() -> None:
    viewer = ROLE_SCOPES[Role.VIEWER]
    assert within(frozenset({"*"}), viewer) == viewer
    assert within(frozenset({"incidents:write", "incidents:read"}), viewer) == {"incidents:read"}
    assert within(frozenset({"incidents:write"}), ROLE_SCOPES[Role.ADMIN]) == {"incidents:write"}
