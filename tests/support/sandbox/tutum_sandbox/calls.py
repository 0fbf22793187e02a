# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects of the API, and the calls that start actions."""

from __future__ import annotations

import time
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.urls import re_path
from tastypie.http import HttpNotFound
from tastypie.resources import Resource

from .api_base import ApiOptions
from .models import Action, CloudObject, moment, writing
from .outcome import call_from
from .settings import ORDERS, options
from .traffic import call_count

if TYPE_CHECKING:
    from django.http import HttpRequest

# For each verb, the state of an object while the action runs, and after it succeeded.
VERBS = {
    "start": ("Starting", "Running"),
    "stop": ("Stopping", "Stopped"),
    "redeploy": ("Redeploying", "Running"),
    "scale": ("Scaling", "Running"),
    "deploy": ("Deploying", "Deployed"),
    "terminate": ("Terminating", "Terminated"),
}
TYPE_NAMES = {"nodecluster": "Node Cluster"}


class CloudObjectResource(Resource):
    """`/<type>/<uuid>/`: any object of any type, and the calls that start actions."""

    class Meta(ApiOptions):
        """Reading, deleting, and the verbs."""

        resource_name = "object"
        detail_allowed_methods = ("get", "delete")
        verb_allowed_methods = ("post",)

    def base_urls(self) -> list[Any]:
        """Return patterns for any type; Django tries this resource last."""
        thing = r"^(?P<type>[a-z]+)/(?P<uuid>[0-9a-fA-F-]{36})/"
        return [
            re_path(rf"{thing}$", self.wrap_view("dispatch_detail")),
            re_path(rf"{thing}(?P<verb>{'|'.join(VERBS)})/$", self.wrap_view("dispatch_verb")),
        ]

    def dispatch_verb(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Check and throttle the request like any other, then start the action."""
        return self.dispatch("verb", request, **kwargs)

    def get_detail(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Return an object of the history, or one that a call was made for."""
        thing = CloudObject.objects.filter(uri=self.uri_of(kwargs)).first()
        return HttpNotFound() if thing is None else self.create_response(request, self.shown(thing))

    def post_verb(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Carry out a call; by default 202, the action's URI in a header, and the object as body."""
        return self.perform(request, kwargs, kwargs["verb"])

    def delete_detail(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Carry out the call that terminates the object."""
        return self.perform(request, kwargs, "terminate")

    def perform(self, request: HttpRequest, kwargs: dict[str, Any], verb: str) -> HttpResponse:
        """Carry out a call with the outcome in its query. The object need not exist before."""
        now = time.time()
        call = call_from(request)
        uri = self.uri_of(kwargs)
        type_name = TYPE_NAMES.get(kwargs["type"], kwargs["type"].title())
        # These fields are those of the HTTP request, unchanged, so that a client can find the action of its call.
        action = Action(
            uuid=str(uuid.uuid4()),
            action=f"{type_name} {verb.title()}",
            method=request.method,
            path=request.path,
            object=uri,
            start_date=moment(now),
            ip=request.META["REMOTE_ADDR"],
            location="",
            user_agent=request.headers.get("User-Agent", ""),
            body=request.body.decode("utf-8", "replace"),
            logs=request.GET.get("logs", ""),
        )
        action.hide(now, call.visible_after, call.listed_after)
        action.begin(call.phases, now)
        with writing:
            name = f"{kwargs['type']}-{kwargs['uuid'][:8]}"
            thing, _new = CloudObject.objects.get_or_create(uri=uri, defaults={"name": name})
            if call.has_action:
                action.save()
            call_count.add(request.method, request.path, action.uuid if call.has_action else None)
        response = self.response_to(request, call.status, thing, action)
        if call.has_header:
            response["X-Tutum-Action-URI"] = self.uri_of_action(action.uuid)
        return response

    def response_to(self, request: HttpRequest, status: int, thing: CloudObject, action: Action) -> HttpResponse:
        """Return the response to a call that was carried out."""
        if status == HTTPStatus.NO_CONTENT:
            return HttpResponse(status=status)
        content = self.shown(thing) if status < 400 else {"error": action.logs or f"{action.action} failed"}
        response: HttpResponse = self.create_response(request, content)
        response.status_code = status
        return response

    def uri_of(self, kwargs: dict[str, Any]) -> str:
        """Return the resource URI of the object that the URL names."""
        return f"/api/{self._meta.api_name}/{kwargs['type']}/{kwargs['uuid'].lower()}/"

    def uri_of_action(self, uuid_: str) -> str:
        """Return the resource URI of an action."""
        return f"/api/{self._meta.api_name}/action/{uuid_}/"

    def shown(self, thing: CloudObject) -> dict[str, Any]:
        """Return an object as the API shows it. Its state depends on its last action."""
        actions = list(Action.objects.for_api().filter(object=thing.uri))
        state = "Not running"
        if actions:
            last = actions[-1]
            during, after = VERBS.get(last.path.rstrip("/").rpartition("/")[2], VERBS["terminate"])
            state = during if not last.finished else after if last.state == "Success" else "Not running"
        if options().order != ORDERS[0]:
            actions.reverse()
        return {
            "uuid": thing.uri.split("/")[4],
            "resource_uri": thing.uri,
            "name": thing.name,
            "state": state,
            "parent": thing.parent,
            "actions": [self.uri_of_action(action.uuid) for action in actions],
        }
