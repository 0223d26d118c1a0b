"""Making and changing escalation policies. Escalations that run already keep the steps that they began with."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from tocsin_access.directory import tell
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.directory import EscalationPolicyChanged
from tocsin_paging.domain.errors import ConflictError, InvalidChangeError, NameTakenError, NotFoundError, at
from tocsin_paging.domain.override import Duty
from tocsin_paging.domain.policy import (
    DEFAULT_ACK_TIMEOUT,
    DEFAULT_REPEATS,
    Policy,
    Step,
    Target,
    TargetKind,
    checked,
    without,
)
from tocsin_paging.store.policies import PolicyRepository, StoredPolicy
from tocsin_paging.usecases.checks import Check
from tocsin_paging.usecases.references import schedule_named, team_named, user_named
from tocsin_runtime.ids import new_id


@dataclass(frozen=True)
class TargetWish:
    """A target by name: a person by id or e-mail address, a team or schedule by id or slug."""

    kind: TargetKind
    name: str
    duty: Duty | None = None


@dataclass(frozen=True)
class StepWish:
    """A step as somebody wants it."""

    targets: tuple[TargetWish, ...]
    delay: timedelta


@dataclass(frozen=True)
class PolicyWish:
    """A policy as somebody wants it. The first one becomes the default without being asked."""

    name: str
    steps: tuple[StepWish, ...]
    repeats: int = DEFAULT_REPEATS
    ack_timeout: timedelta | None = DEFAULT_ACK_TIMEOUT
    team: str | None = None
    is_default: bool | None = None


async def create_policy(uow: UnitOfWork, slug: str, wish: PolicyWish) -> StoredPolicy:
    """Add a policy and tell every service its name.

    Raises `NameTakenError` when the slug is taken, `InvalidChangeError` for a policy that cannot work.
    """
    policies = PolicyRepository(uow.conn)
    if await policies.with_slug(slug):
        raise NameTakenError(f"There is a policy {slug} already. Change that one, or choose another slug.")
    is_default = wish.is_default
    if is_default is None:
        is_default = await policies.default() is None
    stored = await _wished(uow, new_id(), slug=slug, wish=wish, is_default=is_default, version=1)
    await policies.add(stored, now=uow.now)
    await _tell(uow, stored)
    return stored


async def change_policy(uow: UnitOfWork, stored: StoredPolicy, wish: PolicyWish) -> StoredPolicy:
    """Change the locked policy; the very same one is returned when nothing differs."""
    is_default = stored.is_default if wish.is_default is None else wish.is_default
    if stored.is_default and not is_default:
        detail = "Make another policy the default; then this one no longer is."
        raise InvalidChangeError(detail, pointer="/default")
    after = await _wished(
        uow, stored.policy.id, slug=stored.slug, wish=wish, is_default=is_default, version=stored.version
    )
    if after == stored:
        return stored
    after = replace(after, version=stored.version + 1)
    await PolicyRepository(uow.conn).save(after, now=uow.now)
    await _tell(uow, after)
    return after


async def put_policy(
    uow: UnitOfWork, slug: str, wish: PolicyWish, *, check: Check | None = None
) -> tuple[StoredPolicy, bool]:
    """Make the policy with this slug be so, and say whether it was added. Doing it again changes nothing.

    Raises whatever `check` raises.
    """
    stored = await PolicyRepository(uow.conn).with_slug(slug, lock=True)
    if check is not None:
        check(stored.version if stored else None)
    if stored is None:
        return await create_policy(uow, slug, wish), True
    return await change_policy(uow, stored, wish), False


async def policy_to_change(uow: UnitOfWork, policy_id: UUID) -> StoredPolicy:
    """Return the policy, locked until the commit. Raises `NotFoundError`."""
    stored = await PolicyRepository(uow.conn).get(policy_id, lock=True)
    if stored is None:
        raise NotFoundError(f"There is no escalation policy {policy_id}.")
    return stored


async def remove_policy(uow: UnitOfWork, stored: StoredPolicy) -> None:
    """Remove the locked policy. Services that name it are paged by the default one. The default one stays."""
    if stored.is_default:
        raise ConflictError("This is the default policy. Make another one the default first.")
    await PolicyRepository(uow.conn).remove(stored.policy.id, now=uow.now)
    await _tell(uow, replace(stored, version=stored.version + 1), deleted=True)


async def leave_all_policies(uow: UnitOfWork, user_id: UUID) -> None:
    """Take somebody out of every policy that names them. A step may be left that names nobody."""
    policies = PolicyRepository(uow.conn)
    for named in sorted(await policies.aiming_at(TargetKind.USER, user_id), key=lambda one: one.policy.id):
        stored = await policy_to_change(uow, named.policy.id)
        after = replace(stored, policy=without(stored.policy, user_id), version=stored.version + 1)
        await policies.save(after, now=uow.now)
        await _tell(uow, after)


async def _wished(
    uow: UnitOfWork, policy_id: UUID, *, slug: str, wish: PolicyWish, is_default: bool, version: int
) -> StoredPolicy:
    steps = tuple([await _step(uow, step, f"/steps/{n}") for n, step in enumerate(wish.steps)])
    policy = Policy(policy_id, wish.name, steps, repeats=wish.repeats, ack_timeout=wish.ack_timeout)
    with at("/team"):
        team_id = await team_named(uow, wish.team) if wish.team else None
    return StoredPolicy(checked(policy), slug=slug, team_id=team_id, is_default=is_default, version=version)


async def _step(uow: UnitOfWork, wish: StepWish, pointer: str) -> Step:
    targets = []
    for number, target in enumerate(wish.targets):
        with at(f"{pointer}/targets/{number}/{target.kind}"):
            targets.append(await _target(uow, target))
    return Step(tuple(targets), delay=wish.delay)


async def _target(uow: UnitOfWork, wish: TargetWish) -> Target:
    match wish.kind:
        case TargetKind.USER:
            return Target(wish.kind, id=await user_named(uow, wish.name))
        case TargetKind.TEAM:
            return Target(wish.kind, id=await team_named(uow, wish.name))
        case TargetKind.SCHEDULE:
            schedule_id = await schedule_named(uow, wish.name)
            return Target(wish.kind, id=schedule_id, duty=wish.duty or Duty.PRIMARY)


async def _tell(uow: UnitOfWork, stored: StoredPolicy, *, deleted: bool = False) -> None:
    event = EscalationPolicyChanged(
        id=stored.policy.id,
        version=stored.version,
        deleted=deleted,
        name=stored.policy.name,
        slug=stored.slug,
        team_id=stored.team_id,
    )
    await tell(uow, event)
    uow.announce("on-call")
