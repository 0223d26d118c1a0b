"""Ids: of version 7, in the order in which they were made, and they tell their day."""

import os
from concurrent.futures import ThreadPoolExecutor

from tocsin_runtime.clock import process_now
from tocsin_runtime.ids import made_on, new_id

TAIL = (1 << 62) - 1
"""The random bits of an id."""


def test_ids_of_one_process_sort_as_they_were_made() -> None:
    made = [new_id() for _ in range(20_000)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_an_id_is_of_version_7_and_tells_its_day() -> None:
    before = process_now().date()
    identifier = new_id()

    assert (identifier.version, identifier.variant) == (7, "specified in RFC 4122")
    assert before <= made_on(identifier) <= process_now().date()


def test_neither_threads_nor_forks_make_an_id_twice() -> None:
    with ThreadPoolExecutor(4) as pool:
        made = [one for ids in pool.map(lambda _: [new_id() for _ in range(2_000)], range(4)) for one in ids]
    assert len({one.int & TAIL for one in made}) == len(made)

    reading, writing = os.pipe()
    if not os.fork():  # the child
        os.write(writing, b"".join(new_id().bytes for _ in range(50)))
        os._exit(0)
    own = {new_id().int & TAIL for _ in range(50)}
    told = os.read(reading, 16 * 50)
    os.wait()
    assert not own & {int.from_bytes(told[at : at + 16], "big") & TAIL for at in range(0, len(told), 16)}
