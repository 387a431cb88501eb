"""Mutations of what is done for meetings that several accounts have in their calendars."""

from __future__ import annotations

from include.scripts.mutate.mutation import Mutation

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
        "            and place[1] not in awaited\n",
        "",
        "a creation that failed goes to another account, and back",
        "tests/flows/test_takeovers.py -k stays_with_its",
    ),
    Mutation(
        "flows/planning/shared.py",
        "in sorted(self._orphans()):",
        "in ():",
        "a meeting disappears with the account that was to create its activity (law 5)",
        "tests/flows/test_takeovers.py -k takes_part_no_more",
    ),
    Mutation(
        "flows/planning/shared.py",
        "(place in self.copies or not row.waits)",
        "place",
        "who is to take a meeting over becomes its attendee first",
        "tests/flows/test_takeovers.py -k no_guests_business",
    ),
]
