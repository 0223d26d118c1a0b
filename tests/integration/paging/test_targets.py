"""Whom a step reaches when it fires: schedules, teams, gaps; and what nobody could process."""

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import text

from tests.integration.paging.stage import MINUTE, Stage, Tray
from tocsin_access.directory import Directory, tell
from tocsin_bus.subscriptions import DeadLetter
from tocsin_events.base import Event, Topic
from tocsin_events.directory import Role, TeamChanged
from tocsin_events.envelope import Envelope
from tocsin_events.incidents import IncidentOpened
from tocsin_events.pages import PageUndeliverable
from tocsin_paging.consumers import subscriptions_of
from tocsin_paging.domain.contact import Channel
from tocsin_paging.domain.message import compose
from tocsin_paging.domain.override import Duty
from tocsin_paging.domain.page import PageKind
from tocsin_paging.domain.payload import payload_from_json
from tocsin_paging.domain.policy import TargetKind
from tocsin_paging.store.on_call import on_call_of_policy
from tocsin_paging.usecases.contacts import ContactWish, add_contact, change_contact
from tocsin_paging.usecases.notices import MOST_BY_NAME
from tocsin_paging.usecases.overrides import OverrideWish, add_override
from tocsin_paging.usecases.policies import PolicyWish, StepWish, TargetWish, put_policy
from tocsin_paging.usecases.roster import contacts_of
from tocsin_paging.usecases.schedules import RotationWish, ScheduleWish, put_schedule, remove_schedule
from tocsin_runtime.database import Database
from tocsin_runtime.ids import new_id
from tocsin_testkit.told import told
from tocsin_testkit.waiting import eventually


async def rota(stage: Stage, *people: str) -> None:
    """A schedule `core` of these people, and a default policy that pages its primary, then its secondary."""
    rotation = RotationWish(tuple(f"{name.lower()}@example.org" for name in people))
    steps = [TargetWish(TargetKind.SCHEDULE, "core", duty=duty) for duty in Duty]
    async with stage.open_uow() as uow:
        await put_schedule(
            uow, "core", ScheduleWish("Core", "Europe/Berlin", rotations={Duty.PRIMARY: rotation})
        )
        wish = PolicyWish("Core", tuple(StepWish((step,), 5 * MINUTE) for step in steps), repeats=1)
        await put_policy(uow, "core", wish)


async def test_the_person_is_chosen_when_the_step_fires_not_when_the_incident_opens(stage: Stage) -> None:
    await stage.person("Ana")
    bo = await stage.person("Bo")
    await rota(stage, "Ana")
    incident = await stage.open()
    async with stage.open_uow() as uow:
        stored, _ = await put_schedule(uow, "core", ScheduleWish("Core", "Europe/Berlin"))
        now = uow.now
        await add_override(uow, stored, OverrideWish(str(bo), now, now + timedelta(hours=1)), by="Ana")
    await stage.forward(5 * MINUTE)
    await stage.forward(5 * MINUTE)
    assert await stage.told_to(incident) == [(1, 1, "Ana"), (2, 1, "Bo")]
    assert (await stage.pages(incident))[-1].why == "primary on call for Core: override made by Ana"


async def test_a_gap_is_told_and_the_next_step_acts(stage: Stage, database: Database) -> None:
    await stage.person("Ana")
    await rota(stage)
    incident = await stage.open()
    assert await stage.pages(incident) == []
    reasons = [
        event.reason
        for event in await told(database, PageUndeliverable)
        if isinstance(event, PageUndeliverable)
    ]
    assert reasons == ["nobody_on_call", "nobody_on_call"]
    await rota(stage, "Ana")
    await stage.forward(5 * MINUTE)
    assert await stage.told_to(incident) == [(2, 1, "Ana")]


async def test_where_a_policy_reaches_nobody_administrators_are_paged_and_told_why(stage: Stage) -> None:
    ana = await stage.person("Ana", role=Role.ADMIN)
    await stage.person("Bo")
    await rota(stage)
    async with stage.open_uow() as uow:
        who = await on_call_of_policy(uow.conn, "core", at=uow.now)
    assert [(one.user_id, one.step) for one in who] == [(None, 1), (None, 2), (ana, 2)]
    incident = await stage.open()
    assert await stage.told_to(incident) == [(1, 2, "Ana")]
    tray = Tray()
    await stage.send(tray)
    words = compose(payload_from_json(tray.taken[0].payload).content, now=stage.clock.moment)
    assert "Nobody of the escalation policy Core can be reached" in words.text
    assert "administrator, as nobody of the escalation policy can be reached" in words.text
    await rota(stage, "Bo")
    await stage.forward(5 * MINUTE)
    assert await stage.told_to(incident) == [(1, 2, "Ana"), (2, 1, "Bo")]


async def test_a_page_has_the_time_of_whoever_reads_it(stage: Stage) -> None:
    ana = await stage.person("Ana", timezone="Asia/Tokyo")
    await stage.policy([ana])
    await stage.open()
    tray = Tray()
    await stage.send(tray)
    words = compose(payload_from_json(tray.taken[0].payload).content, now=stage.clock.moment)
    assert " Asia/Tokyo (" in words.text


async def test_a_team_is_everybody_in_it_and_nobody_twice(stage: Stage) -> None:
    ana, bo = await stage.person("Ana"), await stage.person("Bo")
    async with stage.open_uow() as uow:
        team = TeamChanged(id=new_id(), version=1, name="Payments", slug="payments", member_ids=[ana, bo])
        await tell(uow, team)
        targets = (TargetWish(TargetKind.TEAM, "payments"), TargetWish(TargetKind.USER, "bo@example.org"))
        await put_policy(uow, "team", PolicyWish("Team", (StepWish(targets, 5 * MINUTE),)))
    incident = await stage.open()
    assert await stage.told_to(incident) == [(1, 1, "Ana"), (1, 1, "Bo")]
    assert {page.why for page in await stage.pages(incident)} == {"member of Payments"}


