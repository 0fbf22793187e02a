# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The options of the event source, validated before anything is sent."""

from __future__ import annotations

import math
import typing as t
from datetime import datetime, timezone

from ansible_collections.tutum.cloud.plugins.module_utils._actions import FINAL_STATES, STATES, UNFINISHED_STATES
from ansible_collections.tutum.cloud.plugins.module_utils._dates import parse_api_date
from ansible_collections.tutum.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.tutum.cloud.plugins.module_utils._references import parse_object
from ansible_collections.tutum.cloud.plugins.module_utils._user_dates import parse_user_date

MIN_INTERVAL_SECONDS, MAX_INTERVAL_SECONDS = 0.1, 86400.0


class ChangeOptions:
    """Which changes of actions to report, and how often to poll."""

    def __init__(self, options: t.Mapping[str, t.Any], api_url: str) -> None:
        """
        :param options: those of the event source ``actions``; None for one that is not set.
        :param api_url: the base of the API's URLs.
        :raises OptionError: an option has an invalid value.
        :raises LibraryError: ``since`` is set, and python-dateutil is not installed.
        """
        states, interval = options["state"], options["interval"]
        if not states:
            raise OptionError("state", [], f"Must not be empty. Choose from: {', '.join(STATES)}")
        for state in states:
            if state not in STATES:
                raise OptionError("state", state, f"Unknown state. Must be one of: {', '.join(STATES)}")
        self.unfinished = frozenset(states) & frozenset(UNFINISHED_STATES)
        self.final = frozenset(states) & frozenset(FINAL_STATES)
        if not (math.isfinite(interval) and MIN_INTERVAL_SECONDS <= interval <= MAX_INTERVAL_SECONDS):
            problem = f"Must be at least {MIN_INTERVAL_SECONDS:g} and at most {MAX_INTERVAL_SECONDS:.0f} (seconds)"
            raise OptionError("interval", interval, problem)
        self.interval: float = interval
        self.object = None if options.get("object") is None else parse_object(options["object"], api_url)
        since = options.get("since")
        self.starts_now = since is None or since.strip().lower() == "now"
        """Whether changes are reported from the start of the source on."""
        self._since = "" if self.starts_now else str(since)
        self.since(datetime.now(timezone.utc))

    def since(self, now: datetime) -> datetime | None:
        """Return the time from which changes are reported; None for the start of the source.

        :param now: the present, for relative dates.
        """
        return None if self.starts_now else parse_api_date(parse_user_date("since", self._since, now))
