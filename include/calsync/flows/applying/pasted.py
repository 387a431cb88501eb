"""Links to deals, leads, persons and organizations, pasted into an event: its activity is tied to what they show.

What an activity hangs on already is never replaced: a person chose it in Pipedrive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from include.calsync.core.links import hosts_of, pasted
from include.calsync.core.raw import Body, Raw
from include.calsync.core.sendable import with_person
from include.calsync.errors import Hidden, NotFound
from include.calsync.flows.applying.writes import Desk
from include.calsync.flows.names import domain_of
from include.calsync.store import runs


def refs_body(
    desk: Desk, event_id: str, text: str, known: Sequence[str] = ("", "", ""), participants: object = ()
) -> Body:
    """Members of an activity's body for what is linked in `text` and exists.

    `known`: as in ActivityView.refs; `participants`: who takes part already.
    """
    if "://" not in text:
        return {}
    client = desk.pipedrive
    domain = domain_of(desk.services, desk.account.settings.pipedrive_conn_id)
    links = pasted(text, hosts_of(client.base_url, domain))
    deal, person, organization = known
    body: Body = {}
    if not deal and _exists(desk, event_id, links, "deal", client.deal):
        body["deal_id"] = int(links["deal"])
    if not deal and not body and _exists(desk, event_id, links, "lead", client.lead):
        body["lead_id"] = links["lead"]
    if not person and _exists(desk, event_id, links, "person", client.person):
        body["participants"] = with_person(participants, int(links["person"]))
    if not organization and _exists(desk, event_id, links, "organization", client.organization):
        body["org_id"] = int(links["organization"])
    return body


def _exists(desk: Desk, event_id: str, links: Mapping[str, str], kind: str, ask: Callable[[Any], Raw]) -> bool:
    if kind not in links:
        return False
    try:
        if not ask(links[kind]).get("is_deleted"):
            return True
    except (NotFound, Hidden):
        pass
    what = f"{kind} {links[kind]}, which is not there or hidden"
    text = f"account {desk.account.name}: event {event_id} links {what}: not linked"
    if text not in desk.account.notices:
        desk.account.notices.append(text)
        with desk.commit() as conn:
            runs.set_account(conn, desk.run.id, desk.account.id, notices=desk.account.notices)
    return False
