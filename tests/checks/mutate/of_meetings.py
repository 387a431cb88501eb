"""Mutations of what is done for meetings that several accounts have in their calendars."""

from __future__ import annotations

from tests.checks.mutate.mutation import Mutation

MEETINGS = [
    Mutation(
        "flows/pulling/series.py",
        "            rows += [self._gone(event_id, Absence.ENDED) for event_id in self.copies[series_id]]\n",
        "",
        "a copy that went with its series is to take over (law 5)",
        "tests/flows/test_shared.py -k series_of_both_reps",
    ),
    Mutation(
        "flows/planning/shared.py",
        "place not in self.known or self.known[place].waits]",
        "place not in self.known]",
        "a take-over that failed once is never made up for (law 5)",
        "tests/flows/test_takeovers.py -k made_up",
    ),
    Mutation(
        "flows/planning/shared.py",
        "                self.waiting |= {place for place in others if self._is_organisers(place, events)}\n",
        "",
        "a meeting stays with a guest's account after a lost answer (law 5)",
        "tests/flows/test_takeovers.py -k organisers_event_is_seen",
    ),
    Mutation(
        "flows/planning/shared.py",
        "in sorted(self._orphans()):",
        "in ():",
        "a meeting disappears with the account that was to create its activity (law 5)",
        "tests/flows/test_takeovers.py -k takes_part_no_more",
    ),
]
