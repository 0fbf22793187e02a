# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Connection settings: options, environment variables and the file ``~/.tutum`` become one :class:`ConnectionSettings`."""

from __future__ import annotations

import os
import re
import typing as t
from urllib.parse import urlsplit

from ansible_collections.tutum.cloud.plugins.module_utils._credentials import build_authorization
from ansible_collections.tutum.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.tutum.cloud.plugins.module_utils._secrets import MASK, SecretRedactor
from ansible_collections.tutum.cloud.plugins.module_utils._sources import Setting, with_environment

DEFAULT_API_URL = "https://dashboard.tutum.co"
API_PATH = "/api/v1/"

MAX_REQUEST_TIMEOUT_SECONDS = 86400
"""The maximum of request_timeout: one day. Timers do not accept arbitrarily large values."""

LARGEST_MAX_RETRIES = 1000

CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")

_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
_BASE_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?")
_LOOPBACK = re.compile(r"localhost|127\.\d+\.\d+\.\d+|\[::1\]", re.IGNORECASE)


class ConnectionSettings:
    """Where the API is, and how to authenticate. Complete and validated."""

    def __init__(
        self,
        api_url: str,
        authorization: str,
        *,
        secrets: t.Iterable[str] = (),
        sources: str = "",
        validate_certs: bool = True,
        ca_path: str | None = None,
        request_timeout: float = 30.0,
        max_retries: int = 5,
        environ: t.Mapping[str, str] | None = None,
    ) -> None:
        """
        :param api_url: the base of all URLs, with its final slash: ``https://dashboard.tutum.co/api/v1/``.
        :param authorization: the value of the Authorization header.
        :param secrets: what else must not be shown.
        :param sources: in words, where the credentials come from.
        :param validate_certs: whether to verify the server's certificate.
        :param ca_path: a file or directory of CA certificates to use instead of the default ones.
        :param request_timeout: seconds for one request, from name resolution to the last byte of the response.
        :param max_retries: how often one request is retried.
        :param environ: the environment variables, for proxies.
        """
        self.api_url = api_url
        self.authorization = authorization
        self.redactor = SecretRedactor([authorization, *secrets])
        self.sources = sources
        self.validate_certs = validate_certs
        self.ca_path = ca_path
        self.request_timeout = request_timeout
        self.max_retries = max_retries
        self.environ: t.Mapping[str, str] = os.environ if environ is None else environ

    @property
    def warnings(self) -> list[str]:
        """What the user should know before anything is sent."""
        parts = urlsplit(self.api_url)
        if parts.scheme == "http" and not _LOOPBACK.fullmatch(_host(self.api_url)):
            return [f"The API key is sent unencrypted because api_url ({self.api_url}) does not use HTTPS."]
        return []

    def key(self) -> tuple[t.Any, ...]:
        """Return the parts that two settings must have in common to share a connection."""
        proxies = tuple(
            sorted((name, value) for name, value in self.environ.items() if name.lower().endswith("_proxy"))
        )
        return (
            self.api_url,
            self.authorization,
            self.validate_certs,
            self.ca_path,
            self.request_timeout,
            self.max_retries,
            proxies,
        )


def resolve_settings(
    given: t.Mapping[str, Setting],
    *,
    validate_certs: bool,
    request_timeout: float,
    max_retries: int,
    environ: t.Mapping[str, str] | None = None,
) -> ConnectionSettings:
    """Return the connection that options, environment and file describe.

    :param given: the options that are set. What is missing is taken from the environment, then from the file.
    :param validate_certs: see :class:`ConnectionSettings`.
    :param request_timeout: see :class:`ConnectionSettings`.
    :param max_retries: see :class:`ConnectionSettings`.
    :param environ: the environment variables; by default those of this process.
    :raises OptionError: an option has an invalid value.
    :raises CredentialsError: the credentials are missing or incomplete.
    """
    if not 0 < request_timeout <= MAX_REQUEST_TIMEOUT_SECONDS:
        problem = f"Must be greater than 0 and at most {MAX_REQUEST_TIMEOUT_SECONDS} (seconds)"
        raise OptionError("request_timeout", request_timeout, problem)
    if not 0 <= max_retries <= LARGEST_MAX_RETRIES:
        raise OptionError("max_retries", max_retries, f"Must be an integer between 0 and {LARGEST_MAX_RETRIES}")
    environment = os.environ if environ is None else environ
    settings = with_environment(given, environment)
    ca_path = settings["ca_path"].value if "ca_path" in settings else None
    if ca_path:
        path = os.path.expanduser(ca_path)
        if not os.path.exists(path):
            problem = "File or directory not found. Specify a CA bundle file or a directory of CA certificates"
            raise OptionError("ca_path", ca_path, problem)
        ca_path = path
    else:
        # The library's own look-up is off, see _http.py.
        ca_path = next((environment[name] for name in CA_VARIABLES if environment.get(name)), None)
    api_url = _parse_api_url(settings["api_url"].value if "api_url" in settings else DEFAULT_API_URL)
    authorization, secrets, sources = build_authorization(settings)
    return ConnectionSettings(
        api_url,
        authorization,
        secrets=secrets,
        sources=sources,
        validate_certs=validate_certs,
        ca_path=ca_path,
        request_timeout=request_timeout,
        max_retries=max_retries,
        environ=environment,
    )


def _host(url: str) -> str:
    """Return the host of a URL as written, an IPv6 address in its brackets."""
    return re.sub(r":\d*$", "", urlsplit(url).netloc)


def _parse_api_url(value: str) -> str:
    """Return the base of all URLs for an ``api_url``: a scheme and host, or a whole base."""
    example = (
        "Specify a scheme and host, for example https://dashboard.tutum.co, or a full base URL, for example"
        " https://host/api/v1/"
    )
    value = value.strip()
    # Before anything else: the part before it is a secret that no message may quote.
    if "@" in value:
        problem = "Credentials in URLs are not allowed. Use the options username and api_key instead"
        raise OptionError("api_url", f"{MASK}@{value.rpartition('@')[2]}", problem)
    try:
        parts = urlsplit(value)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        raise OptionError("api_url", value, example) from None
    if parts.scheme not in ("http", "https") or not port_is_valid or not _HOST.fullmatch(_host(value)):
        raise OptionError("api_url", value, example)
    if parts.query or parts.fragment or "?" in value or "#" in value or not _BASE_PATH.fullmatch(parts.path):
        raise OptionError("api_url", value, example)
    path = parts.path if parts.path not in ("", "/") else API_PATH
    return f"{parts.scheme}://{parts.netloc.lower()}{path.rstrip('/')}/"
