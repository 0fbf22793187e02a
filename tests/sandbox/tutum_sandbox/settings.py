# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be chosen about a sandbox, and Django's settings that follow from it."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from pathlib import Path

# Says at a glance that it is no secret; the same each time, so that what was exported in a shell stays right.
DEMO_USERNAME = "sandbox"
DEMO_API_KEY = "not-a-secret-6246c558976c4df6ba60eb1a344a17af"


@dataclass
class Options:
    """The choices, from the command line; the last five can change while the server runs (`/sandbox/settings/`)."""

    database: Path
    username: str = DEMO_USERNAME
    api_key: str = DEMO_API_KEY
    actions: int = 60
    page_size: int = 25
    max_page_size: int = 1000
    lists_without_logs: bool = False
    throttle: str | None = None
    latency: float = 0.0  # milliseconds

    @property
    def throttle_rate(self) -> tuple[int, int] | None:
        """How many requests are let through in how many seconds; None for as many as one likes."""
        return None if self.throttle is None else parse_throttle(self.throttle)


def parse_throttle(text: str) -> tuple[int, int]:
    """Read `N/SECONDS`; ValueError for anything else."""
    requests, _slash, seconds = text.partition("/")
    rate = int(requests), int(seconds)
    if min(rate) < 1:
        raise ValueError(f"{text} is not N/SECONDS with two numbers of at least 1")
    return rate


def options() -> Options:
    """Return the choices that this server runs with."""
    from django.conf import settings

    return cast("Options", settings.SANDBOX)


def configure(chosen: Options) -> None:
    """Set Django up for these choices. No settings module: everything that matters fits here."""
    import django
    from django.conf import settings

    # Dates without a zone are the server's zone, UTC, as Tastypie has it. Django would warn at each such filter.
    warnings.filterwarnings("ignore", message=".*received a naive datetime", category=RuntimeWarning)
    # A 404 is no event here, a 500 is one.
    logging.getLogger("django.request").setLevel(logging.ERROR)
    settings.configure(
        SANDBOX=chosen,
        ALLOWED_HOSTS=["*"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(chosen.database),
                # A thread serves a connection from its beginning to its end, and so does its database connection.
                "CONN_MAX_AGE": None,
                "OPTIONS": {
                    # Readers and one writer at once, and a writer waits at its beginning, where waiting can help:
                    # so there is no "database is locked". Durability would only cost time here.
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
