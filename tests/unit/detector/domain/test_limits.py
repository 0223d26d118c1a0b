"""How deep and how wide a body may be."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin_detector.domain.limits import too_deep, too_many_members

JSON = st.recursive(
    st.none() | st.text(alphabet='ab[]{}"\\', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet="[]{}", max_size=3), inner, max_size=3)
    ),
    max_leaves=30,
)


def depth(document: object) -> int:
    children = (
        document.values() if isinstance(document, dict) else document if isinstance(document, list) else None
    )
    return 0 if children is None else 1 + max((depth(child) for child in children), default=0)


def nested(levels: int, opening: str = "[", closing: str = "]") -> str:
    return opening * levels + closing * levels


@pytest.mark.parametrize(("levels", "deep"), [(1, False), (64, False), (65, True), (500, True)])
def test_lists_in_lists(levels: int, deep: bool) -> None:
    body = nested(levels)

    assert too_deep(body.encode(), json.loads(body), 64) is deep


@pytest.mark.parametrize(("levels", "deep"), [(32, False), (33, True)])
def test_objects_and_lists_in_turn(levels: int, deep: bool) -> None:
    body = '[{"a":' * levels + "1" + "}]" * levels

    assert too_deep(body.encode(), json.loads(body), 64) is deep


def test_brackets_in_strings_do_not_count() -> None:
    document = {"a": "[" * 500, "b": ["]}{["] * 100}

    assert not too_deep(json.dumps(document).encode(), document, 64)


def test_wide_is_not_deep() -> None:
    document: object = [{"a": {"b": []}} for _ in range(1000)]

    assert not too_deep(json.dumps(document).encode(), document, 4)
    assert too_deep(json.dumps(document).encode(), document, 3)


@given(JSON, st.integers(1, 8))
def test_it_agrees_with_counting(document: object, limit: int) -> None:
    assert too_deep(json.dumps(document).encode(), document, limit) == (depth(document) > limit)


@pytest.mark.parametrize(("members", "many"), [(10, False), (11, True)])
def test_members_of_one_object(members: int, many: bool) -> None:
    document = {"deep": [{"x": {str(number): 1 for number in range(members)}}]}

    assert too_many_members(json.dumps(document).encode(), document, 10) is many


def test_many_objects_of_few_members_are_fine() -> None:
    document = [{"a": 1, "b": 2}] * 100

    assert not too_many_members(json.dumps(document).encode(), document, 10)
