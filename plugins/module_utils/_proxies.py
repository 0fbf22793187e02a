# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Proxies from environment variables.

The look-up of the library requests is off: it also reads ``~/.netrc``, and on macOS it calls system functions that crash in
a forked process.
"""

from __future__ import annotations

import ipaddress
import typing as t
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # missing in typeshed


def find_proxy(url: str, environ: t.Mapping[str, str]) -> tuple[str, str] | None:
    """Return the environment variable that names a proxy for a URL, and its value; None for a direct connection.

    :param url: the requested URL.
    :param environ: the environment variables: ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY``, ``NO_PROXY``, also in lowercase,
        which takes precedence.
    """
    parts = urlsplit(url)
    if _is_excluded(parts.netloc, parts.hostname or "", environ.get("no_proxy") or environ.get("NO_PROXY") or ""):
        return None
    for scheme in (parts.scheme, "all"):
        for variable in (f"{scheme}_proxy", f"{scheme}_proxy".upper()):
            # In a CGI process HTTP_PROXY is the value of a request's header.
            if environ.get(variable) and not (variable == "HTTP_PROXY" and "REQUEST_METHOD" in environ):
                return variable, environ[variable]
    return None


def _is_excluded(netloc: str, host: str, no_proxy: str) -> bool:
    """Return whether NO_PROXY lists a host: by its name, a domain, an address, or a range of addresses."""
    if not no_proxy:
        return False
    if proxy_bypass_environment(netloc, {"no": no_proxy}):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(_is_in_range(address, entry.strip()) for entry in no_proxy.split(","))


def _is_in_range(address: ipaddress.IPv4Address | ipaddress.IPv6Address, entry: str) -> bool:
    """Return whether an entry of NO_PROXY is a range of addresses that has this one."""
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
