# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Everything that hides secrets: the credentials in all forms in which a server or an option may repeat them.

Ansible hides the options that are marked with ``no_log``. It does not know what comes from the environment or a file, it
does not hide anything in the result of a lookup, and it leaves the names of fields as they are.
"""

from __future__ import annotations

import base64
import re
import typing as t
from urllib.parse import quote, unquote_plus

MASK = "***"

SHORTEST_SECRET = 4
"""Characters. A shorter secret is hidden only where it is the whole value, or everything would become unreadable."""

CREDENTIAL_NAME = re.compile(
    r"\s*(user(name)?|auth(orization)?|([\w-]*[_-])?(api[_-]?key|pass(word|wd)?|token|secret))\s*", re.IGNORECASE
)
"""A parameter in the query of a URL that is most likely a credential."""

_USER_IN_URL = re.compile(r"//[^/\s]*@")


class SecretRedactor:
    """Hides the secrets of one connection."""

    def __init__(self, secrets: t.Iterable[str]) -> None:
        """
        :param secrets: each string that must not be shown: the header's value, the key, the credentials.
        """
        forms = {form for secret in secrets if secret for form in _all_forms(secret)}
        # The longest first: one may be a part of another.
        self.secrets = sorted((form for form in forms if len(form) >= SHORTEST_SECRET), key=len, reverse=True)
        self._short = frozenset(form for form in forms if len(form) < SHORTEST_SECRET)
        self._shortest = _without_containing(self.secrets)

    def hide(self, value: t.Any) -> t.Any:
        """Return a JSON value without the secrets, in its texts and in the names of its fields.

        Lists and objects are changed in place: there may be many, and they hardly ever contain a secret.
        """
        if isinstance(value, str):
            return self._hide_in_text(value)
        if isinstance(value, list):
            for index, one in enumerate(value):
                value[index] = self.hide(one)
        elif isinstance(value, dict) and self._may_contain_secrets(value):
            shown = {self._hide_in_text(str(name)): self.hide(one) for name, one in value.items()}
            value.clear()
            value.update(shown)
        return value

    def hide_in_message(self, text: str) -> str:
        """Return a text from outside (a server, a library) without the secrets and without the user part of URLs."""
        return _USER_IN_URL.sub(f"//{MASK}@", self._hide_in_text(text))

    def _hide_in_text(self, text: str) -> str:
        if text in self._short:
            return MASK
        for secret in self._shortest:
            if secret in text:
                for one in self.secrets:
                    text = text.replace(one, MASK)
                return text
        return text

    def _may_contain_secrets(self, value: t.Mapping[str, t.Any]) -> bool:
        """Return whether an object has a secret or anything nested; one search in all of its texts is the fastest."""
        texts = [*value]
        for one in value.values():
            if isinstance(one, str):
                texts.append(one)
            elif isinstance(one, (dict, list)):
                return True
        if self._short and not self._short.isdisjoint(texts):
            return True
        text = "\0".join(texts)
        return any(secret in text for secret in self._shortest)


def misplaced_secrets(options: t.Mapping[str, t.Any]) -> list[str]:
    """Return what may be a secret in options that must not have one: in a URL, or after a colon in the username.

    All of that is refused, but the result of a module shows its options, refused or not.
    """
    references = options.get("uuid")
    urls = [options.get("api_url"), options.get("object"), *(references if isinstance(references, list) else [])]
    texts = [url for url in urls if isinstance(url, str)]
    path, _mark, call_query = (options.get("path") or "").partition("?")
    found = [f"{before}{at}" for before, at, _host in (url.rpartition("@") for url in (*texts, path)) if at]
    found += [f"{mark}{query}" for _path, mark, query in (url.partition("?") for url in texts) if query]
    # The query of a call is allowed, but not a credential in it.
    found += [one for one in call_query.split("&") if CREDENTIAL_NAME.fullmatch(unquote_plus(one.partition("=")[0]))]
    _name, colon, key = (options.get("username") or "").partition(":")
    return [*found, f"{colon}{key}"] if key else found


def secrets_of_header(value: str) -> list[str]:
    """Return the secrets in the value of an Authorization header: the value, its credentials, and the key in them."""
    credentials = value.partition(" ")[2].strip()
    try:
        decoded = base64.b64decode(credentials, validate=True).decode()
    except ValueError:
        decoded = ""
    return [value, credentials, credentials.partition(":")[2], decoded.partition(":")[2], decoded]


def to_base64(text: str) -> str:
    """Return the text in UTF-8 and Base64."""
    return base64.b64encode(text.encode()).decode()


def _all_forms(secret: str) -> list[str]:
    """Return a secret as it is, in Base64, and both percent-encoded, with and without slashes."""
    return [form for text in (secret, to_base64(secret)) for form in (text, quote(text, safe=""), quote(text))]


def _without_containing(texts: t.Iterable[str]) -> list[str]:
    """Return those of the texts that no other one is a part of."""
    found: list[str] = []
    for text in sorted(texts, key=len):
        if not any(part in text for part in found):
            found.append(text)
    return found
