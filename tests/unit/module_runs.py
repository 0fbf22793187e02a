# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a module's main() in this process, as Ansible does on a managed node, with a fake API in place of the network."""

from __future__ import annotations

import json
import typing as t

from ansible.module_utils import basic

from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY, API_URL, FakeApi, replace_network

if t.TYPE_CHECKING:
    import pytest

LOGIN = {"api_url": API_URL, "username": "alice", "api_key": API_KEY}


class ModuleRuns:
    """Runs modules with one fake API, and reads their output."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], api: FakeApi) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        replace_network(monkeypatch, api)

    def run(self, main: t.Callable[[], None], options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Run a module, and return its result as Ansible reads it from stdout."""
        arguments = {"ANSIBLE_MODULE_ARGS": dict(options)}
        self._monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps(arguments).encode())
        # Since core 2.19, the serialization has a name. Older versions ignore it.
        self._monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        status: object = None
        try:
            main()
        except SystemExit as end:
            status = end.code
        printed = self._capsys.readouterr().out
        result: dict[str, t.Any] = json.loads(printed)
        # Since core 2.22, a module lists the values to hide, and Ansible hides them when it reads the result.
        text = json.dumps({name: value for name, value in result.items() if name != "_ansible_new_secrets"})
        for secret in result.get("_ansible_new_secrets", ()):
            text = text.replace(json.dumps(secret)[1:-1], "$REDACTED$")
        assert API_KEY not in text
        result = json.loads(text)
        assert status == (1 if result.get("failed") else 0)
        return result
