# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies from environment variables."""

from __future__ import annotations

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._proxies import find_proxy

HTTP = "http://tutum.example.org/api/v1/"
HTTPS = "https://tutum.example.org/api/v1/"
PROXY = "http://proxy:3128"


@pytest.mark.parametrize(
    ("url", "environ", "variable"),
    [
        (HTTPS, {}, None),
        (HTTPS, {"HTTPS_PROXY": PROXY}, "HTTPS_PROXY"),
        (HTTPS, {"https_proxy": PROXY}, "https_proxy"),
        (HTTPS, {"HTTP_PROXY": PROXY, "http_proxy": PROXY}, None),
        (HTTP, {"HTTP_PROXY": PROXY}, "HTTP_PROXY"),
        (HTTP, {"http_proxy": PROXY}, "http_proxy"),
        (HTTP, {"HTTPS_PROXY": PROXY}, None),
        (HTTP, {"ALL_PROXY": PROXY}, "ALL_PROXY"),
        (HTTPS, {"all_proxy": PROXY}, "all_proxy"),
        (HTTPS, {"ALL_PROXY": "socks5://other:1080", "HTTPS_PROXY": PROXY}, "HTTPS_PROXY"),
        (HTTPS, {"HTTPS_PROXY": "", "https_proxy": "", "ALL_PROXY": PROXY}, "ALL_PROXY"),
        # In a CGI process that is the header Proxy of a request.
        (HTTP, {"HTTP_PROXY": PROXY, "REQUEST_METHOD": "GET"}, None),
        (HTTP, {"http_proxy": PROXY, "REQUEST_METHOD": "GET"}, "http_proxy"),
    ],
)
def test_proxy_variable_of_the_scheme(url: str, environ: dict[str, str], variable: str | None) -> None:
    assert find_proxy(url, environ) == ((variable, PROXY) if variable else None)


def test_proxy_lowercase_takes_precedence() -> None:
    assert find_proxy(HTTPS, {"https_proxy": PROXY, "HTTPS_PROXY": "http://other"}) == ("https_proxy", PROXY)


@pytest.mark.parametrize(
    ("host", "no_proxy", "is_excluded"),
    [
        ("tutum.example.org", "tutum.example.org", True),
        ("tutum.example.org", "TUTUM.EXAMPLE.ORG", True),
        ("tutum.example.org", "example.org", True),
        ("tutum.example.org", ".example.org", True),
        ("tutum.example.org", "other.org, example.org", True),
        ("tutum.example.org", "*", True),
        ("tutum.example.org", "ample.org", False),
        ("tutum.example.org", "www.tutum.example.org", False),
        ("tutum.example.org", "", False),
        ("tutum.example.org", ",,", False),
        ("tutum.example.org", "10.0.0.0/8", False),
        ("tutum.example.org:8000", "tutum.example.org", True),
        ("tutum.example.org:8000", "tutum.example.org:8000", True),
        ("tutum.example.org:8000", "tutum.example.org:9000", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3:8000", "nonsense/, 10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.0/24", True),
        ("10.1.2.3", "10.1.2.3/24", True),
        ("10.1.2.3", "192.168.0.0/16", False),
        ("10.1.2.3", "10.0.0.0/99", False),
        ("10.1.2.3", "fd00::/8", False),
        ("[fd00::1]:8000", "fd00::/8", True),
        ("[::1]", "::1", True),
        ("[::1]", "10.0.0.0/8", False),
    ],
)
@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
def test_no_proxy_names_domains_and_ranges(host: str, no_proxy: str, is_excluded: bool, variable: str) -> None:
    found = find_proxy(f"http://{host}/api/v1/", {"ALL_PROXY": PROXY, variable: no_proxy})
    assert found == (None if is_excluded else ("ALL_PROXY", PROXY))


def test_no_proxy_lowercase_takes_precedence() -> None:
    environ = {"ALL_PROXY": PROXY, "no_proxy": "other.org", "NO_PROXY": "example.org"}
    assert find_proxy(HTTPS, environ) == ("ALL_PROXY", PROXY)
