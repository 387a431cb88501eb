"""What people are told, by what is stored: rules, reasons, causes, actions and fields in words, language by language.

The store keeps keys: the name of the rule that decided a row, why, and what is done. Sentences are made where they are
shown. Logs are English; the page says them in each of its languages. A test asks each language for the same keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from include.calsync.core import explained_de, explained_en, logged_de, logged_en, sentences_de, sentences_en

DEFAULT = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """One language. The values of `rules` continue "because" (German: "Grund:"); `{why}` is one of `causes`.

    `left_out` follows a number of items; `reasons` take the place of the rule's sentence, as they say more; `logged`
    say what the log keeps, which names no rule; `holds` say why something is kept back. `looks` say what a look at an
    item without a link found, `wins` why a value won over another one.
    """

    name: str
    rules: Mapping[str, str]
    causes: Mapping[str, str]
    reasons: Mapping[str, str]
    logged: Mapping[str, str]
    holds: Mapping[str, str]
    left_out: Mapping[str, str]
    actions: Mapping[str, str]
    states: Mapping[str, str]
    fields: Mapping[str, str]
    days: tuple[str, ...]
    months: tuple[str, ...]
    phrases: Mapping[str, str]
    looks: Mapping[str, str]
    link_states: Mapping[str, str]
    wins: Mapping[str, str]
    approved: Mapping[str, str]
    rejected: Mapping[str, str]


LANGUAGES: Mapping[str, Language] = {
    "en": Language(
        name="en",
        rules=sentences_en.RULES,
        causes=sentences_en.CAUSES,
        reasons=sentences_en.REASONS,
        logged=logged_en.LOGGED,
        holds=sentences_en.HOLDS,
        left_out=sentences_en.LEFT_OUT,
        actions=sentences_en.ACTIONS,
        states=sentences_en.STATES,
        fields=sentences_en.FIELDS,
        days=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        phrases=sentences_en.PHRASES,
        looks=explained_en.LOOKS,
        link_states=explained_en.LINK_STATES,
        wins=explained_en.WINS,
        approved=sentences_en.APPROVED,
        rejected=sentences_en.REJECTED,
    ),
    "de": Language(
        name="de",
        rules=sentences_de.RULES,
        causes=sentences_de.CAUSES,
        reasons=sentences_de.REASONS,
        logged=logged_de.LOGGED,
        holds=sentences_de.HOLDS,
        left_out=sentences_de.LEFT_OUT,
        actions=sentences_de.ACTIONS,
        states=sentences_de.STATES,
        fields=sentences_de.FIELDS,
        days=("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
        months=("Jan", "Feb", "März", "Apr", "Mai", "Juni", "Juli", "Aug", "Sep", "Okt", "Nov", "Dez"),
        phrases=sentences_de.PHRASES,
        looks=explained_de.LOOKS,
        link_states=explained_de.LINK_STATES,
        wins=explained_de.WINS,
        approved=sentences_de.APPROVED,
        rejected=sentences_de.REJECTED,
    ),
}


def because(rule: str | None, reason: str, *, cause: str = "", setting: str = "", language: str = DEFAULT) -> str:
    """Why something is done, as a clause after "because".

    `rule`, `reason`: as a row stores them. `cause`: its payload's, if it has one; else the reason may be one.
    `setting`: its payload's `by_setting`. A rule of another version, which has no sentence here, speaks for itself.
    """
    words = LANGUAGES[language]
    if reason in words.reasons:
        return words.reasons[reason]
    key = cause or reason.removeprefix("unfinished: ").partition(", and ")[0]
    why = words.causes.get(key, key)
    before = words.phrases["setting"].format(setting=setting) if setting else ""
    if rule is None:
        return before + "; ".join(_logged(part, key, why, words) for part in reason.split("; "))
    text = words.rules.get(rule, rule)
    return before + (text.replace("{why}", why) if why else text.replace("{why}", reason))


def _logged(text: str, key: str, why: str, words: Language) -> str:
    """A reason of the log. It may name a run, or one of the causes (`key`; `why`: in words)."""
    said, (head, _, run) = words.logged, text.partition(" run ")
    if text in said:
        return said[text]
    if run and f"{head} run" in said:
        return said[f"{head} run"].format(run=run)
    if key in words.causes:
        form = text.replace(key, "{why}")
        return said.get(form, form).replace("{why}", why)
    return text


def left_out(reason: str, language: str = DEFAULT) -> str:
    """What kind of items were left out, in words that follow a number."""
    return LANGUAGES[language].left_out.get(reason, reason.replace("_", " "))
