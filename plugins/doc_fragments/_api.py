# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connection options that all plugins share."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  api_url:
    description:
      - The URL of the API. Set it to use an API-compatible endpoint, or the sandbox of this collection.
      - The value is either a scheme and a host, to which C(/api/v1/) is added, or a full base URL such as
        V(https://host/api/audit/v1/).
      - If not set, the value of the environment variable E(TUTUM_BASE_URL) is used, then that of E(TUTUM_REST_HOST),
        then V(https://dashboard.tutum.co).
    type: str
  username:
    description:
      - The username of the account. Requires an API key, see O(api_key).
      - If not set, the value of the environment variable E(TUTUM_USER) is used, then that of C(user) in O(config_file).
    type: str
  api_key:
    description:
      - The API key of the account. The key is a secret. Store it in a vault or in the environment.
      - A key that is enclosed in quotes, or that begins or ends with white space, is rejected.
      - If not set, the value of the environment variable E(TUTUM_APIKEY) is used, then the password of the account in
        E(TUTUM_PASS), then the value of C(apikey) in O(config_file).
      - E(TUTUM_PASS) is supported since tutum.cloud 1.1.0. A password is always sent as with O(auth_scheme=basic).
    type: str
  authorization:
    description:
      - The complete value of the C(Authorization) header. The value is a secret.
      - Set it instead of O(username) and O(api_key) if you were given such a value, for example in a container that has
        an API role.
      - If not set, the value of the environment variable E(TUTUM_AUTH) is used, then that of C(basic_auth) in
        O(config_file).
      - Options take precedence over environment variables, and environment variables take precedence over
        O(config_file). If both kinds of credentials have the same source, O(authorization) takes precedence over
        O(username) and O(api_key).
    type: str
  auth_scheme:
    description:
      - How to send O(username) and O(api_key). Set it to V(basic) for an endpoint that does not support V(apikey).
      - If not set, the value of the environment variable E(TUTUM_AUTH_SCHEME) is used, then V(apikey).
    type: str
    choices:
      apikey: "Send C(Authorization: ApiKey username:api_key)."
      basic: "Send C(Authorization: Basic), followed by the username and the API key in Base64."
  config_file:
    description:
      - The path of the INI file of the legacy Tutum CLI. Its section C([auth]) can contain C(user), C(apikey), and
        C(basic_auth).
      - The file is read on the host that runs the plugin, and only if options and environment variables do not provide
        complete credentials.
      - If not set, the value of the environment variable E(TUTUM_CONFIG_FILE) is used, then V(~/.tutum).
    type: path
  validate_certs:
    description:
      - Whether to verify the TLS certificate of the server.
      - With V(false), an on-path attacker can read the API key. For a certificate of a private CA, set O(ca_path)
        instead.
    type: bool
    default: true
  ca_path:
    description:
      - The path of a CA bundle file or of a directory of CA certificates, to trust instead of the default ones.
      - If not set, the value of the environment variable E(TUTUM_CA_PATH) is used, then that of E(REQUESTS_CA_BUNDLE),
        then that of E(SSL_CERT_FILE), then the CA certificates that the Python library requests provides.
      - E(SSL_CERT_FILE) is supported since tutum.cloud 1.1.0.
    type: path
  request_timeout:
    description:
      - The timeout of one request in seconds, from the name resolution to the last byte of the response.
      - Increase it for a slow server. Decrease it to detect an unavailable server sooner.
      - A query with M(tutum.cloud.tutum_action_info) or P(tutum.cloud.tutum_action#lookup) takes at most
        O(request_timeout) times (O(max_retries) + 1) seconds in total.
    type: float
    default: 30.0
  max_retries:
    description:
      - How many times to retry a request that fails with a connection error, a timeout, or one of the HTTP status codes
        408, 425, 429, and 5xx, except 501 and 505.
      - The delay between retries starts at half a second and increases. If the response has a C(Retry-After) header,
        its delay is used.
      - Set it to V(0) to fail without a retry.
    type: int
    default: 5
notes:
  - The environment variables E(HTTPS_PROXY), E(HTTP_PROXY), and E(NO_PROXY) are honored. C(~/.netrc) is not used.
  - Credentials are sent to the scheme, host, and port of O(api_url) only. Redirects to another origin are refused.
requirements:
  - requests
"""

    # Additional sources of the options for the lookup plugin. Environment variables are not declared here, because
    # Ansible treats an empty variable as a value. _sources.py reads them, as it does for the modules.
    PLUGIN = r"""
options:
  api_url:
    ini:
      - {section: tutum_cloud, key: api_url}
    vars:
      - name: tutum_api_url
  username:
    ini:
      - {section: tutum_cloud, key: username}
    vars:
      - name: tutum_username
  api_key:
    vars:
      - name: tutum_api_key
  authorization:
    vars:
      - name: tutum_authorization
  auth_scheme:
    ini:
      - {section: tutum_cloud, key: auth_scheme}
    vars:
      - name: tutum_auth_scheme
  config_file:
    ini:
      - {section: tutum_cloud, key: config_file}
    vars:
      - name: tutum_config_file
  validate_certs:
    ini:
      - {section: tutum_cloud, key: validate_certs}
    vars:
      - name: tutum_validate_certs
  ca_path:
    ini:
      - {section: tutum_cloud, key: ca_path}
    vars:
      - name: tutum_ca_path
  request_timeout:
    ini:
      - {section: tutum_cloud, key: request_timeout}
    vars:
      - name: tutum_request_timeout
  max_retries:
    ini:
      - {section: tutum_cloud, key: max_retries}
    vars:
      - name: tutum_max_retries
"""
