"""Create, change, rotate, revoke and delete integrations."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_detector.domain.errors import NameTaken, NotFound, Unfit
from tocsin_detector.domain.grouping import DEFAULT_WINDOW, Grouping
from tocsin_detector.domain.integration import SIGNS, Integration, Source
from tocsin_detector.domain.keys import is_signing_secret, is_wellformed, new_key, shown_part
from tocsin_detector.domain.severity import Severity
from tocsin_detector.domain.signal import Defaults
from tocsin_detector.domain.slug import slug_of
from tocsin_detector.store.integrations import IntegrationRepository, settings_of
from tocsin_detector.usecases.keyring import Keyring
from tocsin_runtime.ids import new_id
from tocsin_runtime.text import clean

WORKER = "integrations"
"""The worker that reloads the keyring, in every replica, after a change."""

FIELDS: Mapping[str, Callable[[Integration], object]] = {
    "name": lambda one: one.name,
    "service": lambda one: one.service,
    "settings": settings_of,
    "secret": lambda one: one.secret,
    "key": lambda one: one.key_digest,
}
"""What a wish says of an integration, as the API names it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What an integration shall be. `key` is only changed when it is given; so is `secret`, but for `change`."""

    name: str
    source: Source
    service: str | None = None
    secret: str | None = None
    key: str | None = None
    severity: Severity = Severity.MEDIUM
    resolve_timeout_seconds: int = 300
    group_by: Sequence[str] = ()
    group_window_seconds: int = int(DEFAULT_WINDOW.total_seconds())
    body_limit: int | None = None
    slug: str | None = None


@dataclass(frozen=True, slots=True)
class WithKey:
    """An integration and its key, which is known only now; None when it was not changed."""

    integration: Integration
    key: str | None
    created: bool = False


async def create(uow: UnitOfWork, keyring: Keyring, wish: Wish) -> WithKey:
    """A new integration. Raises NameTaken and Unfit."""
    _check(wish)
    repository = IntegrationRepository(uow.conn)
    slug = wish.slug or slug_of(wish.name)
    if await repository.named(slug) is not None:
        raise NameTaken(f"There is an integration {slug} already. Choose another name, or change that one.")
    key = wish.key or new_key()
    await _check_key_is_free(repository, keyring.digest(key), None)
    base = Integration(
        id=new_id(),
        slug=slug,
        name=clean(wish.name),
        source=wish.source,
        service=None,
        key_prefix=shown_part(key),
        version=1,
        created_at=uow.now,
        updated_at=uow.now,
        key_digest=keyring.digest(key),
    )
    made = _as_wished(base, wish)
    await repository.add(made)
    _changed(uow, keyring, made)
    return WithKey(made, key, created=True)


async def upsert(uow: UnitOfWork, keyring: Keyring, slug: str, wish: Wish) -> WithKey:
    """The integration with this slug, as wished; nothing happens when it is so already. Raises NameTaken and Unfit."""
    _check(wish)
    repository = IntegrationRepository(uow.conn)
    known = await repository.named(slug, lock=True)
    if known is None:
        return await create(uow, keyring, replace(wish, slug=slug))
    changed = await _upserted(repository, keyring, known, wish)
    if changed == known:
        return WithKey(known, None)
    return WithKey(await _saved(uow, keyring, changed), None)


async def compare(
    repository: IntegrationRepository, keyring: Keyring, slug: str, wish: Wish
) -> list[str] | None:
    """What `upsert` would change, by the names of fields; None where it would make it. Raises NameTaken and Unfit."""
    _check(wish)
    known = await repository.named(slug)
    if known is None:
        return None
    then = await _upserted(repository, keyring, known, wish)
    return [field for field, value in FIELDS.items() if value(then) != value(known)]


async def change(uow: UnitOfWork, keyring: Keyring, known: Integration, wish: Wish) -> Integration:
    """Make it as the wish says, without a secret where the wish has none; source and key stay. Raises Unfit."""
    _check(wish)
    changed = _as_wished(known, wish)
    return known if changed == known else await _saved(uow, keyring, changed)


async def rotate(uow: UnitOfWork, keyring: Keyring, integration_id: UUID) -> WithKey:
    """A fresh key; the old one opens nothing from now on. A revoked integration takes alerts again."""
    known = await existing(uow, integration_id)
    key = new_key()
    fresh = replace(known, key_digest=keyring.digest(key), key_prefix=shown_part(key), revoked_at=None)
    return WithKey(await _saved(uow, keyring, fresh), key)


async def revoke(uow: UnitOfWork, keyring: Keyring, integration_id: UUID) -> Integration:
    """Its key opens nothing from now on; `rotate` gives it a new one."""
    known = await existing(uow, integration_id)
    return known if known.revoked_at else await _saved(uow, keyring, replace(known, revoked_at=uow.now))


async def remove(uow: UnitOfWork, keyring: Keyring, integration_id: UUID) -> None:
    """Delete it; its alerts and deliveries stay."""
    known = await existing(uow, integration_id)
    gone = replace(known, version=known.version + 1, updated_at=uow.now, revoked_at=uow.now)
    await IntegrationRepository(uow.conn).delete(gone)
    _changed(uow, keyring, gone)


async def existing(uow: UnitOfWork, integration_id: UUID) -> Integration:
    """The integration, its row held. Raises NotFound."""
    known = await IntegrationRepository(uow.conn).get(integration_id, lock=True)
    if known is None:
        raise NotFound(f"There is no integration {integration_id}.")
    return known


def _check(wish: Wish) -> None:
    if wish.secret and wish.source not in SIGNS:
        detail = f"{wish.source} cannot sign what it sends; leave the secret out, its key is enough."
        raise Unfit("/secret", detail)
    if wish.secret and not is_signing_secret(wish.secret):
        detail = "The secret is base64 of 16 to 64 random bytes, as in Standard Webhooks, with whsec_ before it or not."
        raise Unfit("/secret", detail)
    if wish.key is not None and not is_wellformed(wish.key):
        detail = "A key has 20 to 128 letters, digits, - and _. Leave it out, and one is made."
        raise Unfit("/key", detail)


async def _check_key_is_free(repository: IntegrationRepository, digest: bytes, own: UUID | None) -> None:
    if any(other.id != own for other in await repository.with_digests([digest])):
        raise NameTaken("Another integration has this key. Leave the key out, and one is made.")


async def _upserted(
    repository: IntegrationRepository, keyring: Keyring, known: Integration, wish: Wish
) -> Integration:
    if known.source is not wish.source:
        detail = (
            f"{known.slug} has source {known.source}; delete it first, for its key is in use by that source."
        )
        raise Unfit("/source", detail)
    changed = _as_wished(known, replace(wish, secret=wish.secret or known.secret))
    if wish.key is None or keyring.digest(wish.key) == known.key_digest:
        return changed
    await _check_key_is_free(repository, keyring.digest(wish.key), known.id)
    return replace(changed, key_digest=keyring.digest(wish.key), key_prefix=shown_part(wish.key))


def _as_wished(known: Integration, wish: Wish) -> Integration:
    return replace(
        known,
        name=clean(wish.name),
        service=clean(wish.service) if wish.service else None,
        secret=wish.secret or None,
        defaults=Defaults(wish.severity, wish.resolve_timeout_seconds),
        grouping=Grouping(
            tuple(clean(name) for name in wish.group_by), timedelta(seconds=wish.group_window_seconds)
        ),
        body_limit=wish.body_limit,
    )


async def _saved(uow: UnitOfWork, keyring: Keyring, changed: Integration) -> Integration:
    saved = replace(changed, version=changed.version + 1, updated_at=uow.now)
    await IntegrationRepository(uow.conn).save(saved)
    _changed(uow, keyring, saved)
    return saved


def _changed(uow: UnitOfWork, keyring: Keyring, integration: Integration) -> None:
    """This process knows at once after the commit; the others are woken."""
    uow.after_commit(lambda: keyring.remember(integration))
    uow.wake(WORKER)
    uow.announce("integration")


def wish_of(known: Integration, **changes: Any) -> Wish:
    """The wish that leaves everything as it is, but for the changes."""
    same = Wish(
        name=known.name,
        source=known.source,
        service=known.service,
        secret=known.secret,
        severity=known.defaults.severity,
        resolve_timeout_seconds=known.defaults.resolve_timeout_seconds,
        group_by=known.grouping.by,
        group_window_seconds=int(known.grouping.window.total_seconds()),
        body_limit=known.body_limit,
    )
    return replace(same, **changes)
