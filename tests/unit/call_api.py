# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fake API that carries out calls: each starts an action with its User-Agent, also if the response is lost."""

from __future__ import annotations

import typing as t
from urllib.parse import urlsplit

from ansible_collections.tutum.cloud.plugins.module_utils._errors import TransientError
from ansible_collections.tutum.cloud.plugins.module_utils._http import USER_AGENT, Response
from ansible_collections.tutum.cloud.tests.unit.fakes import FakeApi, Fault, response, result_of

HEADER = "X_Tutum_Action_URI"
PATH = "/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/redeploy/"
SUCCESS = ((0.0, "In progress"), (2.0, "Success"))


class Reaction(t.NamedTuple):
    """The effect of one call."""

    outcome: Fault | t.Callable[[str], Fault]
    """The response or the error, or a function that returns it for the UUID of the action."""
    is_carried_out: bool = True
    fields: t.Mapping[str, t.Any] = {}
    """Fields of the action, as of :meth:`FakeApi.add`."""


def accepted(uuid: str) -> Response:
    """Return the usual response to a call."""
    return response({"name": "web"}, status=202, **{HEADER: f"/api/v1/action/{uuid}/"})


def lost(*, was_sent: bool = True) -> TransientError:
    """Return the error for a call without a response."""
    return TransientError("URL", "Connection failed: reset by peer", method="POST", was_sent=was_sent)


class Received(t.NamedTuple):
    """A call that arrived."""

    method: str
    target: str
    body: bytes | None
    user_agent: str


class CallApi(FakeApi):
    """An API whose objects can be called."""

    def __init__(
        self, *reactions: Reaction, timeline: t.Sequence[tuple[float, str]] = SUCCESS, **kwargs: t.Any
    ) -> None:
        """
        :param reactions: what happens to the first calls; then each is accepted.
        :param timeline: the states of the actions.
        """
        super().__init__(**kwargs)
        self.reactions = list(reactions)
        self.timeline = timeline
        self.received: list[Received] = []
        self.carried_out: list[str] = []
        """The UUIDs of the actions that calls started."""
        self._call = Received("", "", None, "")

    def send(
        self,
        method: str,
        url: str,
        seconds: float,
        *,
        target: str | None = None,
        body: bytes | None = None,
        user_agent: str = USER_AGENT,
    ) -> Response:
        """Respond in place of the network."""
        self._call = Received(method, target or url, body, user_agent)
        return super().send(method, url, seconds, target=target, body=body, user_agent=user_agent)

    def _respond(self, method: str, url: str) -> Response:
        if method == "GET":
            return super()._respond(method, url)
        self.received.append(self._call)
        reaction = self.reactions.pop(0) if self.reactions else Reaction(accepted)
        uuid = ""
        if reaction.is_carried_out:
            if urlsplit(url).path.startswith("/api/v1/action/"):
                return super()._respond(method, url)
            fields = {"user_agent": self._call.user_agent, **reaction.fields}
            uuid = self.add(*self.timeline, started=self.clock.now, **fields)
            self.carried_out.append(uuid)
        return result_of(reaction.outcome(uuid) if callable(reaction.outcome) else reaction.outcome)
