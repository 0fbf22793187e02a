# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Who we are and whom we ask: options, environment and the file ``~/.tutum`` become one :class:`Connection`.

A value remembers the level that it came from, since a user name and a key may come from different ones and the
strongest complete credentials win.
"""

from __future__ import annotations

import base64
import json
import os
import re
import typing as t
from urllib.parse import quote, urlsplit

from ansible_collections.tutum.cloud.plugins.module_utils._errors import CredentialsError, OptionError

DEFAULT_API_URL = "https://dashboard.tutum.co"
DEFAULT_CONFIG_FILE = "~/.tutum"
API_PATH = "/api/v1/"

MAX_REQUEST_TIMEOUT = 86400
"""Seconds. What is longer is a mistake, and there are lengths that no timer takes."""

MAX_RETRIES = 1000

# The environment variable of each option, the first one that is set wins.
ENVIRONMENT: dict[str, tuple[str, ...]] = {
    "api_url": ("TUTUM_BASE_URL", "TUTUM_REST_HOST"),
    "username": ("TUTUM_USER",),
    "api_key": ("TUTUM_APIKEY",),
    "authorization": ("TUTUM_AUTH",),
    "auth_scheme": ("TUTUM_AUTH_SCHEME",),
    "config_file": ("TUTUM_CONFIG_FILE",),
    "ca_path": ("TUTUM_CA_PATH",),
}

# Levels, the strongest last. A lookup's variables and ini keys lie where Ansible itself ranks them.
FILE, INI, ENV, VARIABLE, OPTION = range(5)

_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
_BASE_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?")
_LOOPBACK = re.compile(r"localhost|127\.\d+\.\d+\.\d+|\[::1\]", re.IGNORECASE)
_UNFIT_FOR_HEADER = re.compile(r"[^\x20-\x7e]|^\s|\s$")


class Setting(t.NamedTuple):
    """An option's value with the level and the place that it came from."""

    value: t.Any
    level: int
    source: str


class Connection:
    """Where to ask, as whom, and with how much patience. Complete and checked."""

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
    ) -> None:
        """
        :param api_url: the base of all URLs, with its last slash: ``https://dashboard.tutum.co/api/v1/``.
        :param authorization: the Authorization header's value.
        :param secrets: each string that must never be shown.
        :param sources: for messages: where the credentials come from.
        :param validate_certs: whether the server's certificate is verified.
        :param ca_path: a file or folder of CA certificates, instead of the system's.
        :param request_timeout: seconds for one request, from sending to the last byte.
        :param max_retries: how often one request is tried again.
        """
        self.api_url = api_url
        self.authorization = authorization
        self.secrets = frozenset(secret for secret in (authorization, *secrets) if secret)
        # The longest first: one may be a part of another.
        self._secrets_to_hide = sorted(self.secrets, key=len, reverse=True)
        self.secrets_in_json = [json.dumps(secret)[1:-1].encode() for secret in _shortest(self.secrets)]
        """One of these is in each JSON text that has a secret in it."""
        self.sources = sources
        self.validate_certs = validate_certs
        self.ca_path = ca_path
        self.request_timeout = request_timeout
        self.max_retries = max_retries

    def hide_secrets(self, value: t.Any) -> t.Any:
        """What a server says (a text, or anything that JSON can hold) without the secrets in it.

        Lists and objects are changed in place: there may be many, and there is hardly ever a secret in them.
        """
        if isinstance(value, str):
            for secret in self._secrets_to_hide:
                if secret in value:  # in a third of the time that replace() takes
                    value = value.replace(secret, "***")
        elif isinstance(value, (dict, list)):
            for place, one in value.items() if isinstance(value, dict) else enumerate(value):
                value[place] = self.hide_secrets(one)
        return value

    @property
    def warnings(self) -> list[str]:
        """What the user should know before anything is sent."""
        parts = urlsplit(self.api_url)
        if parts.scheme == "http" and not _LOOPBACK.fullmatch(_host(self.api_url)):
            return [f"api_url: {self.api_url} is not encrypted, anybody on the way can read the API key. Use https."]
        return []

    def key(self) -> tuple[t.Any, ...]:
        """What two connections must have in common to share a session."""
        return (
            self.api_url,
            self.authorization,
            self.validate_certs,
            self.ca_path,
            self.request_timeout,
            self.max_retries,
        )


