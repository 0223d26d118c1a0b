"""Whether an address can be paged at all, checked when somebody saves it."""

from tocsin_paging.adapters.apprise import check_apprise_url
from tocsin_paging.adapters.guard import ForbiddenTarget, Guard
from tocsin_paging.domain.contact import Channel
from tocsin_paging.domain.person import is_email


async def refusal(channel: Channel, address: str, *, guard: Guard) -> str | None:
    """Return why this address cannot be paged, as a sentence that says what to do; None when it can."""
    try:
        match channel:
            case Channel.EMAIL:
                return None if is_email(address) else "Enter an e-mail address such as ana@example.org."
            case Channel.WEBHOOK:
                await guard.check_url(address)
            case Channel.APPRISE:
                await check_apprise_url(address, guard)
    except ForbiddenTarget as error:
        return str(error)
    return None
