"""What people typed into a form, checked field by field, so that the form comes back with words beside each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast, get_args

from tocsin_paging.domain.person import LONGEST_NAME, RoleName, is_email, is_slack_user, is_timezone
from tocsin_runtime.text import clean


class Errors(dict[str, str]):
    """What is wrong, by field name; empty for a field that is right."""

    def __missing__(self, name: str) -> str:
        return ""


@dataclass
class Checked:
    """The values as typed, and what is wrong with them."""

    values: dict[str, str]
    errors: Errors = field(default_factory=Errors)

    def demand(self, name: str, right: Callable[[str], bool], otherwise: str) -> None:
        """Note the error unless the value is right; the first error of a field stays."""
        if name in self.values and not right(self.values[name]):
            self.errors.setdefault(name, otherwise)


def checked(**typed: str) -> Checked:
    """The fields trimmed and cleaned, with the checks that every form about people shares."""
    form = Checked({name: clean(value).strip() for name, value in typed.items()})
    too_long = f"Enter a name of at most {LONGEST_NAME} characters."
    form.demand("name", lambda name: 0 < len(name) <= LONGEST_NAME, too_long)
    form.demand("email", is_email, "Enter an e-mail address such as ana@example.org.")
    form.demand("timezone", is_timezone, "Choose a time zone such as Europe/Berlin.")
    form.demand("role", lambda role: role in get_args(RoleName), "Choose a role.")
    form.demand("slack_user_id", is_slack_user, "Enter a Slack member id such as U024BE7LH, or nothing.")
    return form


def role_of(typed: str) -> RoleName:
    """The role that a form's checks have let through."""
    return cast(RoleName, typed)
