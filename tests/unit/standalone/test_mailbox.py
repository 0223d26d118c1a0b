"""The mailbox of `tocsin up` holds other people's one-use links."""

from pathlib import Path

from fastapi import FastAPI

from tocsin.mailbox import Mailbox
from tocsin.mailbox_pages import mailbox_pages
from tocsin_access.routes import route_table


def test_only_an_administrator_reads_other_peoples_mail(tmp_path: Path) -> None:
    host = FastAPI()
    host.state.access = host.state.service = None
    app = mailbox_pages(Mailbox(tmp_path, lambda mail: None), host=host)

    rules = {rule.path: rule.rule for rule in route_table(app.routes) if rule.method == "GET"}
    assert {path: rules[path] for path in ("/mailbox", "/mailbox/{mail_id}")} == {
        "/mailbox": "paging:admin",
        "/mailbox/{mail_id}": "paging:admin",
    }
