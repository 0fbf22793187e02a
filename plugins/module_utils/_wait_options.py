# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The options of a wait, validated before anything is sent."""

from __future__ import annotations

import math
import typing as t

from ansible_collections.tutum.cloud.plugins.module_utils._actions import FINAL_STATES, Fields
from ansible_collections.tutum.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.tutum.cloud.plugins.module_utils._references import parse_action_reference, parse_object


class WaitOptions:
    """What to wait for, and how long."""

    def __init__(self, options: t.Mapping[str, t.Any], api_url: str) -> None:
        """
        :param options: those of ``wait_for_action``; None for one that is not set or null.
        :param api_url: the base of the API's URLs.
        :raises OptionError: an option has an invalid value, or two of them exclude each other.
        """
        for name in ("timeout", "delay", "interval", "max_interval"):
            if not (math.isfinite(options[name]) and options[name] >= 0):
                raise OptionError(name, options[name], "Must be 0 or greater (seconds)")
        if not options["success_states"]:
            raise OptionError("success_states", [], f"Must not be empty. Choose from: {', '.join(FINAL_STATES)}")
        for state in options["success_states"]:
            if state not in FINAL_STATES:
                raise OptionError("success_states", state, f"Not a final state. Choose from: {', '.join(FINAL_STATES)}")
        self.references, self.object = _targets(options, api_url)
        self.include_related: bool = options.get("include_related") or False
        if self.include_related and self.object is None:
            raise OptionError("include_related", True, "Requires the option object. Set object")
        self.min_actions: int = options.get("min_actions") or 0
        self._check_min_actions()
        self.skip_missing: bool = options.get("missing") == "skip"
        self.success_states = tuple(state for state in FINAL_STATES if state in options["success_states"])
        self.timeout: float = options["timeout"]
        self.delay: float = options["delay"]
        self.interval: float = options["interval"]
        self.max_interval: float = max(options["interval"], options["max_interval"])
        self.fail_fast: bool = options.get("fail_fast") or False
        self.cancel_on_timeout: bool = options.get("on_timeout") == "cancel"
        self.fields = Fields({"hidden_fields": options.get("hidden_fields")})
        self.follow_logs: bool = bool(options.get("follow_logs")) and "logs" not in self.fields.hidden

    def _check_min_actions(self) -> None:
        if self.min_actions < 0:
            raise OptionError("min_actions", self.min_actions, "Must be 0 or greater")
        named = len(set(self.references))
        if self.object is None and named < self.min_actions:
            problem = f"There must be at least this many actions to wait for, but uuid names {named}"
            raise OptionError("min_actions", self.min_actions, f"{problem}. Check the variable that uuid comes from")


def _targets(options: t.Mapping[str, t.Any], api_url: str) -> tuple[list[str], str | None]:
    """Return the references to actions and the object. A null is a variable that is missing, not a wish to skip the wait."""
    if options.get("uuid") is None and options.get("object") is None:
        raise OptionError(
            "uuid",
            None,
            "Neither uuid nor object has a value. Check the variable that the value comes from. To wait for nothing, set"
            " uuid to an empty list",
        )
    references = [parse_action_reference(value, api_url) for value in options.get("uuid") or ()]
    return references, None if options.get("object") is None else parse_object(options["object"], api_url)
