"""Everything that Apprise reaches over the network: chats, push services, SMS providers.

Only schemes of an allow-list: Apprise can also write files, run programs and speak on the desktop.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from apprise import Apprise, AppriseAsset, NotifyType

from tocsin_bus.send_runner import TO_MANY
from tocsin_bus.sending import GiveUp, Outcome, Retry, Sending, Sent
from tocsin_paging.adapters.checked_connections import checked_by
from tocsin_paging.adapters.guard import ForbiddenTarget, Guard, UnresolvedTarget
from tocsin_paging.domain.contact import Channel
from tocsin_paging.domain.message import Message, compose, without_mentions
from tocsin_paging.domain.payload import payload_from_json

SCHEMES = frozenset(
    [
        "bark",
        "barks",
        "clickatell",
        "d7sms",
        "dingtalk",
        "discord",
        "feishu",
        "flock",
        "gchat",
        "googlechat",
        "gotify",
        "gotifys",
        "guilded",
        "hassio",
        "hassios",
        "ifttt",
        "join",
        "json",
        "jsons",
        "lark",
        "line",
        "matrix",
        "matrixs",
        "mmost",
        "mmosts",
        "msgbird",
        "nctalk",
        "nctalks",
        "ntfy",
        "ntfys",
        "onesignal",
        "opsgenie",
        "pagerduty",
        "pbul",
        "pover",
        "prowl",
        "psafer",
        "pushy",
        "rocket",
        "rockets",
        "ryver",
        "sendgrid",
        "signal",
        "signals",
        "signl4",
        "sinch",
        "slack",
        "spush",
        "synology",
        "synologys",
        "tgram",
        "threema",
        "twilio",
        "twist",
        "vonage",
        "webex",
        "workflows",
        "wxteams",
    ]
)
"""What may be named. Each talks HTTP to its vendor, or to a host in the URL that the guard checks."""
REFUSED_OPTIONS = frozenset({"verify", "redirect", "cto", "rto", "config", "attach"})


class AppriseProvider:
    """Sends pages through Apprise URLs. The host is checked before each send, and the address at each connection."""

    name = Channel.APPRISE.value
    one_place = False

    def __init__(self, guard: Guard, *, ack_url: Callable[[UUID], str], now: Callable[[], datetime]) -> None:
        self._guard = guard
        self._ack_url = ack_url
        self._now = now
        self._threads = ThreadPoolExecutor(TO_MANY, thread_name_prefix="apprise")

    async def send(self, sending: Sending) -> Outcome:
        """Send the page. Apprise does not tell a refusal from an outage, so what fails is tried again."""
        payload = payload_from_json(sending.payload)
        try:
            target = await check_apprise_url(payload.address, self._guard)
        except UnresolvedTarget as error:
            return Retry(str(error))
        except ForbiddenTarget as error:
            return GiveUp(str(error))
        link = self._ack_url(payload.page_id) if payload.incident_id else None
        message = compose(payload.with_link(link).content, now=self._now(), may_repeat=sending.may_repeat)
        taken = await notify(target, message, guard=self._guard, threads=self._threads)
        return Sent() if taken else Retry("the service did not take the page")

    async def close(self) -> None:
        """Begin no more; what hangs is left to end by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


async def notify(target: Any, message: Message, *, guard: Guard, threads: ThreadPoolExecutor) -> bool:
    """Hand the message to a checked target. Apprise resolves names again: it connects only where the guard allows.

    It blocks, so it is given a thread: of its own pool Apprise has too few for more than one server that hangs.
    """
    sender = Apprise(asset=_asset())
    sender.add(target)

    def hand_over() -> bool:
        with checked_by(guard):
            taken = sender.notify(
                title=without_mentions(message.subject),
                body=without_mentions(message.text),
                notify_type=NotifyType.FAILURE,
            )
        return bool(taken)

    return await asyncio.get_running_loop().run_in_executor(threads, hand_over)


async def check_apprise_url(url: str, guard: Guard) -> Any:
    """Return the Apprise target of a URL, or raise `ForbiddenTarget` saying what is wrong with it."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ForbiddenTarget("This is no URL: look at its host and brackets.") from error
    scheme, options = parts.scheme.lower(), dict(parse_qsl(parts.query))
    if scheme not in SCHEMES:
        raise ForbiddenTarget(f"{scheme or 'This'} is not one of the services that pages can go to.")
    if refused := REFUSED_OPTIONS & {option.lower() for option in options}:
        raise ForbiddenTarget(f"Leave out the option {', '.join(sorted(refused))}.")
    target = Apprise.instantiate(url, asset=_asset(), suppress_exceptions=True)
    if target is None:
        raise ForbiddenTarget("Apprise cannot read this URL. Compare it with Apprise's documentation.")
    if _names_its_host(target):
        await guard.addresses(target.host or "", port=target.port or 443)
    return target


def _names_its_host(target: Any) -> bool:
    """Say whether the URL says which host to connect to; else the vendor's is built in."""
    in_cloud = getattr(target, "mode", None) == "cloud"
    return not in_cloud and any("{host}" in template for template in target.templates)


def _asset() -> AppriseAsset:
    return AppriseAsset(app_id="Tocsin", app_desc="Tocsin", http_redirects=False, secure_logging=True)
