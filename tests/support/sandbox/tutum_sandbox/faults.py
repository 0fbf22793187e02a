# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The faults in force: rules and random faults, so that a client meets real faulty HTTP traffic and not a mock."""

from __future__ import annotations

import random
import threading
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from . import altering_rules
from .rules import Rule, Selection

if TYPE_CHECKING:
    from collections.abc import Iterable

KINDS: dict[str, type[Rule]] = {rule.kind: rule for rule in Rule.__subclasses__()}

BEFORE, AFTER = "before", "after"


def rule_from(description: dict[str, Any]) -> Rule:
    """Make a rule from its description. Raise a ValueError that explains what is wrong with it."""
    given = dict(description)
    kind = given.pop("kind", None)
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} is none of {', '.join(sorted(KINDS))}")
    known = {each.name for each in fields(KINDS[kind]) if each.init}
    if unknown := sorted(set(given) - known):
        raise ValueError(f"kind {kind} has no {', '.join(unknown)}; it has {', '.join(sorted(known))}")
    rule = KINDS[kind](**given)
    rule.check_selection()
    return rule


# How a response is lost, by whether the request was carried out.
LOSSES: dict[str, list[dict[str, Any]]] = {
    BEFORE: [{"kind": "reset"}, {"kind": "close"}, *({"kind": "status", "status": code} for code in (500, 502))],
}
LOSSES[AFTER] = [
    *({**loss, "after": True} for loss in LOSSES[BEFORE]),
    {"kind": altering_rules.CloseMidHeaders.kind},
    {"kind": altering_rules.CloseMidBody.kind},
]


@dataclass
class RandomFaults(Selection):
    """Lose the responses of a random part of the matching requests, at a random point.

    Deterministic: the seed and the number of a matching request (from 1) decide what happens to it.
    """

    probability: float = 0.0
    seed: int = 0
    point: str | None = None  # before or after the request is carried out; null: either
    seen: int = field(default=0, init=False)  # how many matching requests there were

    def take(self, method: str, target: str) -> tuple[str, Rule] | None:
        """Return the rule that affects this request and a name for the log, or None."""
        if not self.selects(method, target):
            return None
        self.seen += 1
        source = random.Random(f"{self.seed}/{self.seen}")
        if source.random() >= self.probability:
            return None
        point = source.choice([BEFORE, AFTER])
        if self.point is not None:
            point = self.point
        loss = source.choice(LOSSES[point])
        name = f"random {loss.get('status', loss['kind'])} {point}"
        return name, rule_from(loss)


def random_faults_from(description: dict[str, Any] | None) -> RandomFaults | None:
    """Make random faults from the setting `random_faults`. Raise a ValueError that explains what is wrong with it."""
    if description is None:
        return None
    known = {each.name for each in fields(RandomFaults) if each.init}
    if unknown := sorted(set(description) - known):
        raise ValueError(f"random_faults has no {', '.join(unknown)}; it has {', '.join(sorted(known))}")
    made = RandomFaults(**description)
    if not 0 <= made.probability <= 1:
        raise ValueError(f"random_faults: probability {made.probability!r} is not a number from 0 to 1")
    if made.point not in (None, BEFORE, AFTER):
        raise ValueError(f"random_faults: point {made.point!r} is neither {BEFORE}, {AFTER} nor null")
    made.check_selection()
    return made


class Faults:
    """The rules in force. The first that matches a request affects it; random faults come after all rules."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._random: RandomFaults | None = None
        self._lock = threading.Lock()

    def add(self, rules: Iterable[Rule]) -> None:
        """Append rules to those in force."""
        with self._lock:
            self._rules.extend(rules)

    def clear(self) -> None:
        """Remove all rules. Random faults stay, because they are a setting, and begin again."""
        with self._lock:
            self._rules.clear()
            if self._random:
                self._random.seen = 0

    def randomize(self, description: dict[str, Any] | None) -> None:
        """Put random faults in force, or with None remove them."""
        made = random_faults_from(description)
        with self._lock:
            self._random = made

    def described(self) -> list[dict[str, Any]]:
        """Return the rules in force, and how many requests each affected."""
        with self._lock:
            return [{"kind": rule.kind, **asdict(rule)} for rule in self._rules]

    def take(self, method: str, target: str) -> tuple[str, Rule] | None:
        """Return the rule that affects this request and its name for the log, or None."""
        with self._lock:
            rule = next((rule for rule in self._rules if rule.take(method, target)), None)
            if rule is not None:
                return rule.kind, rule
            return self._random.take(method, target) if self._random else None


faults = Faults()
