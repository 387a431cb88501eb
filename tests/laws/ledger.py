"""What people did: every value they typed, what they made and took away, and what belongs together."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.laws.shown import Shown, shows

Node = tuple[Any, ...]
"""("activity", id) or ("event", calendar id, event id)."""
Items = dict[Node, dict[str, Any]]


@dataclass(frozen=True)
class Typed:
    """A value that a person typed into a field of an item; `after` is the last change log entry of that moment."""

    node: Node
    field: str
    value: Any
    after: int


@dataclass
class Ledger:
    """Values stand until the person who overwrote them could see them, or until the change log says that they lost."""

    standing: list[Typed] = field(default_factory=list)
    births: Counter[Node] = field(default_factory=Counter)
    """How often a person made an item, or brought it back."""
    deleted: set[Node] = field(default_factory=set)
    """Taken away by a person, and not brought back."""
    edits: Counter[str] = field(default_factory=Counter)
    _parent: dict[Node, Node] = field(default_factory=dict)

    # What belongs together: once a pair, always of one group.

    def root(self, node: Node) -> Node:
        while self._parent.get(node, node) != node:
            node = self._parent[node]
        return node

    def join(self, one: Node, other: Node) -> None:
        self._parent[self.root(one)] = self.root(other)

    def groups(self, nodes: list[Node]) -> dict[Node, list[Node]]:
        found: dict[Node, list[Node]] = defaultdict(list)
        for node in nodes:
            found[self.root(node)].append(node)
        return found

    def births_of(self, root: Node) -> int:
        return sum(count for node, count in self.births.items() if self.root(node) == root)

    # What people do.

    def made(self, node: Node, shown: Shown, after: int) -> None:
        """A new item, or one that was brought back."""
        self.births[node] += 1
        self.deleted.discard(node)
        typed = {name: shown[name] for name in ("subject", "when", "place", "description") if shown[name]}
        self.standing = [each for each in self.standing if each.node != node]
        self.standing += [Typed(node, name, value, after) for name, value in typed.items()]

    def edited(self, node: Node, before: Shown, typed: dict[str, Any], after: int) -> None:
        """New values; None: cleared, or nothing that has to survive. What was there already is no edit."""
        root = self.root(node)
        for name, value in typed.items():
            if before[name] == value:
                continue
            self.standing = [
                each
                for each in self.standing
                if each.field != name
                or self.root(each.node) != root
                or (each.node != node and not shows(before, name, each.value))
            ]
            if value is not None:
                self.standing.append(Typed(node, name, value, after))

    def removed(self, node: Node, before: Shown) -> None:
        """A person deleted an item: what it showed goes with it."""
        self.deleted.add(node)
        root = self.root(node)
        self.standing = [
            each
            for each in self.standing
            if each.node != node and not (self.root(each.node) == root and shows(before, each.field, each.value))
        ]
