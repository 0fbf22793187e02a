# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a call, validated before anything is sent."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._call_options import CallOptions
from ansible_collections.tutum.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.tutum.cloud.plugins.module_utils._http import USER_AGENT
from ansible_collections.tutum.cloud.plugins.module_utils._secrets import misplaced_secrets
from ansible_collections.tutum.cloud.tests.unit.fakes import API_URL

HOST = "https://tutum.example.org"
PATH = "/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/start/"
GATEWAY = f"{HOST}/gateway/api/v1/"
ACTION = "6246c558-976c-4df6-ba60-eb1a344a17af"


def options(api_url: str = API_URL, **values: t.Any) -> CallOptions:
    """Return the options of a call."""
    return CallOptions({"path": PATH, **values}, api_url)


@pytest.mark.parametrize(
    ("path", "url"),
    [
        (PATH, f"{HOST}{PATH}"),
        (PATH[:-1], f"{HOST}{PATH}"),
        (f" {PATH}\n", f"{HOST}{PATH}"),
        (f"{PATH}?seconds=1&state=In%20progress", f"{HOST}{PATH}?seconds=1&state=In%20progress"),
        (f"{PATH[:-1]}?logs=a/b", f"{HOST}{PATH}?logs=a/b"),
        (f"{PATH}?mail=a@b&token_count=3", f"{HOST}{PATH}?mail=a@b&token_count=3"),
        (f"{HOST}{PATH}", f"{HOST}{PATH}"),
        (f"HTTPS://Tutum.Example.Org:443{PATH[:-1]}?a=b", f"{HOST}{PATH}?a=b"),
        ("/api/v1/stack/my%20stack/...a/", f"{HOST}/api/v1/stack/my%20stack/...a/"),
        ("/api/audit/v1/action/", f"{HOST}/api/audit/v1/action/"),
    ],
)
def test_path_is_on_host_of_api_url(path: str, url: str) -> None:
    assert options(path=path).url == url


@pytest.mark.parametrize("path", [PATH, f"/gateway{PATH}", f"{HOST}/gateway{PATH}"])
def test_path_behind_gateway_has_its_prefix(path: str) -> None:
    chosen = options(GATEWAY, path=path)
    assert chosen.url == f"{HOST}/gateway{PATH}"
    assert chosen.path == f"/gateway{PATH}"


def test_path_in_messages_has_no_query() -> None:
    assert options(path=f"{PATH}?logs=private").path == PATH


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        (None, "It has no value. Check the variable that it comes from"),
        ("", "It has no value"),
        (" \n", "It has no value"),
        (["/api/"], "It has no value"),
        ("api/v1/service/", "does not begin with a single slash"),
        ("service", "does not begin with a single slash"),
        ("?a=b", "does not begin with a single slash"),
        ("//evil.example/api/", "does not begin with a single slash"),
        ("javascript:alert(1)", "does not begin with a single slash"),
        (HOST, "does not begin with a single slash"),
        (f"{HOST}//evil.example/", "does not begin with a single slash"),
        ("https://evil.example/api/v1/", r"host differs from api_url \(https://tutum.example.org\)"),
        ("http://tutum.example.org/api/v1/", "host differs from api_url"),
        ("https://tutum.example.org:8443/api/v1/", "host differs from api_url"),
        ("https://tutum.example.org.evil.example/", "host differs from api_url"),
        ("https:///api/v1/", "host differs from api_url"),
        ("https://[::1/api/v1/", "host differs from api_url"),
        ("https://tutum.example.org:port/api/v1/", "host differs from api_url"),
        ("file:///etc/passwd", "host differs from api_url"),
        ("https://alice:s3cr3t@tutum.example.org/api/v1/", "Credentials in URLs are not allowed"),
        ("/@evil.example/", "Credentials in URLs are not allowed"),
        ("/api/v1/service/../node/", "contains . or .. as a part"),
        ("/api/v1/service/./start/", "contains . or .. as a part"),
        ("/api/v1/service/..", "contains . or .. as a part"),
        ("/api/v1/%2e%2e/node/", "contains . or .. as a part"),
        ("/api/v1/.%2E/node/", "contains . or .. as a part"),
        ("/api/v1/%252e%252e/node/", "contains . or .. as a part"),
        ("/api/v1/x%2f..%2Fnode/", "contains . or .. as a part"),
        ("/api/v1/x%5c..%5cnode/", "contains . or .. as a part"),
        ("/api/v1/service\\..\\node/", "character that is not allowed"),
        ("/\\evil.example/", "character that is not allowed"),
        ("/api/v1/service/a b/", "character that is not allowed"),
        ("/api/v1/\r\nHost: evil/", "character that is not allowed"),
        ("/api/v1/\x00/", "character that is not allowed"),
        ("/api/v1/\x7f/", "character that is not allowed"),
        ("/api/v1/sërvice/", "character that is not allowed"),
        ("/api/v1/service/#top", "character that is not allowed"),
        ("/api/v1/service/?a=b c", "character that is not allowed"),
        ("/api/v1/a%0d%0aHost:%20evil/", "encoded control character"),
        ("/api/v1/a%00/", "encoded control character"),
        ("/api/v1/a%250a/", "encoded control character"),
    ],
)
def test_path_invalid_is_refused(path: object, problem: str) -> None:
    with pytest.raises(OptionError, match=rf"^Invalid value for option path: .*{problem}"):
        options(path=path)


