"""Kinds of fields that several resources share, each with the message that says what to do."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from tocsin_paging.domain.person import LONGEST_NAME, is_email, is_slack_user, is_slug, is_timezone
from tocsin_runtime.text import clean


def _clean(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


def _email(value: str) -> str:
    if not is_email(value):
        raise ValueError("not an e-mail address such as ana@example.org")
    return value


def _timezone(value: str) -> str:
    if not is_timezone(value):
        raise ValueError("not an IANA time zone such as Europe/Berlin")
    return value


def _slug(value: str) -> str:
    if not is_slug(value):
        raise ValueError("lower-case letters, digits and single hyphens, such as payments-eu")
    return value


def _slack_user(value: str) -> str:
    if not is_slack_user(value):
        raise ValueError("not a Slack member id such as U024BE7LH")
    return value


Text = Annotated[str, StringConstraints(max_length=254), BeforeValidator(_clean)]
"""What a filter is compared with."""
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME),
    BeforeValidator(_clean),
]
Email = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_email)]
TimeZone = Annotated[
    str, AfterValidator(_timezone), Field(description="An IANA name, such as Europe/Berlin.")
]
Slug = Annotated[str, AfterValidator(_slug), Field(description="Lower-case letters, digits, single hyphens.")]
SlackUser = Annotated[str, AfterValidator(_slack_user)]
"""A Slack member id; empty takes it away."""
