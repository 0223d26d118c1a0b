"""People and teams through the API, and what the other services are told."""

from asyncio import gather

import pytest
from httpx2 import Headers, Response

from tests.integration.access.house import ADMIN, House, bearer
from tocsin_events.directory import Role, TeamChanged, TokenChanged, UserChanged
from tocsin_testkit.told import told

ANA = {"name": "Ana Ruiz", "email": "ana@example.org", "role": "responder", "timezone": "Europe/Berlin"}


async def put(house: House, path: str, **body: object) -> Response:
    return await house.http.put(path, json=body, headers=ADMIN)


async def test_a_person_from_adding_to_removing(house: House) -> None:
    added = await house.http.post("/api/v1/users", json=ANA, headers=ADMIN)
    assert added.status_code == 201
    assert added.headers["etag"] == '"1"'
    path = added.headers["location"]
    assert (await house.http.get(path, headers=ADMIN)).json() == added.json()

    stale = Headers({**ADMIN, "If-Match": '"7"'})
    assert (await house.http.patch(path, json={"name": "A"}, headers=stale)).status_code == 412
    fresh = Headers({**ADMIN, "If-Match": '"1"'})
    changed = await house.http.patch(path, json={"name": "Ana", "slack_user_id": "U1"}, headers=fresh)
    assert changed.json() | {"id": 0} == ANA | {"id": 0, "name": "Ana", "slack_user_id": "U1", "version": 2}
    assert (await house.http.patch(path, json={"name": "Ana"}, headers=ADMIN)).headers["etag"] == '"2"'

    assert (await house.http.delete(path, headers=ADMIN)).status_code == 204
    assert (await house.http.get(path, headers=ADMIN)).status_code == 404
    assert (await house.http.delete(path, headers=ADMIN)).status_code == 404
    events = await told(house.service.database, UserChanged)
    assert [
        (event.version, event.name, event.deleted) for event in events if isinstance(event, UserChanged)
    ] == [
        (1, "Ana Ruiz", False),
        (2, "Ana", False),
        (3, "Ana", True),
    ]


