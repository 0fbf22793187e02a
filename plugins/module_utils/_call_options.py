# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The call that a user describes, validated before anything is sent."""

from __future__ import annotations

import json
import re
import typing as t
from urllib.parse import parse_qsl, unquote, urlsplit

from ansible_collections.tutum.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.tutum.cloud.plugins.module_utils._references import origin
from ansible_collections.tutum.cloud.plugins.module_utils._secrets import CREDENTIAL_NAME, MASK

METHODS = ("POST", "PATCH", "PUT", "DELETE")
MAX_USER_AGENT_LENGTH = 180
"""With what is appended to it, 249 characters: a server may store no more than 255."""

_EXAMPLE = "Expected a path such as /api/v1/service/UUID/redeploy/"
_ALLOWED_CHARACTERS = re.compile(r"[!-~]+")
_VERSION_PREFIX = "/api/v1/"
_ACTION_OPERATION = re.compile(r"/action/(?P<uuid>[0-9a-fA-F-]{36})/(?P<name>cancel|retry)/\Z")


class CallOptions:
    """One call of the API."""

    def __init__(self, options: t.Mapping[str, t.Any], api_url: str) -> None:
        """
        :param options: those of ``tutum_call``; None for one that is not set or null.
        :param api_url: the base of the API's URLs.
        :raises OptionError: an option has an invalid value.
        """
        self.method: str = options.get("method") or "POST"
        if self.method not in METHODS:
            raise OptionError("method", self.method, f"Must be one of: {', '.join(METHODS)}")
        self.url = _parse_path(options.get("path"), api_url)
        self.path = self.url.partition("?")[0][len(api_url) - len(urlsplit(api_url).path) :]
        """The path without the query, for messages."""
        operation = _ACTION_OPERATION.search(self.path)
        self.action_uuid: str | None = operation["uuid"].lower() if operation else None
        """The action that the call cancels or retries."""
        self.is_cancel = bool(operation and operation["name"] == "cancel")
        self.body: dict[str, t.Any] | None = options.get("body")
        if self.body is not None and not isinstance(self.body, dict):
            raise OptionError("body", type(self.body).__name__, "Must be a dictionary, which is sent as a JSON object")
        try:
            json.dumps(self.body, allow_nan=False)
        except (ValueError, TypeError) as error:
            raise OptionError("body", "{...}", f"Cannot be sent as JSON: {error}") from None
        self.user_agent = _parse_user_agent(options.get("user_agent"))


def _parse_path(value: object, api_url: str) -> str:
    """Return the URL of a path on the API's host."""
    text = value.strip() if isinstance(value, str) else ""
    if not text:
        problem = f"It has no value. Check the variable that it comes from. {_EXAMPLE}"
        raise OptionError("path", value if value is None else str(value), problem)
    if "@" in text.partition("?")[0]:
        raise OptionError("path", f"{MASK}@{MASK}", f"Credentials in URLs are not allowed. {_EXAMPLE}")
    if not _ALLOWED_CHARACTERS.fullmatch(text) or "\\" in text or "#" in text:
        problem = "It contains a character that is not allowed in a path, such as a space or a control character"
        raise OptionError("path", text, f"{problem}. Escape it, or remove it. {_EXAMPLE}")
    text = _without_host(text, api_url)
    path, mark, query = text.partition("?")
    if not path.startswith("/") or path.startswith("//"):
        raise OptionError("path", text, f"It does not begin with a single slash. {_EXAMPLE}")
    decoded = _decode(path)
    if not decoded.isprintable():
        raise OptionError("path", text, f"It contains an encoded control character. Remove it. {_EXAMPLE}")
    if any(part in (".", "..") for part in re.split(r"[/\\]", decoded)):
        raise OptionError("path", text, f"It contains . or .. as a part. {_EXAMPLE}")
    for name, _value in parse_qsl(query, keep_blank_values=True):
        if CREDENTIAL_NAME.fullmatch(name):
            problem = f"Its query has the parameter {name}, which looks like a credential"
            raise OptionError("path", text, f"{problem}. Use the options username and api_key instead")
    # Every URL of the API ends in a slash; without it the server redirects, and a call is never redirected.
    path = path if path.endswith("/") else f"{path}/"
    return f"{_locate(path, api_url)}{mark}{query}"


def _decode(text: str) -> str:
    """Return a text without percent-encoding, no matter how often it was encoded."""
    while text != unquote(text):
        text = unquote(text)
    return text


def _without_host(text: str, api_url: str) -> str:
    """Return a URL on the API's host as its path."""
    if "://" not in text.partition("?")[0]:
        return text
    try:
        is_local = origin(text) == origin(api_url)
    except ValueError:
        is_local = False
    if not is_local:
        host = api_url[: -len(urlsplit(api_url).path)]
        raise OptionError("path", text, f"The URL's host differs from api_url ({host}). Specify only the path")
    parts = urlsplit(text)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _locate(path: str, api_url: str) -> str:
    """Return the URL of a path; behind a gateway, the API writes its paths without the gateway's prefix."""
    base = urlsplit(api_url).path
    if not path.startswith(base) and path.startswith(_VERSION_PREFIX) and base.endswith(_VERSION_PREFIX):
        path = base + path[len(_VERSION_PREFIX) :]
    return f"{api_url[: -len(base)]}{path}"


def _parse_user_agent(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if len(text) > MAX_USER_AGENT_LENGTH or not all(" " <= character <= "~" for character in text):
        problem = f"Must be at most {MAX_USER_AGENT_LENGTH} printable ASCII characters"
        raise OptionError("user_agent", text, problem)
    return text
