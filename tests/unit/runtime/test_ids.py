"""Ids: of version 7, in the order in which they were made, and they tell their day."""

from tocsin_runtime.clock import process_now
from tocsin_runtime.ids import made_on, new_id


def test_ids_of_one_process_sort_as_they_were_made() -> None:
    made = [new_id() for _ in range(20_000)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_an_id_is_of_version_7_and_tells_its_day() -> None:
    before = process_now().date()
    identifier = new_id()

    assert (identifier.version, identifier.variant) == (7, "specified in RFC 4122")
    assert before <= made_on(identifier) <= process_now().date()
