"""`/api/v1/escalation-policies`: whom to page, in which order."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tocsin_access.dependencies import require
from tocsin_access.principal import Principal
from tocsin_chassis.listing import Listing, ListQueryParams, link_next
from tocsin_chassis.preconditions import IfMatch, etag
from tocsin_chassis.requests import ReadConnection, RequestUnitOfWork
from tocsin_chassis.routing import api_router
from tocsin_paging.api.fields import Name, Slug, Text
from tocsin_paging.api.schedules import Person, Reference
from tocsin_paging.domain.errors import InvalidChangeError, NotFoundError
from tocsin_paging.domain.override import Duty
from tocsin_paging.domain.person import slug_of
from tocsin_paging.domain.policy import (
    DEFAULT_REPEATS,
    LONGEST_DELAY,
    MOST_REPEATS,
    MOST_STEPS,
    MOST_TARGETS,
    Step,
    Target,
    TargetKind,
)
from tocsin_paging.store.policies import PolicyFilter, PolicyRepository, StoredPolicy
from tocsin_paging.usecases.policies import (
    PolicyWish,
    StepWish,
    TargetWish,
    change_policy,
    create_policy,
    policy_to_change,
    put_policy,
    remove_policy,
)

router = api_router(prefix="/api/v1/escalation-policies", tags=["escalation policies"])
Reader = Annotated[Principal, Depends(require("paging:read"))]
Administrator = Annotated[Principal, Depends(require("paging:admin"))]
Seconds = Annotated[int, Field(ge=1, le=int(LONGEST_DELAY.total_seconds()))]


class TargetBody(BaseModel):
    """One of: `user`, `team`, or `schedule`, with the `role` of it that is meant (left out: primary)."""

    model_config = ConfigDict(extra="forbid")
    user: Person | None = None
    team: Reference | None = None
    schedule: Reference | None = None
    role: Duty | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "TargetBody":
        if len([name for name in (self.user, self.team, self.schedule) if name]) != 1:
            raise ValueError("name exactly one of user, team and schedule")
        if self.role and not self.schedule:
            raise ValueError("a role is of a schedule")
        return self

    def wish(self) -> TargetWish:
        """The same without its transport."""
        if self.user:
            return TargetWish(TargetKind.USER, self.user)
        if self.team:
            return TargetWish(TargetKind.TEAM, self.team)
        return TargetWish(TargetKind.SCHEDULE, self.schedule or "", duty=self.role)


class StepBody(BaseModel):
    """Everybody to page at the same time, and how long to wait for an answer after it."""

    model_config = ConfigDict(extra="forbid")
    targets: list[TargetBody] = Field(min_length=1, max_length=MOST_TARGETS)
    delay_seconds: Seconds = 300


class PolicyBody(BaseModel):
    """A policy as it shall be. `default` is for services that name none; the first policy becomes it."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    slug: Slug | None = None
    team: Reference | None = None
    steps: list[StepBody] = Field(min_length=1, max_length=MOST_STEPS)
    repeats: int = Field(
        default=DEFAULT_REPEATS,
        ge=0,
        le=MOST_REPEATS,
        description=f"How often the steps run again; left out, {DEFAULT_REPEATS} times.",
    )
    ack_timeout_seconds: Seconds | None = Field(
        default=1800, description="An acknowledgement holds so long without activity. null: for ever."
    )
    default: bool | None = None

    def wish(self) -> PolicyWish:
        """The same without its transport."""
        timeout = self.ack_timeout_seconds
        return PolicyWish(
            self.name,
            steps=tuple(
                StepWish(
                    tuple(target.wish() for target in step.targets), timedelta(seconds=step.delay_seconds)
                )
                for step in self.steps
            ),
            repeats=self.repeats,
            ack_timeout=timedelta(seconds=timeout) if timeout else None,
            team=self.team,
            is_default=self.default,
        )


class TargetOut(BaseModel):
    """A target by its id."""

    kind: TargetKind
    id: UUID
    role: Duty | None = None


class StepOut(BaseModel):
    """A step."""

    targets: list[TargetOut]
    delay_seconds: int


class PolicyOut(BaseModel):
    """An escalation policy."""

    id: UUID
    slug: str
    name: str
    team_id: UUID | None
    steps: list[StepOut]
    repeats: int
    ack_timeout_seconds: int | None
    default: bool
    version: int


