"""The screen of an item by its id: which pair it is of, or what a look at it shows, why, and what was written to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from include.calsync.core.account_records import ConfiguredAccount
from include.calsync.core.item_ids import ItemId
from include.calsync.flows import explain_text
from include.calsync.flows.explain import Explanation, explain_stored
from include.calsync.flows.page.item import Write, untold, writes_of
from include.calsync.store.transaction import Engine


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store knows of an item, as far as somebody may read. `accounts`: that may be asked for it, by name."""

    explained: Explanation
    accounts: Sequence[ConfiguredAccount]

    @property
    def pair_id(self) -> int | None:
        """The link, if it is of one pair."""
        links = [known.link.id for known in self.explained.known if known.link is not None]
        return links[0] if len(links) == 1 else None


@dataclass(frozen=True, slots=True)
class ItemPage:
    """The screen. `is_secret`: nothing may be told but ids and times."""

    explained: Explanation
    history: Sequence[Write]
    is_secret: bool


def stored(engine: Engine, item: ItemId, may_read: Callable[[str], bool], *, all_accounts: bool) -> Stored:
    """Six queries. `may_read`: whether what is in the account of this Google user may be read. `all_accounts`: also
    what was written for accounts that there are no more."""
    found = explain_stored(engine, item)
    configured = [each for each in found.accounts if isinstance(each, ConfiguredAccount) and each.removed_at is None]
    mine = [each for each in configured if may_read(str(each.settings.get("google_user", "")))]
    mine.sort(key=lambda each: each.name)
    if not all_accounts:
        ids, names = {each.id for each in mine}, {each.name for each in mine}
        known = tuple(each for each in found.known if each.account in names)
        found = replace(found, known=known, history=tuple(each for each in found.history if each.account_id in ids))
    return Stored(found, mine)


def page_of(found: Explanation, language: str) -> ItemPage:
    """The screen of what is stored, or was looked at. `language`: of its sentences."""
    secret = explain_text.is_secret_item(found)
    history = writes_of(found.history, language)
    return ItemPage(found, untold(history) if secret else history, secret)
