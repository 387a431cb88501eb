"""What an activity that is made anew can still hang on: its type, deal, contacts and organization may be gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from include.calsync.core.raw import Body, Raw
from include.calsync.errors import Hidden, NotFound
from include.calsync.flows.applying.anew import tell
from include.calsync.flows.applying.writes import Desk


class Remains:
    """Looks the parts of one activity up; what is gone is left out, and told."""

    def __init__(self, desk: Desk, event_id: str) -> None:
        self.desk, self.event_id = desk, event_id

    def of(self, body: Body) -> Body:
        """The body with what still is there."""
        client = self.desk.pipedrive
        out = dict(body) | {"type": self._type(str(body.get("type") or ""))}
        for name, ask in (("deal_id", client.deal), ("lead_id", client.lead), ("org_id", client.organization)):
            if out.get(name) and not self._exists(name.removesuffix("_id"), out[name], ask):
                del out[name]
        people = out.get("participants") or []
        out["participants"] = [each for each in people if self._exists("person", each["person_id"], client.person)]
        return out

    def _type(self, wanted: str) -> str:
        types = {str(each.get("key_string")): each.get("active_flag") for each in self.desk.pipedrive.activity_types()}
        if types.get(wanted):
            return wanted
        instead = self.desk.policy.event_type
        self._tell(f"the type {wanted} is not in use any more; it has the type {instead}")
        return instead

    def _exists(self, kind: str, key: Any, ask: Callable[[Any], Raw]) -> bool:
        try:
            if not ask(key).get("is_deleted"):
                return True
        except (NotFound, Hidden):
            pass
        self._tell(f"{kind} {key} is not there or hidden; it is left out")
        return False

    def _tell(self, text: str) -> None:
        tell(self.desk, f"the activity of event {self.event_id} was made anew: {text}")
