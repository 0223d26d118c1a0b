"""Whom a step aims at, at the moment it fires."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tocsin_paging.domain.override import Duty
from tocsin_paging.domain.policy import Step, Target, TargetKind
from tocsin_paging.domain.schedule import OnCall, Schedule, who_is_on_call


@dataclass(frozen=True)
class Group:
    """A team: its name and members."""

    name: str
    members: tuple[UUID, ...]


@dataclass(frozen=True)
class Known:
    """What is known of the targets: schedules and teams by id. What was deleted is missing."""

    schedules: Mapping[UUID, Schedule] = field(default_factory=dict)
    teams: Mapping[UUID, Group] = field(default_factory=dict)


@dataclass(frozen=True)
class Aim:
    """One person that a step aims at, and why. `on_call` is set where a schedule chose them."""

    user_id: UUID
    why: str
    target: Target
    on_call: OnCall | None = None


def aimed_at(step: Step, known: Known, *, at: datetime) -> tuple[Aim, ...]:
    """Return the people that a step aims at, each once, in the order of its targets."""
    found: dict[UUID, Aim] = {}
    for target in step.targets:
        for aim in _aims(target, known, at=at):
            found.setdefault(aim.user_id, aim)
    return tuple(found.values())


def _aims(target: Target, known: Known, *, at: datetime) -> Iterator[Aim]:
    if target.kind == TargetKind.USER:
        yield Aim(target.id, why="named in the policy", target=target)
    elif target.kind == TargetKind.TEAM:
        team = known.teams.get(target.id)
        for member in team.members if team else ():
            yield Aim(member, why=f"member of {team.name if team else ''}", target=target)
    elif schedule := known.schedules.get(target.id):
        duty = target.duty or Duty.PRIMARY
        on_call = who_is_on_call(schedule, at, duty=duty)
        if on_call.user_id:
            why = f"{duty} on call for {schedule.name}: {on_call.explain()}"
            yield Aim(on_call.user_id, why=why, target=target, on_call=on_call)