async def test_putting_a_person_again_changes_and_tells_nothing(house: House) -> None:
    path, body = "/api/v1/users/by-email/", {"name": "Ana", "role": "admin"}
    first = await put(house, path + "ana@example.org", **body)
    second = await put(house, path + "ana@example.org", **body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()
    last = await put(house, path + "ana@example.org", **body | {"role": "viewer"})
    assert last.status_code == 409  # the last administrator
    assert len(await told(house.service.database, UserChanged)) == 1


async def test_putting_people_and_teams_is_idempotent(house: House) -> None:
    people = {"name": "Ana", "role": "admin", "timezone": "Europe/Berlin"}
    team = {"name": "Payments", "members": ["ana@example.org"]}
    for status in (201, 200, 200):
        person = await put(house, "/api/v1/users/by-email/ana@example.org", **people)
        made = await put(house, "/api/v1/teams/by-slug/payments", **team)
        assert (person.status_code, made.status_code) == (status, status)
    assert made.json()["member_ids"] == [person.json()["id"]]
    assert len(await told(house.service.database, UserChanged, TeamChanged)) == 2

    renamed = await put(house, "/api/v1/teams/by-slug/payments", name="Payments EU")
    assert renamed.json()["version"] == 2
    assert renamed.json()["member_ids"] == [person.json()["id"]]


async def test_an_address_belongs_to_one_person(house: House) -> None:
    await house.person("ana")
    bo = await house.person("bo")
    taken = {"name": "Other", "email": "ANA@example.org"}
    assert (await house.http.post("/api/v1/users", json=taken, headers=ADMIN)).status_code == 409
    moved = await house.http.patch(f"/api/v1/users/{bo}", json={"email": "Ana@Example.org"}, headers=ADMIN)
    assert moved.status_code == 409
    assert "another address" in moved.json()["detail"]

    same = {"name": "Zo", "email": "zo@example.org"}
    answers = await gather(*(house.http.post("/api/v1/users", json=same, headers=ADMIN) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


@pytest.mark.parametrize("_again", range(4))
async def test_two_administrators_cannot_both_step_down(house: House, _again: int) -> None:
    both = [await house.person(name, "admin", password=None) for name in ("ana", "bo")]
    answers = await gather(
        *(house.http.patch(f"/api/v1/users/{each}", json={"role": "viewer"}, headers=ADMIN) for each in both)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    removed = await gather(*(house.http.delete(f"/api/v1/users/{each}", headers=ADMIN) for each in both))
    assert sorted(answer.status_code for answer in removed) == [204, 409]


async def test_whoever_goes_leaves_teams_and_tokens_behind(house: House) -> None:
    ana = await house.person("ana")
    await house.token("paging:read", owner_id=ana)
    await put(house, "/api/v1/teams/by-slug/payments", name="Payments", member_ids=[str(ana)])
    assert (await house.http.delete(f"/api/v1/users/{ana}", headers=ADMIN)).status_code == 204

    *_, user = await told(house.service.database, UserChanged)
    *_, team = await told(house.service.database, TeamChanged)
    *_, token = await told(house.service.database, TokenChanged)
    assert isinstance(user, UserChanged)
    assert user.deleted
    assert isinstance(team, TeamChanged)
    assert (team.version, team.member_ids) == (2, [])
    assert isinstance(token, TokenChanged)
    assert token.revoked
    assert (await house.http.post("/api/v1/users", json=ANA, headers=ADMIN)).status_code == 201


async def test_nobody_makes_somebody_mightier_than_themselves(house: House) -> None:
    boss = await house.person("boss", "admin")
    bo = await house.person("bo")
    keeper, _ = await house.token("paging:admin", "paging:read", "paging:write")
    headers = bearer(keeper)

    async def patch(user_id: object, **body: str) -> int:
        return (await house.http.patch(f"/api/v1/users/{user_id}", json=body, headers=headers)).status_code

    assert await patch(bo, role="admin") == 403
    assert await patch(boss, name="Demoted") == 403
    assert await patch(boss, role="viewer") == 403
    assert (await house.http.post(f"/api/v1/users/{boss}/login-links", headers=headers)).status_code == 403
    assert (await house.http.delete(f"/api/v1/users/{boss}", headers=headers)).status_code == 403
    new = {"name": "New", "email": "new@example.org", "role": "admin"}
    assert (await house.http.post("/api/v1/users", json=new, headers=headers)).status_code == 403


async def test_a_log_in_knows_itself(house: House) -> None:
    ana = await house.person("ana")
    plain, _ = await house.token("paging:read", owner_id=ana)
    me = await house.ask(plain, "/api/v1/users/me")
    assert (me.json()["id"], me.json()["role"]) == (str(ana), Role.RESPONDER)
    program, _ = await house.token("paging:read")
    assert (await house.ask(program, "/api/v1/users/me")).status_code == 404


async def test_lists_go_page_by_page(house: House) -> None:
    for name in ("ana", "bo", "chidi", "dana", "eli"):
        await house.person(name, password=None)
    seen, path = [], "/api/v1/users?limit=2"
    while path:
        page = (await house.http.get(path, headers=ADMIN)).json()
        seen += [person["name"] for person in page["items"]]
        path = f"/api/v1/users?limit=2&cursor={page['next']}" if page["next"] else ""
    assert seen == ["Ana", "Bo", "Chidi", "Dana", "Eli"]
    found = await house.http.get("/api/v1/users?email=BO@example.org", headers=ADMIN)
    assert [person["name"] for person in found.json()["items"]] == ["Bo"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/users", {}),
        ("/api/v1/users", []),
        ("/api/v1/users", {**ANA, "email": "ana"}),
        ("/api/v1/users", {**ANA, "email": "a@b\r\nBcc: c@d"}),
        ("/api/v1/users", {**ANA, "email": "a" * 300 + "@b.c"}),
        ("/api/v1/users", {**ANA, "name": ""}),
        ("/api/v1/users", {**ANA, "name": "\x00 "}),
        ("/api/v1/users", {**ANA, "name": "x" * 121}),
        ("/api/v1/users", {**ANA, "role": "root"}),
        ("/api/v1/users", {**ANA, "timezone": "../../etc/passwd"}),
        ("/api/v1/users", {**ANA, "slack_user_id": "<@U1>"}),
        ("/api/v1/users", {**ANA, "password_hash": "x"}),
        ("/api/v1/teams", {"name": "A", "slug": "Not A Slug"}),
        ("/api/v1/teams", {"name": "A", "members": ["nobody@example.org"]}),
        ("/api/v1/teams", {"name": "A", "member_ids": ["00000000-0000-0000-0000-000000000007"]}),
        ("/api/v1/teams", {"name": "A", "member_ids": [], "members": []}),
        (
            "/api/v1/tokens",
            {"name": "A", "scopes": ["paging:read"], "owner_id": "00000000-0000-0000-0000-000000000007"},
        ),
        ("/api/v1/tokens", {"name": "A", "scopes": "paging:read"}),
    ],
)
async def test_bad_input_is_told_what_to_do(house: House, path: str, body: object) -> None:
    answer = await house.http.post(path, json=body, headers=ADMIN)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


async def test_names_lose_what_the_database_cannot_hold(house: House) -> None:
    body = {"name": "  A\x00na <script>alert(1)</script> ", "email": "ana@example.org"}
    made = await house.http.post("/api/v1/users", json=body, headers=ADMIN)
    assert made.json()["name"] == "Ana <script>alert(1)</script>"
    page = await house.http.get("/people", headers=ADMIN)
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
