"""Alerts under Airflow: through its notifiers, at the end of a run and by the watchdog."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, cast

import pytest

from calsync_airflow.alerts import notifier_of
from include.calsync.errors import SettingsError
from include.calsync.settings import AlertsTo
from tests.airflow.conftest import Connect
from tests.airflow.test_runs import Company, Outcome, account, company, run

__all__ = ["company", "run"]  # fixtures

WEBHOOK = "calsync_airflow.notifiers.webhook.WebhookNotifier"
WATCHDOG = "calendar_sync_watchdog"
BROKEN = account("anna", google_conn_id="nowhere")
Run = Callable[..., Outcome]


class Hook:
    """A webhook: what it was sent, and what it answers."""

    def __init__(self) -> None:
        self.status, self.bodies, self.tokens = 200, [], []  # type: int, list[dict[str, Any]], list[str | None]
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if hook.status == 200:
                    hook.bodies.append(json.loads(body))
                    hook.tokens.append(self.headers["Authorization"])
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/secret-path"

    def texts(self) -> list[str]:
        texts = [body["text"] for body in self.bodies]
        self.bodies.clear()
        return texts


@pytest.fixture
def hook(connect: Connect) -> Iterator[Hook]:
    made = Hook()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    connect("alerts_webhook", conn_type="http", host=made.url, password="pass")
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def listens(company: Company, *accounts: str, notifier: str = WEBHOOK, **arguments: Any) -> None:
    company.accounts(*accounts)
    to = json.dumps({"notifier": notifier, "arguments": {"conn_id": "alerts_webhook"} | arguments})
    company.accounts_file.write_text(f"{company.accounts_file.read_text()}alerts:\n  - {to}\n")


def test_a_run_tells_that_an_account_fails_and_that_it_is_over(company: Company, run: Run, hook: Hook) -> None:
    listens(company, BROKEN, body={"kind": "{{ dag.dag_id }}", "html": "{{ alert.html }}"})
    run(dry_run=True)
    assert hook.bodies == [], "a dry run tells nobody"
    outcome = run()
    assert outcome.tasks["close"] == "failed"
    (body,) = hook.bodies
    subject, line = hook.texts()[0].splitlines()
    assert subject == "calsync: account fails (anna)"
    assert line.startswith("anna: account fails. Read the log of the last task close")
    assert "Connection nowhere is missing" in line
    assert (body["kind"], hook.tokens) == ("calendar_sync", ["Bearer pass"])
    assert "&gt; Connections" in body["html"]
    run()
    assert hook.texts() == [], "once"
    listens(company, account("anna"))
    assert run().state == "success"
    assert hook.texts() == ["calsync: over: account fails (anna)\nanna: over: account fails."]


def test_what_could_not_be_sent_fails_no_run_and_is_sent_by_the_watchdog(
    company: Company, run: Run, hook: Hook, capfd: pytest.CaptureFixture[str]
) -> None:
    listens(company, account("anna"))
    assert (run().state, hook.texts()) == ("success", [])
    listens(company, BROKEN)
    hook.status = 500
    assert run().result["accounts"]["anna"]["state"] == "failed"
    watchdog = run(WATCHDOG)
    assert (watchdog.state, watchdog.tasks) == ("failed", {"tell_alerts": "failed"})
    assert "secret-path" not in "".join(capfd.readouterr())
    hook.status = 200
    assert run(WATCHDOG).state == "success"
    assert len(hook.texts()) == 1
    assert (run(WATCHDOG).state, hook.texts()) == ("success", [])


@pytest.mark.parametrize(
    ("notifier", "arguments", "said"),
    [
        ("nowhere.at.All", {}, "or install its provider"),
        ("calsync_airflow.notifiers.webhook.TIMEOUT_S", {}, "name a class of notifiers"),
        (WEBHOOK, {"adress": "x"}, "correct the arguments"),
    ],
)
def test_what_is_wrong_with_a_notifier_is_said_without_its_arguments(
    notifier: str, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        notifier_of(AlertsTo(notifier=notifier, arguments=arguments))
    assert "adress" not in str(caught.value)


class MailServer(socketserver.TCPServer):
    """Takes one mail after the other."""

    allow_reuse_address = True

    def __init__(self) -> None:
        self.mails: list[str] = []
        super().__init__(("127.0.0.1", 0), Talk)


class Talk(socketserver.StreamRequestHandler):
    """What a mail server says."""

    def handle(self) -> None:
        self.wfile.write(b"220 mail\r\n")
        for line in self.rfile:
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                text = b"".join(iter(self.rfile.readline, b".\r\n"))
                cast("MailServer", self.server).mails.append(text.decode())
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")


def test_mail_goes_through_airflows_own_notifier(company: Company, run: Run, connect: Connect) -> None:
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = server.server_address[1]
        extra = {"disable_ssl": True, "disable_tls": True, "from_email": "airflow@acme.example"}
        connect("smtp_default", conn_type="smtp", host="127.0.0.1", port=port, extra=extra)
        arguments = {"to": "ops@acme.example", "subject": "{{ alert.subject }}", "html_content": "{{ alert.html }}"}
        to = {"notifier": "airflow.providers.smtp.notifications.smtp.SmtpNotifier", "arguments": arguments}
        company.accounts(BROKEN)
        company.accounts_file.write_text(f"{company.accounts_file.read_text()}alerts:\n  - {json.dumps(to)}\n")
        try:
            run()
        finally:
            server.shutdown()
            thread.join()
    (mail,) = server.mails
    assert "Subject: calsync: account fails (anna)" in mail
    assert "To: ops@acme.example" in mail
