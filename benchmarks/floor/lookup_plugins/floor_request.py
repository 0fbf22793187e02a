# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The floor of a lookup: send a request for each term, and return what the server responds."""

from __future__ import annotations

import os
from typing import Any

import requests
from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):  # type: ignore[misc]  # Ansible has no types
    """Send requests."""

    def run(self, terms: list[str], variables: Any = None, **kwargs: Any) -> list[Any]:  # noqa: ARG002 - as Ansible calls it
        """Return the responses."""
        authorization = f"ApiKey {os.environ['TUTUM_USER']}:{os.environ['TUTUM_APIKEY']}"
        return [requests.get(url, headers={"Authorization": authorization}, timeout=60).json() for url in terms]
