# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a sandbox, the checks of their values, and Django's settings."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from .faults import random_faults_from

if TYPE_CHECKING:
    from pathlib import Path

# The text says that the key is not a secret. It never changes, so that the variables exported in a shell stay valid.
DEMO_USERNAME = "sandbox"
DEMO_API_KEY = "not-a-secret-6246c558976c4df6ba60eb1a344a17af"

ORDERS = ("oldest_first", "newest_first")
TOTAL_COUNTS = ("exact", "missing", "null", "high", "low")
DATES = ("rfc2822", "padded", "unpadded", "iso", "iso_utc")
DATE_FILTERS = ("start_date__gte", "start_date__lte", "end_date__gte", "end_date__lte")
FILTERS = ("state", *DATE_FILTERS, "object", "include_related", "uuid", "uuid__startswith")


@dataclass
class Options:
    """The command line's options. Those in `CHECKS` can change while the server runs (`/sandbox/settings/`)."""

    database: Path
    username: str = DEMO_USERNAME
    api_key: str = DEMO_API_KEY
    actions: int = 60
    page_size: int = 25
    max_page_size: int = 1000
    lists_without_logs: bool = False
    throttle: str | None = None
    latency: float = 0.0  # milliseconds
    order: str = ORDERS[0]
    repeated_parameters: bool = False
    total_count: str = TOTAL_COUNTS[0]
    path_prefix: str = ""
    next_base: str = ""
    dates: str = DATES[0]
    ignored_filters: list[str] = field(default_factory=list)
    clock_offset: float = 0.0  # seconds
    random_faults: dict[str, Any] | None = None

    @property
    def throttle_rate(self) -> tuple[int, int] | None:
        """How many requests are accepted in how many seconds; None means any number."""
        return None if self.throttle is None else parse_throttle(self.throttle)


def parse_throttle(text: str) -> tuple[int, int]:
    """Read `N/SECONDS`. Raise a ValueError for anything else."""
    requests, _slash, seconds = text.partition("/")
    rate = int(requests), int(seconds)
    if min(rate) < 1:
        raise ValueError(f"{text} is not N/SECONDS with two numbers of at least 1")
    return rate


Check = Callable[[Any], Any]


def one_of(*choices: str) -> Check:
    """Return a check for one of these texts."""

    def check(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"{value!r} is none of {', '.join(choices)}")
        return cast("str", value)

    return check


def number(type_: type, least: float) -> Check:
    """Return a check for a number of this type (an integer is also a float) that is not less than `least`."""

    def check(value: Any) -> Any:
        accepted = (int, float) if type_ is float else int
        # The comparison also refuses NaN.
        if isinstance(value, bool) or not isinstance(value, accepted) or not least <= value < float("inf"):
            raise ValueError(f"{value!r} is not a number ({type_.__name__}) of at least {least}")
        return value

    return check


def boolean(value: Any) -> bool:
    """Check for true or false."""
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def throttle(value: Any) -> str | None:
    """Check for N/SECONDS or null."""
    if value is not None:
        parse_throttle(str(value))
    return cast("str | None", value)


def path_prefix(value: Any) -> str:
    """Check for a path that begins with a slash, or an empty text; return it without a final slash."""
    if not isinstance(value, str) or (value and not value.startswith("/")):
        raise ValueError(f"{value!r} is not a path such as /gateway")
    return value.rstrip("/")


def next_base(value: Any) -> str:
    """Check for a text; return it without a final slash."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a URL such as http://internal.example:8000/other")
    return value.rstrip("/")


def ignored_filters(value: Any) -> list[str]:
    """Check for a list of filters."""
    if not isinstance(value, list) or not set(value) <= set(FILTERS):
        raise ValueError(f"{value!r} is not a list of filters; there are {', '.join(FILTERS)}")
    return value


def random_faults(value: Any) -> dict[str, Any] | None:
    """Check for the description of random faults, or null."""
    random_faults_from(value)
    return cast("dict[str, Any] | None", value)


# The options that can change while the server runs, and the checks that return their values.
CHECKS: dict[str, Check] = {
    "latency": number(float, 0),
    "throttle": throttle,
    "page_size": number(int, 1),
    "max_page_size": number(int, 0),
    "lists_without_logs": boolean,
    "order": one_of(*ORDERS),
    "repeated_parameters": boolean,
    "total_count": one_of(*TOTAL_COUNTS),
    "path_prefix": path_prefix,
    "next_base": next_base,
    "dates": one_of(*DATES),
    "ignored_filters": ignored_filters,
    "clock_offset": number(float, -1e9),
    "random_faults": random_faults,
}


def checked(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings with checked values. Raise a ValueError for an unknown setting or a value that is not valid."""
    if unknown := sorted(set(settings) - set(CHECKS)):
        raise ValueError(f"there is no setting {', '.join(unknown)}; there are {', '.join(sorted(CHECKS))}")
    found = {}
    for name, value in settings.items():
        try:
            found[name] = CHECKS[name](value)
        except (ValueError, TypeError) as error:
            raise ValueError(f"{name}: {error}") from error
    return found


def options() -> Options:
    """Return the options that this server runs with."""
    from django.conf import settings

    return cast("Options", settings.SANDBOX)


def configure(chosen: Options) -> None:
    """Set Django up for these options, without a settings module."""
    import django
    from django.conf import settings

    # Tastypie imports GeoDjango if it is there. Its search for a library of the system is a third of each start.
    sys.modules["django.contrib.gis"] = None  # type: ignore[assignment] # the documented way to prevent an import
    # Dates without a zone are the server's zone, UTC, as Tastypie has it. Django would warn at each such filter.
    warnings.filterwarnings("ignore", message=".*received a naive datetime", category=RuntimeWarning)
    # A 404 is usual here, a 500 is an error.
    logging.getLogger("django.request").setLevel(logging.ERROR)
    settings.configure(
        SANDBOX=chosen,
        ALLOWED_HOSTS=["*"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(chosen.database),
                # Each HTTP connection has one thread, and each thread one database connection.
                "CONN_MAX_AGE": None,
                "OPTIONS": {
                    # Readers and one writer work concurrently, and a transaction that writes waits for the lock when
                    # it begins. This avoids "database is locked". Durability would only cost time here.
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536",
                    "transaction_mode": "IMMEDIATE",
                    "timeout": 30,
                },
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["tutum_sandbox"],
        LOGGING_CONFIG=None,
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],  # the 301 to the URL with its final slash
        ROOT_URLCONF="tutum_sandbox.urls",
        SECRET_KEY="nothing is signed here",
        TASTYPIE_DATETIME_FORMATTING="rfc-2822",
        TASTYPIE_DEFAULT_FORMATS=["json"],
        TIME_ZONE="UTC",
        USE_I18N=False,
        USE_TZ=True,
    )
    django.setup()