@router.get("", name="list_policies")
async def list_policies(
    request: Request,
    response: Response,
    conn: ReadConnection,
    page: ListQueryParams,
    _: Reader,
    slug: Text | None = None,
    name: Text | None = None,
    team_id: UUID | None = None,
    default: bool | None = None,
) -> Listing[PolicyOut]:
    """Policies in the order in which they were made."""
    wanted = PolicyFilter(slug=slug, name=name, team_id=team_id, is_default=default)
    after = UUID(page.after[0]) if page.after else None
    found = await PolicyRepository(conn).listed(wanted, after=after, limit=page.limit + 1)
    shown, cursor = page.cut(found, lambda stored: [str(stored.policy.id)])
    link_next(request, response, cursor)
    return Listing(items=[policy_out(stored) for stored in shown], next=cursor)


@router.post("", name="create_policy", status_code=201)
async def add_policy(
    response: Response, uow: RequestUnitOfWork, _: Administrator, body: PolicyBody
) -> PolicyOut:
    """Add a policy. 409 when the slug is taken."""
    stored = await create_policy(uow, body.slug or slug_of(body.name), body.wish())
    response.headers["Location"] = f"/api/v1/escalation-policies/{stored.policy.id}"
    return _tagged(response, stored)


@router.put("/by-slug/{slug}", name="put_policy")
async def replace_policy(
    check: IfMatch, response: Response, uow: RequestUnitOfWork, _: Administrator, slug: Slug, body: PolicyBody
) -> PolicyOut:
    """Make the policy with this slug be so: 201 when added, else 200. Doing it again changes nothing."""
    if body.slug not in (None, slug):
        raise InvalidChangeError("The slug in the path and the one in the body differ.", pointer="/slug")
    stored, added = await put_policy(uow, slug, body.wish(), check=check)
    response.status_code = 201 if added else 200
    return _tagged(response, stored)


@router.get("/{policy_id}", name="get_policy")
async def get_policy(response: Response, conn: ReadConnection, _: Reader, policy_id: UUID) -> PolicyOut:
    """One policy."""
    stored = await PolicyRepository(conn).get(policy_id)
    if stored is None:
        raise NotFoundError(f"There is no escalation policy {policy_id}.")
    return _tagged(response, stored)


@router.put("/{policy_id}", name="update_policy")
async def update_policy(
    check: IfMatch,
    response: Response,
    uow: RequestUnitOfWork,
    _: Administrator,
    policy_id: UUID,
    body: PolicyBody,
) -> PolicyOut:
    """Change a policy as a whole. Escalations that run keep the steps that they began with."""
    stored = await policy_to_change(uow, policy_id)
    check(stored.version)
    return _tagged(response, await change_policy(uow, stored, body.wish()))


@router.delete("/{policy_id}", name="delete_policy", status_code=204, responses={409: {}})
async def delete_policy(check: IfMatch, uow: RequestUnitOfWork, _: Administrator, policy_id: UUID) -> None:
    """Remove a policy. Services that name it are paged by the default one. 409 for the default one itself."""
    stored = await policy_to_change(uow, policy_id)
    check(stored.version)
    await remove_policy(uow, stored)


def _tagged(response: Response, stored: StoredPolicy) -> PolicyOut:
    response.headers["ETag"] = etag(stored.version)
    return policy_out(stored)


def policy_out(stored: StoredPolicy) -> PolicyOut:
    """A policy as the API shows it."""
    policy = stored.policy
    timeout = policy.ack_timeout
    return PolicyOut(
        id=policy.id,
        slug=stored.slug,
        name=policy.name,
        team_id=stored.team_id,
        steps=[_step_out(step) for step in policy.steps],
        repeats=policy.repeats,
        ack_timeout_seconds=int(timeout.total_seconds()) if timeout else None,
        default=stored.is_default,
        version=stored.version,
    )


def _step_out(step: Step) -> StepOut:
    targets = [_target_out(target) for target in step.targets]
    return StepOut(targets=targets, delay_seconds=int(step.delay.total_seconds()))


def _target_out(target: Target) -> TargetOut:
    return TargetOut(kind=target.kind, id=target.id, role=target.duty)
