# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings and values for property tests."""

from __future__ import annotations

from datetime import datetime, timezone

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

PROPERTY = settings(
    derandomize=True, deadline=None, database=None, max_examples=60, suppress_health_check=list(HealthCheck)
)
"""The same examples in each run, so that no test fails at random."""

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)

moments = st.datetimes(
    min_value=datetime(1000, 1, 1),  # noqa: DTZ001 - its zone is chosen below
    max_value=datetime(9998, 1, 1),  # noqa: DTZ001
    timezones=st.just(timezone.utc),
)
