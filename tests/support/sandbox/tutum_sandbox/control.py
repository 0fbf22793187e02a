# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""/sandbox/: the controls of the sandbox itself. Loopback only; neither logged nor affected by faults."""

from __future__ import annotations

import functools
import ipaddress
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from .faults import faults as rules
from .faults import rule_from
from .models import SUCCESS, Action, moment, writing
from .seed import plant
from .settings import CHECKS, checked, options
from .traffic import call_count, request_log

View = Callable[[HttpRequest], HttpResponse]


def control(*methods: str) -> Callable[[View], View]:
    """Make a view accept these methods from this machine only, and return a 400 that explains a ValueError."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @functools.wraps(view)
        def guarded(request: HttpRequest) -> HttpResponse:
            if not ipaddress.ip_address(request.META["REMOTE_ADDR"]).is_loopback:
                return JsonResponse({"error": "The sandbox is controlled from its own machine only."}, status=403)
            if request.method not in methods:
                return HttpResponse(status=405, headers={"Allow": ", ".join(methods)})
            try:
                return view(request)
            except (ValueError, TypeError, IntegrityError) as error:
                return JsonResponse({"error": str(error)}, status=400)

        return guarded

    return decorate


def content(request: HttpRequest) -> Any:
    """Return the JSON in the request."""
    return json.loads(request.body)


def current_settings() -> dict[str, Any]:
    """Return the settings that can change while the server runs."""
    return {name: getattr(options(), name) for name in CHECKS}


# The settings with which the server started.
initial_settings: dict[str, Any] = current_settings()


def change_settings(wanted: dict[str, Any]) -> None:
    """Check and change settings. Raise a ValueError, and change none, if one of them is wrong."""
    values = checked(wanted)
    if "throttle" in values:
        cache.clear()  # a new limit counts from now on
    for name, value in values.items():
        setattr(options(), name, value)
    if "random_faults" in values:
        rules.randomize(values["random_faults"])


@control("GET")
def status(_request: HttpRequest) -> HttpResponse:
    """Return counts and settings."""
    return JsonResponse(
        {
            "actions": Action.objects.as_of_now().count(),
            "requests": len(request_log.entries()),
            "faults": len(rules.described()),
            "settings": current_settings(),
        }
    )


ACTION_DEFAULTS: dict[str, Any] = {
    "action": "Service Redeploy",
    "method": "POST",
    "ip": "203.0.113.17",
    "location": "New York, USA",
    "user_agent": "python-tutum/0.21.1",
    "body": "",
    "logs": "",
    "extra": None,
}


def new_action(described: dict[str, Any], now: float) -> Action:
    """Make an action from its description. Raise a ValueError for a field that does not exist."""
    given = dict(described)
    phases = given.pop("phases", None)
    from_first_request = given.pop("from_first_request", False)
    visible_after, listed_after = given.pop("visible_after", 0), given.pop("listed_after", 0)
    started = now - given.pop("started_ago", 0)
    given = {"uuid": str(uuid.uuid4()), **ACTION_DEFAULTS, **given}
    given.setdefault("object", f"/api/v1/service/{uuid.uuid5(uuid.NAMESPACE_URL, given['uuid'])}/")
    given.setdefault("path", f"{given['object'] or '/api/v1/service/'}redeploy/")
    known = {*ACTION_DEFAULTS, "uuid", "object", "path"}
    if unknown := sorted(set(given) - known):
        raise ValueError(
            f"an action has no {', '.join(unknown)}; it has {', '.join(sorted(known))}, started_ago, phases,"
            " from_first_request, visible_after, listed_after"
        )
    action = Action(**given, start_date=moment(started))
    action.hide(now, visible_after, listed_after)
    action.begin(phases or [(started - now, SUCCESS)], now)
    if from_first_request:
        action.wait_for_a_request(now)
    return action


@control("POST")
def actions(request: HttpRequest) -> HttpResponse:
    """Create actions, all or none."""
    now = time.time()
    created = [new_action(described, now) for described in content(request)]
    with writing, transaction.atomic():
        Action.objects.bulk_create(created, batch_size=500)
    return JsonResponse({"uuids": [action.uuid for action in created]}, status=201)


@control("GET", "DELETE")
def requests(request: HttpRequest) -> HttpResponse:
    """Show or clear the log of requests."""
    if request.method == "DELETE":
        request_log.clear()
    return JsonResponse({"requests": request_log.entries()})


@control("GET", "DELETE")
def calls(request: HttpRequest) -> HttpResponse:
    """Show or clear the count of the calls that were carried out."""
    if request.method == "DELETE":
        call_count.clear()
    return JsonResponse({"calls": call_count.entries()})


@control("GET", "POST", "DELETE")
def faults(request: HttpRequest) -> HttpResponse:
    """Show the rules in force, add one or several, or remove all."""
    if request.method == "DELETE":
        rules.clear()
    elif request.method == "POST":
        described = content(request)
        rules.add([rule_from(each) for each in (described if isinstance(described, list) else [described])])
    return JsonResponse({"faults": rules.described()}, status=201 if request.method == "POST" else 200)


@control("POST")
def reset(_request: HttpRequest) -> HttpResponse:
    """Restore the history; remove all faults, the log, and the counts for throttling. Settings stay."""
    with writing:
        plant()
    rules.clear()
    request_log.clear()
    call_count.clear()
    cache.clear()
    return JsonResponse({"actions": Action.objects.count()})


@control("POST", "DELETE")
def settings(request: HttpRequest) -> HttpResponse:
    """Change some settings, or restore those with which the server started; show all."""
    change_settings(initial_settings if request.method == "DELETE" else content(request))
    return JsonResponse(current_settings())