def resolve(
    given: t.Mapping[str, Setting],
    *,
    validate_certs: bool,
    request_timeout: float,
    max_retries: int,
    environ: t.Mapping[str, str] | None = None,
) -> Connection:
    """Find the connection that the settings describe.

    :param given: the options that were set, and from where. What is missing here is taken from the environment.
    :param validate_certs: see :class:`Connection`.
    :param request_timeout: see :class:`Connection`.
    :param max_retries: see :class:`Connection`.
    :param environ: the environment's variables; by default those of this process.
    :raises OptionError: an option's value cannot be used.
    :raises CredentialsError: there are no credentials, or only half of them.
    """
    if not 0 < request_timeout <= MAX_REQUEST_TIMEOUT:
        remedy = f"give a number of seconds above 0, {MAX_REQUEST_TIMEOUT} at most"
        raise OptionError("request_timeout", request_timeout, remedy)
    if not 0 <= max_retries <= MAX_RETRIES:
        raise OptionError("max_retries", max_retries, f"give 0 or a higher whole number, {MAX_RETRIES} at most")
    # An empty value is none: templates produce them, and so does `export TUTUM_USER=`.
    settings = {name: setting for name, setting in given.items() if setting.value not in (None, "")}
    environment = os.environ if environ is None else environ
    for name, variables in ENVIRONMENT.items():
        for variable in variables:
            is_weaker = name not in settings or settings[name].level < ENV
            if is_weaker and environment.get(variable):
                settings[name] = Setting(environment[variable], ENV, f"the environment variable {variable}")

    ca_path = settings.get("ca_path")
    if ca_path and not os.path.exists(os.path.expanduser(ca_path.value)):
        raise OptionError("ca_path", ca_path.value, "there is no such file or folder; name one of CA certificates")
    api_url = _api_base(settings["api_url"].value if "api_url" in settings else DEFAULT_API_URL)
    authorization, secrets, sources = _authorization(settings)
    return Connection(
        api_url,
        authorization,
        secrets=_in_all_forms([authorization, *secrets]),
        sources=sources,
        validate_certs=validate_certs,
        ca_path=os.path.expanduser(ca_path.value) if ca_path else None,
        request_timeout=request_timeout,
        max_retries=max_retries,
    )


def _host(url: str) -> str:
    """The host of a URL as it stands there, an IPv6 address in its brackets."""
    netloc = urlsplit(url).netloc
    return re.sub(r":\d*$", "", netloc)


def _api_base(value: str) -> str:
    """The base of all URLs for an ``api_url``: a scheme and host, or a whole base."""
    example = (
        "write a scheme and a host such as https://dashboard.tutum.co, or a whole base such as https://host/api/v1/"
    )
    # Before anything else, since what stands there is a secret that no message may quote.
    if "@" in value:
        remedy = "a user name or key must not stand in a URL; use the options username and api_key"
        raise OptionError("api_url", f"***@{value.rpartition('@')[2]}", remedy)
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


