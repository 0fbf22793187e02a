# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""A call that is never carried out twice, and the action that it starts.

An action keeps the User-Agent of its call. Each call has one with a token of its own, so the action is found also where the
response has no ``X-Tutum-Action-URI`` (the reference of 2014 does not have it), and where the response is lost.
"""

from __future__ import annotations

import time
import typing as t
import uuid
from urllib.parse import urlsplit

from ansible_collections.tutum.cloud.plugins.module_utils._dates import format_iso, from_timestamp
from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    ApiError,
    OptionError,
    ResponseError,
    ThrottledError,
    TransientError,
)
from ansible_collections.tutum.cloud.plugins.module_utils._http import USER_AGENT
from ansible_collections.tutum.cloud.plugins.module_utils._lists import ListReader
from ansible_collections.tutum.cloud.plugins.module_utils._references import UUID_LENGTH, parse_action_reference

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.plugins.module_utils._call_options import CallOptions
    from ansible_collections.tutum.cloud.plugins.module_utils._client import Client
    from ansible_collections.tutum.cloud.plugins.module_utils._page import Action

ACTION_HEADER = "X-Tutum-Action-URI"

SEARCH_SECONDS = 15.0
"""How long to search for the action of a call: a new action may not be visible everywhere immediately."""

SEARCH_PAUSE_SECONDS = 0.5
"""The first pause between two searches; it doubles up to 2 seconds."""

LAST_SEARCH_SECONDS = 1.0
"""How long before the end the last search begins."""

FIRST_SEARCH_SECONDS = 5.0
"""How long the first search may take, so that one lost response does not use up the time. Each later one may take twice as
long as the one before."""

CLOCK_MARGIN_SECONDS = 2.0
"""How many seconds before the call an action may have started to count as that of the call. The Date header has a resolution
of one second, and the clocks of several servers behind one URL can differ."""


class UnknownOutcomeError(ApiError):
    """It is not known whether the call was carried out."""

    error_type = "unknown_outcome"


class Call:
    """One call, never carried out twice. What is known of it can be read at any time."""

    def __init__(
        self,
        client: Client,
        options: CallOptions,
        *,
        hidden_fields: t.Container[str] = (),
        sleep: t.Callable[[float], object] = time.sleep,
        date: t.Callable[[], float] = time.time,
        token: t.Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        """
        :param client: sends the requests.
        :param options: what to call.
        :param hidden_fields: fields of an action that are not returned.
        :param sleep: sleeps for seconds.
        :param date: returns this host's seconds since the epoch, for messages where the server's clock is not known.
        :param token: returns a text that no other call has.
        """
        self._client = client
        self._options = options
        self._hidden_fields = hidden_fields
        self._sleep = sleep
        self._date = date
        self._token = token()
        self.user_agent = " ".join(filter(None, (options.user_agent, f"{USER_AGENT} call/{self._token}")))
        self.status: int | None = None
        """The HTTP status of the response, if there was one."""
        self.response: t.Any = None
        """The JSON value in the response."""
        self.uuid: str | None = None
        """The UUID of the action, if the call has one."""
        self.was_accepted = False
        self._started = self._started_date = 0.0
        self._search_error: ApiError | None = None

    def run(self) -> None:
        """Carry out the call, and find its action.

        :raises UnknownOutcomeError: it is not known whether the call was carried out, or its action cannot be found.
        :raises ApiError: the API refused the call, or it could not be sent.
        """
        self._started, self._started_date = self._client.clock(), self._date()
        try:
            header = self._send()
        except ApiError as error:
            if not _may_have_been_carried_out(error):
                raise
            self.status = error.status
            self.uuid = self._search()
            if self.uuid is None:
                problem = f"It is not known whether the call was carried out: {error.problem}"
                raise self._unknown_outcome(problem, error.status) from None
            self.was_accepted = True
            return
        self.was_accepted = True
        # Cancel and retry respond with the action itself.
        self.uuid = self._uuid_in(header) or self._options.action_uuid
        if self.uuid is None and (header or self.status == 202):
            self.uuid = self._search()
            if self.uuid is None:
                problem = f"HTTP {self.status}: the call was accepted, but its action cannot be found"
                raise self._unknown_outcome(problem, self.status)

    def results(self) -> dict[str, t.Any]:
        """Return the values about the call that the module returns."""
        response = self.response
        if self._options.action_uuid and isinstance(response, dict):
            # The response is the action itself.
            response = {name: value for name, value in response.items() if name not in self._hidden_fields}
        return {"status": self.status, "response": response, "uuid": self.uuid, "changed": self.was_accepted}

    def _send(self) -> str:
        """Send the call until the server has certainly received it, and return the action's URI in the response."""
        options, client = self._options, self._client
        deadline = client.query_deadline()
        attempts = 0
        while True:
            attempts += 1
            try:
                response, self.response = client.send(
                    options.method, options.url, options.body, deadline=deadline, user_agent=self.user_agent
                )
            except TransientError as error:
                if _may_have_been_carried_out(error):
                    raise
                delay = client.retry_delay(attempts, error.retry_after)
                if attempts > client.settings.max_retries or client.clock() + delay >= deadline:
                    error.add(f"The call was not carried out (attempts: {attempts})")
                    raise
                self._sleep(delay)
            else:
                self.status = response.status
                return response.headers.get(ACTION_HEADER, "").strip()

    def _uuid_in(self, header: str) -> str | None:
        if not header:
            return None
        try:
            # Behind a gateway the URL may have another host.
            found = parse_action_reference(urlsplit(header).path, self._client.settings.api_url)
        except (OptionError, ValueError):
            return None  # The action is looked for.
        return found if len(found) == UUID_LENGTH else None

    def _search(self) -> str | None:
        """Return the UUID of the action whose User-Agent has the token; None if there is none within the time."""
        deadline = self._client.clock() + SEARCH_SECONDS
        pause, limit = SEARCH_PAUSE_SECONDS, FIRST_SEARCH_SECONDS
        while True:
            action = self._find_by_token(min(deadline, self._client.clock() + limit))
            if action:
                return str(action["uuid"]).lower()
            left = deadline - self._client.clock() - LAST_SEARCH_SECONDS
            if left <= 0:
                return None
            self._sleep(min(pause, left))
            pause, limit = min(2.0, 2 * pause), 2 * limit

    def _find_by_token(self, deadline: float) -> Action | None:
        reader = ListReader(self._client)
        try:
            if self._since() is None:
                reader.page({}, 0, deadline=deadline, limit=1)  # Its Date header shows the server's clock.
            since = self._since()
            filters = {"start_date__gte": since} if since else {}
            found = reader.read(filters, deadline=deadline, newest_first=None).actions
        except ApiError as error:
            self._search_error = error
            found = list(reader.collected.values())
        else:
            self._search_error = None
        return next((action for action in found if self._token in str(action.get("user_agent"))), None)

    def _since(self) -> str | None:
        """Return a moment just before the call on the server's clock."""
        moment = self._client.server_time(self._started)
        return None if moment is None else format_iso(from_timestamp(int(moment - CLOCK_MARGIN_SECONDS)))

    def _unknown_outcome(self, problem: str, status: int | None) -> UnknownOutcomeError:
        """Return the error for a call whose action was not found: what is known of it, and how to look for it later."""
        options, since = self._options, self._since()
        if since:
            time_sent, query = f"after {since} (the server's clock)", f"start_date_gte: {since}"
        else:
            date = format_iso(from_timestamp(int(self._started_date)))
            time_sent, query = f"at {date} (this host's clock)", "order: newest_first"
        query = f"{query} shows the actions since then; look for the path {options.path}"
        if options.action_uuid:
            query = f"uuid: {options.action_uuid} shows the action that the call is about"
        list_error = f" (the list of actions failed: {self._search_error.problem})" if self._search_error else ""
        problem = (
            f"{problem}. It was sent {time_sent}. No action with the token {self._token} in its user_agent was found within"
            f" {SEARCH_SECONDS:.0f} s{list_error}. Do not repeat the call before you have checked: tutum_action_info with"
            f" {query}"
        )
        return UnknownOutcomeError(options.url, problem, status=status, method=options.method)


def _may_have_been_carried_out(error: ApiError) -> bool:
    """Return whether a call that failed may have been carried out all the same."""
    if isinstance(error, TransientError):
        is_refused = isinstance(error, ThrottledError) or (error.status == 503 and error.retry_after is not None)
        return error.was_sent and not is_refused
    if isinstance(error, ResponseError):
        return True
    # An interim response is not the last one. A call that failed with any server error can have an action.
    return error.status is not None and not 200 <= error.status < 500
