"""How much of a body is looked at, so that no sender can hurt the others (R5)."""

from dataclasses import dataclass

_STRUCTURE = bytes(range(256)).translate(None, b"[]{}")


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds. `body` may be raised for one integration."""

    body: int = 1024 * 1024
    inflated: int = 4 * 1024 * 1024
    ratio: int = 20
    ratio_from: int = 16 * 1024
    depth: int = 64
    alerts: int = 5_000
    members: int = 10_000
    body_seconds: float = 8.0


def too_deep(body: bytes, document: object, depth: int) -> bool:
    """Whether objects and lists are nested deeper than `depth`. Cheap for flat bodies: only brackets are looked at."""
    if body.count(b"{") + body.count(b"[") <= depth:
        return False
    # A round takes away up to two levels, so what vanishes in half as many rounds is not too deep.
    skeleton = body.translate(None, _STRUCTURE)
    for _ in range(depth // 2):
        shorter = skeleton.replace(b"{}", b"").replace(b"[]", b"")
        if not shorter:
            return False
        if len(shorter) == len(skeleton):
            break  # brackets inside strings: the document itself must be asked
        skeleton = shorter
    return _depth_exceeds(document, depth)


def too_many_members(body: bytes, document: object, members: int) -> bool:
    """Whether any object has more members than `members`."""
    if body.count(b":") <= members:
        return False
    return any(isinstance(part, dict) and len(part) > members for part in _parts(document))


def _depth_exceeds(document: object, depth: int) -> bool:
    layer = [document]
    for _ in range(depth):
        layer = [
            part for container in layer for part in _children(container) if isinstance(part, dict | list)
        ]
        if not layer:
            return False
    return True


def _parts(document: object) -> list[object]:
    found, index = [document], 0
    while index < len(found):
        found += [part for part in _children(found[index]) if isinstance(part, dict | list)]
        index += 1
    return found


def _children(container: object) -> list[object]:
    if isinstance(container, dict):
        return list(container.values())
    return container if isinstance(container, list) else []
