"""A message to a webhook, as chat services and incident tools take it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook, BaseNotifier
from airflow.sdk.exceptions import AirflowException

if TYPE_CHECKING:
    from airflow.sdk import Context

TIMEOUT_S = 10.0


class WebhookNotifier(BaseNotifier):
    """Posts `{"text": …}` to the address that an Airflow connection holds: it is often a secret, so no argument.

    :param conn_id: a connection whose host is the whole address; its password, if there is one, is sent as bearer token
    :param text: the message (templated)
    :param body: more members of the JSON object (templated)
    """

    template_fields: Sequence[str] = ("text", "body")

    def __init__(
        self,
        conn_id: str,
        text: str = "{{ alert.subject }}\n{{ alert.text }}",
        body: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.conn_id, self.text, self.body = conn_id, text, body or {}

    def notify(self, context: Context) -> None:
        """Send it. Raises AirflowException, which does not name the address."""
        import requests

        conn = BaseHook.get_connection(self.conn_id)
        host = conn.host or ""
        url = host if "://" in host else f"{conn.schema or 'https'}://{host}"
        headers = {"Authorization": f"Bearer {conn.password}"} if conn.password else {}
        try:
            answer = requests.post(url, json={"text": self.text, **self.body}, headers=headers, timeout=TIMEOUT_S)
        except requests.RequestException as error:
            said = type(error).__name__
        else:
            if answer.ok:
                return
            said = str(answer.status_code)
        raise AirflowException(f"Correct the address in connection {self.conn_id}: the webhook answered {said}.")
