"""Mutations of what decides: the table, the diff, the merge, the guard, recognition and marks."""

from __future__ import annotations

from tests.checks.mutate.mutation import Mutation

DECIDE, MERGE, ADOPT = "tests/core/test_decide.py", "tests/core/test_merge.py", "tests/core/test_adopt.py"

CORE = [
    Mutation(
        "core/planning/rules.py",
        "Outcome(Action.CREATE_EVENT, reason=Reason.CHANGES)",
        "Outcome(Action.DELETE_ACTIVITY, reason=Reason.CHANGES)",
        "a deletion beats an edit (law 2)",
        "tests/core/planning/test_cases.py",
    ),
    Mutation(
        "core/decide.py",
        "DESTRUCTIVE = frozenset({Action.DELETE_EVENT, Action.DELETE_ACTIVITY, Action.FINISH_ACTIVITY})",
        "DESTRUCTIVE = frozenset({Action.DELETE_EVENT, Action.DELETE_ACTIVITY})",
        "the guard does not count activities that deletions mark as done (law 8)",
        "tests/flows/test_deletions.py -k counts_as",
    ),
    Mutation(
        "core/diff.py",
        "gone[observed] = status[at[observed]] == DELETED",
        "gone[observed] = status[at[observed]] != LIVE",
        "what can't be read counts as deleted (law 3)",
        "tests/core/test_diff.py",
    ),
    Mutation(
        "core/merge.py",
        "        self.conflicts.append(Conflict(name, mine, theirs, best, why))\n",
        "",
        "what lost a conflict is nowhere (law 2)",
        MERGE,
    ),
    Mutation(
        "core/merge.py",
        "answer if answer is not None and name in written else observed",
        "answer if answer is not None else observed",
        "another field's edit in an answer enters the base without anybody having looked at it (law 2)",
        "tests/flows/test_edits_meanwhile.py -k between_get_and_patch",
    ),
    Mutation(
        "core/merge.py",
        "return {name: changes[name] for name in changes if seen[name] != getattr(shown, name)}",
        "return changes",
        "what is shown already is written again (law 4)",
        MERGE,
    ),
    Mutation(
        "core/merge.py",
        "best, why = Side.ACTIVITY if mine else Side.EVENT, Why.ADOPTING",
        "best, why = self.preferred[0], Why.ADOPTING",
        "adopting, an empty field may beat what a person typed (law 2)",
        MERGE,
    ),
    Mutation(
        "core/guard.py",
        "total = planned_count + recent_count",
        "total = planned_count",
        "many small batches of deletions pass the guard (law 8)",
        "tests/core/test_guard.py",
    ),
    Mutation(
        "core/guard.py",
        "and total > self.max_ratio * link_count",
        "and total < self.max_ratio * link_count",
        "the ratio is counted the wrong way round (law 8)",
        "tests/core/test_guard.py",
    ),
    Mutation(
        "core/adopt.py",
        "found.append((key, free.pop(hit)[0]))",
        "found.append((key, free[hit][0]))",
        "two intents are matched with one activity (law 1)",
        ADOPT,
    ),
    Mutation(
        "core/adopt.py",
        "if len(found) == 1 and claims[found[0]] == 1]",
        "if len(found) == 1]",
        "two intents claim one edited activity (law 1)",
        ADOPT,
    ),
]
