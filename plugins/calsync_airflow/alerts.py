"""Alerts through Airflow's notifiers. What can't be sent is logged, never fails a run, and is sent by the next one."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING

from airflow.sdk import BaseNotifier

from include.calsync.errors import SettingsError

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.calsync.core.alerts import Message
    from include.calsync.flows.services import Services
    from include.calsync.settings import AlertsTo

log = logging.getLogger(__name__)


def tell(services: Services, context: Context) -> int:
    """Tell whom the accounts file names of what is new, or over. Returns: how many alerts could not be sent."""
    from include.calsync.flows import alerts

    def send(to: AlertsTo, message: Message) -> bool:
        try:
            notifier_of(to)({**context, "alert": message})
        except Exception as error:  # noqa: BLE001 - whatever a notifier does, the run goes on
            log.error("%s", unsent(to, error))
            return False
        return True

    return alerts.tell(services, send)


def tell_if_possible(services: Services, context: Context) -> None:
    """As `tell`, for a task that has something else to do."""
    try:
        tell(services, context)
    except Exception as error:  # noqa: BLE001 - the run itself is done
        log.error("Look at the log of calendar_sync_watchdog: nobody was told of alerts (%s).", type(error).__name__)


def unsent(to: AlertsTo, error: Exception) -> str:
    """What to do about a notifier that fails. What it says itself may hold an address or a secret."""
    if isinstance(error, SettingsError):
        return str(error)
    return (
        f"alerts: correct the arguments of {to.notifier}, or its connection: it could not send "
        f"({type(error).__name__}). The next run tries again."
    )


def notifier_of(to: AlertsTo) -> BaseNotifier:
    """The notifier that the accounts file names. Raises SettingsError if it can't be made."""
    module, _, name = to.notifier.rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError):
        raise SettingsError(
            [f"alerts: correct {to.notifier}, or install its provider in every component: it can't be imported."]
        ) from None
    if not (isinstance(found, type) and issubclass(found, BaseNotifier)):
        raise SettingsError([f"alerts: name a class of notifiers in place of {to.notifier}: it is none."])
    try:
        return found(**to.arguments)
    except TypeError:
        raise SettingsError([f"alerts: correct the arguments of {to.notifier}: it does not take them."]) from None
