# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The choices in the query of a call: the outcome of its action, and the response to the call."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tastypie.exceptions import BadRequest

from .models import FAILED, SUCCESS, phases_of

if TYPE_CHECKING:
    from django.http import HttpRequest

WORDS = {"true": True, "false": False}


def number(request: HttpRequest, name: str, type_: type[int | float]) -> Any:
    """Return a parameter that is a number of at least 0, or None. Raise a BadRequest for anything else."""
    text = request.GET.get(name)
    if text is None:
        return None
    try:
        value = type_(text)
    except ValueError:
        raise BadRequest(f"'{text}' is not a number ({name})") from None
    if not 0 <= value < 1e9:
        raise BadRequest(f"'{text}' is not a number from 0 to 1e9 ({name})")
    return value


def outcome(request: HttpRequest) -> dict[str, Any]:
    """Return the arguments of `phases_of` that the query chooses. Raise a BadRequest for a wrong number."""
    chosen: dict[str, Any] = {name: number(request, name, float) for name in ("seconds", "pending", "canceling")}
    chosen["state"] = request.GET.get("state")
    return {name: value for name, value in chosen.items() if value is not None}


@dataclass
class Call:
    """How a call that can start an action is carried out."""

    phases: list[tuple[float, str]]
    status: int
    has_action: bool
    has_header: bool
    visible_after: float
    listed_after: int


def call_from(request: HttpRequest) -> Call:
    """Read a call from the query. Raise a BadRequest for a wrong parameter.

    A status other than 202 is that of a synchronous call: its action is in its final state from the start.
    """
    status = number(request, "status", int)
    if status is None:
        status = HTTPStatus.ACCEPTED
    if not 200 <= status <= 599:
        raise BadRequest(f"'{status}' is not a status from 200 to 599 (status)")
    chosen = outcome(request)
    if status == HTTPStatus.ACCEPTED:
        phases = phases_of(**chosen)
    else:
        phases = [(0.0, chosen.get("state", SUCCESS if status < 400 else FAILED))]
    action, header = request.GET.get("action", "created"), request.GET.get("header")
    if action not in ("created", "none"):
        raise BadRequest(f"'{action}' is neither created nor none (action)")
    if header not in (None, *WORDS):
        raise BadRequest(f"'{header}' is neither true nor false (header)")
    return Call(
        phases=phases,
        status=status,
        has_action=action == "created",
        has_header=action == "created" and WORDS.get(header, status == HTTPStatus.ACCEPTED),
        visible_after=number(request, "visible_after", float) or 0.0,
        listed_after=number(request, "listed_after", int) or 0,
    )