async def test_who_switched_everything_off_is_not_reached_and_the_next_step_acts(
    stage: Stage, database: Database
) -> None:
    ana, bo = await stage.person("Ana"), await stage.person("Bo")
    async with stage.open_uow() as uow:
        contact = await add_contact(uow, ana, ContactWish(Channel.EMAIL, "ana@example.org"))
        await change_contact(uow, contact, enabled=False)
    await stage.policy([ana], [bo])
    incident = await stage.open()
    assert await stage.told_to(incident) == [(1, 2, "Bo")]
    [event] = await told(database, PageUndeliverable)
    assert isinstance(event, PageUndeliverable)
    assert event.reason == "no_contact_method"


async def test_a_deleted_schedule_leaves_running_escalations_their_other_steps(stage: Stage) -> None:
    await stage.person("Ana")
    bo = await stage.person("Bo")
    async with stage.open_uow() as uow:
        stored, _ = await put_schedule(
            uow,
            "core",
            ScheduleWish("Core", "UTC", rotations={Duty.PRIMARY: RotationWish(("ana@example.org",))}),
        )
        steps = (TargetWish(TargetKind.USER, str(bo)), TargetWish(TargetKind.SCHEDULE, "core"))
        policy = PolicyWish("P", tuple(StepWish((step,), 5 * MINUTE) for step in (*steps, steps[0])))
        await put_policy(uow, "p", policy)
    incident = await stage.open()
    async with stage.open_uow() as uow:
        await put_policy(uow, "p", PolicyWish("P", (StepWish(steps[:1], 5 * MINUTE),)))
        await remove_schedule(uow, stored)
    await stage.forward(5 * MINUTE)
    assert await stage.told_to(incident) == [(1, 1, "Bo"), (1, 3, "Bo")]


async def test_two_incidents_at_once_both_reach_who_never_named_a_way(
    stage: Stage, database: Database
) -> None:
    ana = await stage.person("Ana")

    async def ways() -> list[str]:
        async with stage.open_uow() as uow:
            users = [user for user in [await Directory(uow.conn).user(ana)] if user]
            return [contact.address for contact in (await contacts_of(uow, users))[ana]]

    async def somebody_waits() -> bool:
        async with database.read() as conn:
            waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
            return bool((await conn.execute(waiting)).scalar_one())

    async with stage.open_uow() as first:
        users = [user for user in [await Directory(first.conn).user(ana)] if user]
        await contacts_of(first, users)
        second = asyncio.create_task(ways())
        await eventually(somebody_waits, within=5)
    assert await second == ["ana@example.org"]


async def test_somebody_hears_of_an_event_that_could_not_be_processed(stage: Stage) -> None:
    await stage.policy([await stage.person("Ana")])
    dead = subscriptions_of(stage.pager).dead_handler
    assert dead is not None
    letter = DeadLetter(Topic.INCIDENTS, "incident.opened.v9", envelope=None, reason="unknown version")
    async with stage.open_uow() as uow:
        await dead(letter, uow)
    tray = Tray()
    await stage.send(tray)
    [page] = await stage.pages()
    assert page.kind == PageKind.FALLBACK
    content = payload_from_json(tray.taken[0].payload).content
    assert "could not process incident.opened.v9" in compose(content, now=stage.clock.moment).subject


async def test_many_dead_events_of_a_type_are_told_of_once_in_a_while(stage: Stage) -> None:
    await stage.policy([await stage.person("Ana")])
    dead = subscriptions_of(stage.pager).dead_handler
    assert dead is not None

    async def go_dead(kind: str) -> None:
        async with stage.open_uow() as uow:
            await dead(DeadLetter(Topic.INCIDENTS, kind, envelope=None, reason="unknown"), uow)

    for kind in ("incident.opened.v9", "incident.opened.v9", "incident.closed.v9", "incident.opened.v9"):
        await go_dead(kind)
    assert len(await stage.pages()) == 2
    stage.clock.forward(5 * MINUTE)
    await go_dead("incident.opened.v9")
    assert len(await stage.pages()) == 3


async def test_each_incident_that_should_have_paged_is_told_of_by_its_name_unless_they_are_many(
    stage: Stage,
) -> None:
    await stage.policy([await stage.person("Ana")])
    dead = subscriptions_of(stage.pager).dead_handler
    assert dead is not None
    for _ in range(MOST_BY_NAME + 5):
        event = IncidentOpened(incident=stage.incident())
        async with stage.open_uow() as uow:
            await dead(_letter(event, at=stage.clock.moment), uow)

    titles = [page.title for page in await stage.pages()]
    assert len(set(titles)) == len(titles) == MOST_BY_NAME + 1
    assert titles[0] == "INC-42 “Checkout is down” could not be processed"
    assert titles[-1] == "incident.opened.v1 could not be processed"


def _letter(event: Event, *, at: datetime) -> DeadLetter:
    envelope = Envelope(
        new_id(),
        event.TYPE,
        source="/tocsin/incidents",
        topic=Topic.INCIDENTS,
        key=event.key,
        occurred_at=at,
        data=event.model_dump_json().encode(),
        correlation_id=new_id(),
    )
    return DeadLetter(Topic.INCIDENTS, event.TYPE, envelope, reason="KeyError('x')")