def _authorization(settings: t.Mapping[str, Setting]) -> tuple[str, list[str], str]:
    """The header's value, what else is secret, and where it all comes from, in words.

    The file is read only if what is stronger does not decide: a broken one must not stop those who do not need it.
    """
    chosen = _choose(settings)
    if not _is_complete(chosen):
        config_file = settings.get("config_file")
        chosen = _choose({**_read_config_file(config_file), **settings})
    if not chosen:
        raise CredentialsError(
            "There are no credentials for the API: set the options username and api_key (or authorization), or the"
            " environment variables TUTUM_USER and TUTUM_APIKEY (or TUTUM_AUTH), or write them into the file"
            f" {DEFAULT_CONFIG_FILE}, there where this runs."
        )
    if not _is_complete(chosen):
        ((name, setting),) = chosen.items()
        other = "api_key" if name == "username" else "username"
        variable = ENVIRONMENT[other][0]
        raise CredentialsError(
            f"Half of the credentials is missing: {name} comes from {setting.source}, but there is no {other}. Set the"
            f" option {other} or the environment variable {variable}, or remove the {name}."
        )

    for name, setting in chosen.items():
        if _UNFIT_FOR_HEADER.search(setting.value):
            raise CredentialsError(
                f"The {name} from {setting.source} has a character that an HTTP header cannot carry (a line break, a"
                " blank at its end, or one beyond ASCII). Is there one too many?"
            )
    sources = " and ".join(f"{name} from {setting.source}" for name, setting in chosen.items())
    if "authorization" in chosen:
        header = chosen["authorization"].value
        credentials = header.partition(" ")[2].strip()
        return header, [credentials, credentials.partition(":")[2], _key_in_base64(credentials)], sources

    username, api_key = chosen["username"].value, chosen["api_key"].value
    if ":" in username:
        shown = f"{username.partition(':')[0]}:***"
        raise OptionError("username", shown, "a user name has no colon; is the key in it? It goes into api_key")
    credentials = f"{username}:{api_key}"
    secrets = [api_key, credentials]
    scheme = settings["auth_scheme"].value if "auth_scheme" in settings else "apikey"
    if scheme == "apikey":
        return f"ApiKey {credentials}", secrets, sources
    if scheme == "basic":
        return f"Basic {_in_base64(credentials)}", secrets, sources
    raise OptionError("auth_scheme", scheme, "write apikey or basic")


def _in_all_forms(secrets: t.Iterable[str]) -> list[str]:
    """Secrets as a server may repeat them: as they are, in Base64, and both percent-encoded, with or without slashes."""
    texts = [text for secret in secrets for text in (secret, _in_base64(secret))]
    return [form for text in texts for form in (text, quote(text, safe=""), quote(text))]


def _shortest(texts: t.Iterable[str]) -> list[str]:
    """Those of the texts that no other one is a part of."""
    found: list[str] = []
    for text in sorted(texts, key=len):
        if not any(part in text for part in found):
            found.append(text)
    return found


def _in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _key_in_base64(credentials: str) -> str:
    """The key in the credentials of a Basic header; empty if that is not what they are."""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _choose(settings: t.Mapping[str, Setting]) -> dict[str, Setting]:
    """The credentials that win, which may be half a pair. A pair ranks by its stronger half."""
    pair = {name: settings[name] for name in ("username", "api_key") if name in settings}
    authorization = settings.get("authorization")
    if authorization and authorization.level >= max((half.level for half in pair.values()), default=FILE):
        return {"authorization": authorization}
    return pair


def _is_complete(chosen: t.Mapping[str, Setting]) -> bool:
    return "authorization" in chosen or len(chosen) == 2


def _read_config_file(config_file: Setting | None) -> dict[str, Setting]:
    """The credentials in the original client's INI file: ``user``, ``apikey`` and ``basic_auth`` of ``[auth]``."""
    # Imported only here: who has given credentials does not need it.
    import configparser

    path = os.path.expanduser(config_file.value if config_file else DEFAULT_CONFIG_FILE)
    parser = configparser.RawConfigParser(strict=False)
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except (FileNotFoundError, NotADirectoryError):
        if config_file:
            raise OptionError("config_file", config_file.value, "there is no such file") from None
        return {}
    except OSError as error:
        raise OptionError("config_file", path, f"it cannot be read ({error.strerror})") from None
    except (configparser.Error, ValueError):  # not UTF-8, or no path at all
        # The parser's own message quotes the line, and with it the key.
        raise OptionError(
            "config_file", path, "it is not an INI file; it needs a section [auth] with the lines user = and apikey ="
        ) from None

    source = f"the file {path}"
    found = {}
    for key, name in (("user", "username"), ("apikey", "api_key"), ("basic_auth", "authorization")):
        value = parser.get("auth", key, fallback="").strip()
        if value:
            found[name] = Setting(f"Basic {value}" if key == "basic_auth" else value, FILE, source)
    return found
