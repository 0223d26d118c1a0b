"""What pages show of schedules, people and pages, gathered for reading only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tocsin_access.directory import Directory
from tocsin_access.principal import Principal
from tocsin_paging.domain.contact import Channel, Contact, masked
from tocsin_paging.domain.override import Duty, Override
from tocsin_paging.domain.schedule import Schedule, shifts
from tocsin_paging.store.contacts import ContactRepository
from tocsin_paging.store.on_call import Duties
from tocsin_theme.lanes import Lane, Span

ICONS = {Channel.EMAIL: "mail", Channel.WEBHOOK: "webhook", Channel.APPRISE: "message-square"}


@dataclass(frozen=True)
class Reach:
    """One way to reach a person, as others may see it. `href` is set where a click helps."""

    icon: str
    text: str
    href: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Card:
    """Who has a duty now; nobody when `name` is None."""

    duties: Duties
    name: str | None
    reach: tuple[Reach, ...] = ()


@dataclass(frozen=True)
class Handover:
    """An override as a list shows it."""

    override: Override
    schedule: Schedule
    name: str
    replaces: str | None


async def cards(conn: Any, found: Sequence[Duties]) -> list[Card]:
    """Return a card for each duty, with how to reach its person."""
    people = {duties.user_id for duties in found if duties.user_id}
    directory = Directory(conn)
    users = {user.id: user for user in await directory.people(people)}
    contacts = await ContactRepository(conn).of_people(people)
    made = []
    for duties in found:
        user = users.get(duties.user_id) if duties.user_id else None
        ways = contacts.get(user.id) or [] if user else []
        reach = tuple(_reach(contact) for contact in ways if contact.enabled)
        if user and not ways:
            reach = (Reach("mail", user.email, f"mailto:{user.email}"),)
        made.append(Card(duties, name=user.name if user else None, reach=reach))
    return made


def lanes(
    schedule: Schedule,
    start: datetime,
    *,
    end: datetime,
    now: datetime,
    names: dict[UUID, str],
    titled: bool = True,
) -> list[Lane]:
    """Return one lane for each duty that the schedule has, with overrides and the gaps ahead marked."""
    made = []
    for duty in duties_named(schedule):
        spans = [
            Span(
                shift.starts_at,
                end=shift.ends_at,
                person=names.get(shift.on_call.user_id, "Somebody") if shift.on_call.user_id else "",
                kind=_kind(shift.on_call.user_id, override=shift.on_call.override),
                href=f"/on-call/schedules/{schedule.slug}",
            )
            for shift in shifts(schedule, start, end=end, duty=duty)
            if shift.on_call.user_id or shift.ends_at > now
        ]
        name, note = (schedule.name, duty.value) if titled else (duty.value.capitalize(), "")
        made.append(Lane(name, spans=spans, note=note))
    return made


def duties_named(schedule: Schedule) -> list[Duty]:
    """Return the duties that the schedule has, primary first and always."""
    named = {Duty.PRIMARY, *schedule.rotations, *(override.duty for override in schedule.overrides)}
    return [duty for duty in Duty if duty in named]


def people_of(schedules: Iterable[Schedule]) -> set[UUID]:
    """Return everybody who takes part in these schedules."""
    found = set[UUID]()
    for schedule in schedules:
        for rotation in schedule.rotations.values():
            found |= {person for version in rotation.versions for person in version.plan.participants}
        for override in schedule.overrides:
            found |= {override.user_id, *([override.replaces] if override.replaces else [])}
    return found


def handovers(schedules: Iterable[Schedule], names: dict[UUID, str]) -> list[Handover]:
    """Return the overrides of these schedules, the next one first."""
    found = [
        Handover(
            override,
            schedule=schedule,
            name=names.get(override.user_id, "Somebody"),
            replaces=names.get(override.replaces) if override.replaces else None,
        )
        for schedule in schedules
        for override in schedule.overrides
    ]
    return sorted(found, key=lambda handover: handover.override.starts_at)


def zone_of(viewer: Principal) -> ZoneInfo:
    """Return the zone in which the reader lives."""
    return ZoneInfo(viewer.timezone or "UTC")


def start_of_day(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the midnight before `now` in this zone."""
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(now.tzinfo)


def in_one_line(found: Sequence[Card]) -> str:
    """Say who is on call first: `Ana Ruiz and 1 other are on call`. Empty without any schedule."""
    first = [card.name for card in found if card.duties.duty != Duty.SECONDARY]
    names = list(dict.fromkeys(name for name in first if name))
    if not names:
        return "Nobody is on call" if found else ""
    if len(names) == 1:
        return f"{names[0]} is on call"
    others = len(names) - 1
    return f"{names[0]} and {others} {'other' if others == 1 else 'others'} are on call"


def until(moment: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """Say when a shift ends, short: `Mon 09:00` within a week, else with the date."""
    local = moment.astimezone(zone)
    return f"{local:%a %H:%M}" if moment - now < timedelta(days=6) else f"{local:%a %d %b %H:%M}"


def _reach(contact: Contact) -> Reach:
    href = f"mailto:{contact.address}" if contact.channel == Channel.EMAIL else None
    return Reach(ICONS[contact.channel], text=masked(contact), href=href, note=contact.label)


def _kind(user_id: UUID | None, *, override: Override | None) -> str:
    if user_id is None:
        return "gap"
    return "override" if override else "shift"
