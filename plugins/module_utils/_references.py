# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""References to actions and objects: a UUID, a short UUID, a resource URI, or a URL."""

from __future__ import annotations

import re
import typing as t
from functools import lru_cache
from urllib.parse import urlsplit

from ansible_collections.tutum.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.tutum.cloud.plugins.module_utils._secrets import MASK

LIST_PATH = "action/"
"""The path of the actions, below the API's base."""

UUID_LENGTH = 36
SHORT_UUID_LENGTH = 8
"""The number of characters of a UUID that the original client shows."""

MAX_REFERENCE_LENGTH = 500

_UUID_LAYOUT = (8, 4, 4, 4, 12)
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_HEX = re.compile(r"[0-9a-fA-F]{8,32}")
_ACTION_PATH = re.compile(r"(?P<base>/.*)action/(?P<name>[^/]+)/?")
_API_BASE = re.compile(r"/(?:[\w~-][\w.~-]*/)*?v\d+/", re.ASCII)
_OBJECT_PATH = re.compile(r"/(?:[\w-]+/)*?v\d+/(?P<type>[\w-]+)/(?P<name>(?:[\w~-][\w.~:-]*/)+)", re.ASCII)
_UUID_IN_PATH = re.compile(rf"(?<=/){_UUID.pattern}(?=/)")


def is_uuid(value: object) -> bool:
    """Return whether a value is a UUID in its usual form, in lowercase or uppercase."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def is_short(reference: str) -> bool:
    """Return whether a parsed reference is the beginning of a UUID and not a whole one."""
    return len(reference) < UUID_LENGTH


def parse_action_reference(value: object, api_url: str) -> str:
    """Return the UUID, or the beginning of the UUID, that a reference to an action names, in lowercase.

    :param value: a UUID, its first 8 characters or more, a resource URI (``/api/v1/action/<uuid>/``) or a full URL on the
        host of ``api_url``; white space around it is ignored.
    :param api_url: the base of the API's URLs.
    :raises OptionError: it is none of these.
    """
    text = value.strip() if isinstance(value, str) else ""
    path = _local_path("uuid", text, api_url) if "://" in text else text
    if len(path) > MAX_REFERENCE_LENGTH:
        path = ""  # A regular expression could take long to refuse it.
    match = _ACTION_PATH.fullmatch(path)
    if match and (match["base"] == urlsplit(api_url).path or _API_BASE.fullmatch(match["base"])):
        path = match["name"]
    uuid = _parse_uuid(path)
    if uuid:
        return uuid
    if value is None or value == "":  # A null in a list is an empty text for AnsibleModule.
        raise OptionError(
            "uuid",
            value,
            "It has no value. In check mode, and for calls that the API completes immediately, tutum_call returns no action."
            " Check the variable that the value comes from",
        )
    other = _OBJECT_PATH.fullmatch(f"{path.rstrip('/')}/")
    if other and other["type"] != "action":
        problem = f"This names an object of the type {other['type']}, not an action. To name an object, use object"
        raise OptionError("uuid", value, problem)
    raise OptionError(
        "uuid",
        value,
        "Not the UUID of an action, its first 8 characters or more, its resource URI (/api/v1/action/UUID/), or its URL."
        " From a result of tutum_call, use the return value uuid; of ansible.builtin.uri, x_tutum_action_uri",
    )


def parse_object(value: object, api_url: str) -> str:
    """Return the resource URI of an object as the API writes it: with the final slash, the UUID in lowercase.

    :param value: a resource URI (``/api/v1/service/<uuid>/``) or a full URL on the host of ``api_url``; white space around
        it is ignored.
    :param api_url: the base of the API's URLs.
    :raises OptionError: it is neither, or the URI of an action.
    """
    text = value.strip() if isinstance(value, str) else ""
    path = _local_path("object", text, api_url) if "://" in text else text
    path = f"{path.rstrip('/')}/"
    match = _OBJECT_PATH.fullmatch(path) if len(path) <= MAX_REFERENCE_LENGTH else None
    if not match:
        raise OptionError(
            "object", value, "Not the resource URI of an object. Expected a value such as /api/v1/service/UUID/"
        )
    if match["type"] == "action":
        raise OptionError(
            "object", value, "This is an action, not an object that has actions. To name an action, use uuid"
        )
    return _UUID_IN_PATH.sub(lambda found: found[0].lower(), path)


def object_parts(path: object) -> tuple[str | None, str | None]:
    """Return the type and the UUID in the resource URI of an object; None for a missing one."""
    return _path_parts(path) if isinstance(path, str) and len(path) <= MAX_REFERENCE_LENGTH else (None, None)


@lru_cache(maxsize=1024)
def _path_parts(path: str) -> tuple[str | None, str | None]:
    match = _OBJECT_PATH.fullmatch(path)
    if not match:
        return None, None
    name = match["name"][:-1]
    return match["type"], name if is_uuid(name) else None


def _parse_uuid(text: str) -> str | None:
    """Return a whole or short UUID with its hyphens, in lowercase; None if the text is neither."""
    digits = text.replace("-", "")
    if not _HEX.fullmatch(digits):
        return None
    parts = []
    rest = digits.lower()
    for length in _UUID_LAYOUT:
        parts.append(rest[:length])
        rest = rest[length:]
    uuid = "-".join(part for part in parts if part)
    # The hyphens are in their places, or there are none.
    return uuid if "-" not in text or text.lower().rstrip("-") == uuid else None


def _local_path(option: str, url: str, api_url: str) -> str:
    """Return the path of a URL, provided that it is on the API's host."""
    if "@" in url:
        # The part before it may be a key.
        raise OptionError(
            option, f"{MASK}@{MASK}", "Credentials in URLs are not allowed. Specify only the path or UUID"
        )
    try:
        is_local = origin(url) == origin(api_url)
    except ValueError:
        is_local = False
    if not is_local:
        host = api_url[: -len(urlsplit(api_url).path)]
        problem = f"The URL's host differs from api_url ({host}). Specify only the path or UUID"
        raise OptionError(option, url, problem)
    return f"/{url.split('/', 3)[3]}" if url.count("/") > 2 else ""


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Return the scheme, host and port of a URL.

    :raises ValueError: it is not a URL.
    """
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def last_parameter(query: t.Mapping[str, t.Sequence[str]], name: str) -> str | None:
    """Return the last value of a parameter in a parsed query: where a parameter is repeated, that one counts."""
    values = query.get(name)
    return values[-1] if values else None