@pytest.mark.parametrize(
    "name",
    [
        *("api_key", "apikey", "api-key", "API_KEY", "api%5Fkey", "+api_key", "x-api-key"),
        *("user", "username", "password", "passwd", "pass", "token", "access_token", "auth", "Authorization"),
        *("secret", "client_secret"),
    ],
)
def test_path_with_credential_in_query_is_refused_and_hidden(name: str) -> None:
    path = f"{PATH}?seconds=1&{name}=s3cr3t"
    with pytest.raises(OptionError, match="which looks like a credential") as caught:
        options(path=path)
    assert "s3cr3t" not in str(caught.value)
    # AnsibleModule hides this in the options that it returns.
    assert misplaced_secrets({"path": path}) == [f"{name}=s3cr3t"]


def test_path_with_credential_before_host_is_refused_and_hidden() -> None:
    path = f"https://alice:s3cr3t@tutum.example.org{PATH}?a=b"
    with pytest.raises(OptionError, match=r"^Invalid value for option path: '\*\*\*@\*\*\*'\. Credentials") as caught:
        options(path=path)
    assert "s3cr3t" not in str(caught.value)
    assert misplaced_secrets({"path": path}) == ["https://alice:s3cr3t@"]


def test_path_with_usual_query_is_not_hidden() -> None:
    assert misplaced_secrets({"path": f"{PATH}?seconds=1&mail=a@b&token_count=2"}) == []


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_method_valid(method: str) -> None:
    assert options(method=method).method == method


def test_method_default_is_post() -> None:
    assert options(method=None).method == "POST"


@pytest.mark.parametrize("method", ["GET", "post", "POST ", "CONNECT", "POST\r\nHost: evil"])
def test_method_unknown_is_refused(method: str) -> None:
    with pytest.raises(OptionError, match=r"option method: .*Must be one of: POST, PATCH, PUT, DELETE"):
        options(method=method)


@pytest.mark.parametrize("body", [None, {}, {"a": [1, None, {"b": "ü"}]}])
def test_body_dictionary_is_kept(body: t.Any) -> None:
    assert options(body=body).body == body


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ([1], "'list'. Must be a dictionary"),
        ("a=b", "'str'. Must be a dictionary"),
        (True, "'bool'. Must be a dictionary"),
        ({"a": float("nan")}, "Cannot be sent as JSON"),
        ({"a": float("inf")}, "Cannot be sent as JSON"),
        ({"a": {1, 2}}, "Cannot be sent as JSON"),
    ],
)
def test_body_that_is_no_json_object_is_refused(body: object, problem: str) -> None:
    with pytest.raises(OptionError, match=f"option body: .*{problem}"):
        options(body=body)


@pytest.mark.parametrize(("value", "text"), [(None, ""), ("", ""), (" ci 7 ", "ci 7"), ("x" * 180, "x" * 180)])
def test_user_agent_valid(value: str | None, text: str) -> None:
    chosen = options(user_agent=value)
    assert chosen.user_agent == text
    # The name, the collection, and a token of 32 characters.
    assert len(f"{text} {USER_AGENT} call/{'0' * 32}") <= 255


@pytest.mark.parametrize("value", ["x" * 181, "a\nb", "a\x00", "é", "a\r\nAuthorization: x"])
def test_user_agent_invalid_is_refused(value: str) -> None:
    with pytest.raises(OptionError, match=r"option user_agent: .*Must be at most 180 printable ASCII characters"):
        options(user_agent=value)


@pytest.mark.parametrize(
    ("path", "uuid", "is_cancel"),
    [
        (f"/api/v1/action/{ACTION}/cancel/", ACTION, True),
        (f"/api/v1/action/{ACTION.upper()}/cancel?seconds=1", ACTION, True),
        (f"/api/v1/action/{ACTION}/retry/", ACTION, False),
        (f"/api/v1/action/{ACTION}/", None, False),
        (f"/api/v1/service/{ACTION}/cancel/", None, False),
        (PATH, None, False),
    ],
)
def test_operation_on_action_is_recognized(path: str, uuid: str | None, is_cancel: bool) -> None:
    chosen = options(path=path)
    assert (chosen.action_uuid, chosen.is_cancel) == (uuid, is_cancel)
