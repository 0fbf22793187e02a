# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the connection, which modules and lookup have in common."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  api_url:
    description:
      - Where the API is. Set it to ask an API-compatible endpoint, or the collection's sandbox.
      - A scheme and a host, to which C(/api/v1/) is added, or a whole base such as V(https://host/api/audit/v1/).
      - If not set, the environment variable E(TUTUM_BASE_URL) is used, then E(TUTUM_REST_HOST), then
        V(https://dashboard.tutum.co).
    type: str
  username:
    description:
      - The account's user name. It needs O(api_key), too.
      - If not set, the environment variable E(TUTUM_USER) is used, then C(user) in O(config_file).
    type: str
  api_key:
    description:
      - The account's API key. It is a secret, keep it in a vault or in the environment.
      - If not set, the environment variable E(TUTUM_APIKEY) is used, then C(apikey) in O(config_file).
    type: str
  authorization:
    description:
      - The value of the Authorization header, ready to send. Set it instead of O(username) and O(api_key) where that is
        what you were given, as in a container with an API role. It is a secret.
      - If not set, the environment variable E(TUTUM_AUTH) is used, then C(basic_auth) in O(config_file).
      - Options beat the environment, which beats O(config_file). Where both come from the same of these, O(authorization)
        beats O(username) and O(api_key).
    type: str
  auth_scheme:
    description:
      - How to send O(username) and O(api_key). Set it to V(basic) for an endpoint that does not know V(apikey).
      - If not set, the environment variable E(TUTUM_AUTH_SCHEME) is used, then V(apikey).
    type: str
    choices:
      apikey: "C(Authorization: ApiKey username:api_key)."
      basic: "C(Authorization: Basic), followed by both in Base64."
  config_file:
    description:
      - The INI file of the original command-line client, with C(user), C(apikey) and C(basic_auth) in the section
        C([auth]). It is read where the plugin runs, and only when options and environment do not give all credentials.
      - If not set, the environment variable E(TUTUM_CONFIG_FILE) is used, then V(~/.tutum).
    type: path
  validate_certs:
    description:
      - Whether to verify the server's certificate. With V(false) anybody on the way can read the API key; for a
        certificate of your own set O(ca_path) instead.
    type: bool
    default: true
  ca_path:
    description:
      - A file or a folder of CA certificates to trust instead of the usual ones.
      - If not set, the environment variable E(TUTUM_CA_PATH) is used, then E(REQUESTS_CA_BUNDLE), then the CA
        certificates that come with the Python library requests.
    type: path
  request_timeout:
    description:
      - How many seconds one request may take, from sending it to the last byte of its answer. Set it higher for a slow
        server, or lower to notice sooner that there is none.
      - A query as a whole may take so long for each of its tries, that is O(request_timeout) times one more than
        O(max_retries).
    type: float
    default: 30.0
  max_retries:
    description:
      - How often one request is tried again after a failed connection, a time-out, or one of the HTTP statuses 429, 500,
        502, 503 and 504. The pause grows from half a second, or is as long as the server says. Set it to V(0) to be
        told at once.
    type: int
    default: 5
notes:
  - The environment variables E(HTTPS_PROXY), E(HTTP_PROXY) and E(NO_PROXY) are honoured. C(~/.netrc) is not read.
  - The API key is sent to the host of O(api_url) and to no other. Redirects to another one are refused.
requirements:
  - requests
"""

    # What a lookup has beside: where else its options can come from. The environment is not among it, since Ansible would
    # take an empty variable for a value that beats the rest. It is read where modules read it, see _credentials.py.
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
