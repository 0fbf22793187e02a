# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API itself, as Tastypie resources."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

from django.urls import re_path
from tastypie import fields
from tastypie.authentication import ApiKeyAuthentication, BasicAuthentication, MultiAuthentication
from tastypie.bundle import Bundle
from tastypie.exceptions import BadRequest
from tastypie.http import HttpAccepted, HttpConflict, HttpNotFound
from tastypie.paginator import Paginator
from tastypie.resources import ModelResource, Resource
from tastypie.serializers import Serializer
from tastypie.throttle import CacheThrottle

from .models import (
    CANCELED,
    CANCELING,
    IN_PROGRESS,
    PENDING,
    Action,
    ActionQuerySet,
    CloudObject,
    moment,
    phases_of,
    writing,
)
from .settings import options

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

# What a verb makes of an object: its state meanwhile, and when the action ended well.
VERBS = {
    "start": ("Starting", "Running"),
    "stop": ("Stopping", "Stopped"),
    "redeploy": ("Redeploying", "Running"),
    "scale": ("Scaling", "Running"),
    "deploy": ("Deploying", "Deployed"),
    "terminate": ("Terminating", "Terminated"),
}
TYPE_NAMES = {"nodecluster": "Node Cluster"}


class OneAccount:
    """Checks what Tastypie read from the request against the one account of a sandbox."""

    def is_authenticated(self, request: HttpRequest, **_kwargs: Any) -> bool | HttpResponse:
        """Tell whether the request carries the sandbox's username and key, or answer 401."""
        try:
            given = self.extract_credentials(request)  # type: ignore[attr-defined]
        except ValueError:
            given = None
        chosen = options()
        return given == (chosen.username, chosen.api_key) or self._unauthorized()  # type: ignore[attr-defined]


class ApiKey(OneAccount, ApiKeyAuthentication):
    """`Authorization: ApiKey username:apikey`."""


class Basic(OneAccount, BasicAuthentication):
    """`Authorization: Basic base64(username:apikey)`."""


class Throttle(CacheThrottle):
    """Tastypie's own, with a rate that can change while the server runs."""

    def should_be_throttled(self, identifier: str, **kwargs: Any) -> bool | int:
        """Return the seconds to wait, or False."""
        rate = options().throttle_rate
        if rate is None:
            return False
        self.throttle_at, self.timeframe = rate
        return super().should_be_throttled(identifier, **kwargs)

    def accessed(self, identifier: str, **kwargs: Any) -> None:
        """Count a request; without a limit nobody counts, or the list of them would grow for ever."""
        if options().throttle_rate is not None:
            super().accessed(identifier, **kwargs)


class Pages(Paginator):
    """Tastypie's own, with sizes that can change while the server runs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"limit": options().page_size, "max_limit": options().max_page_size})


class PlainSerializer(Serializer):
    """Tastypie's own, without a walk through what already is plain: that took longer than all else of a large page."""

    def to_json(self, data: Any, options: dict[str, Any] | None = None) -> str:
        """Return JSON."""

        def simple(value: Any) -> Any:
            return value.data if isinstance(value, Bundle) else self.to_simple(value, options or {})

        return json.dumps(data, default=simple, ensure_ascii=False, sort_keys=True)


DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def rfc_2822(date: datetime) -> str:
    """Format a date (UTC) as Tastypie does with `rfc-2822`, cut to seconds, in a tenth of the time."""
    day = f"{DAYS[date.weekday()]}, {date.day:02} {MONTHS[date.month - 1]} {date.year}"
    return f"{day} {date.hour:02}:{date.minute:02}:{date.second:02} +0000"


class ApiOptions:
    """What all resources share."""

    authentication = MultiAuthentication(ApiKey(), Basic())
    throttle = Throttle()
    serializer = PlainSerializer()
    paginator_class = Pages
    detail_uri_name = "uuid"


def outcome(request: HttpRequest) -> dict[str, Any]:
    """Read from the query how the caller wants the new action to go on; BadRequest for what is no number."""
    chosen: dict[str, Any] = {}
    for name in ("seconds", "pending", "canceling"):
        if name in request.GET:
            try:
                chosen[name] = float(request.GET[name])
            except ValueError:
                raise BadRequest(f"'{request.GET[name]}' is not a number of seconds ({name})") from None
            if not 0 <= chosen[name] < 1e9:
                raise BadRequest(f"'{request.GET[name]}' is no such number of seconds ({name})")
    if "state" in request.GET:
        chosen["state"] = request.GET["state"]
    return chosen


class ActionResource(ModelResource):
    """`/action/`: list and detail, cancel and retry."""

    # Declared, because a model's field that may be null or has no default reads differently in the schema.
    is_user_action = fields.BooleanField(readonly=True, default=True)
    can_be_canceled = fields.BooleanField(readonly=True)
    can_be_retried = fields.BooleanField(readonly=True)

    class Meta(ApiOptions):
        """The filters are the specification's, and `uuid__startswith` of the original command-line client."""

        resource_name = "action"
        queryset = Action.objects.all()
        excludes = ("id", "extra", "timeline", "next_change", "unasked_since")
        allowed_methods = ("get",)
        operation_allowed_methods = ("post",)
        filtering = {  # noqa: RUF012
            "uuid": ("exact", "startswith"),
            "state": ("exact",),
            "object": ("exact",),
            "start_date": ("gte", "lte"),
            "end_date": ("gte", "lte"),
        }

    def prepend_urls(self) -> list[Any]:
        """Add the two operations, and the list for a URL whose UUID is empty."""
        return [
            re_path(r"^(?P<resource_name>action)//$", self.wrap_view("dispatch_list")),
            re_path(
                r"^(?P<resource_name>action)/(?P<uuid>[^/]+)/(?P<operation>cancel|retry)/$",
                self.wrap_view("dispatch_operation"),
            ),
        ]

    def get_object_list(self, request: HttpRequest) -> ActionQuerySet:
        """Return the actions as they are at this moment."""
        found: ActionQuerySet = super().get_object_list(request)
        return found.for_api().defer("timeline")

    def build_filters(self, filters: Any = None, **kwargs: Any) -> dict[str, Any]:
        """Widen the filter on an object to its relatives where that is asked for."""
        built: dict[str, Any] = super().build_filters(filters, **kwargs)
        if "object__exact" in built and filters.get("include_related", "").lower() == "true":
            built["object__in"] = CloudObject.relatives(built.pop("object__exact"))
        return built

    def apply_sorting(self, obj_list: ActionQuerySet, options: Any = None) -> ActionQuerySet:  # noqa: ARG002
        """Keep the one order: where Tastypie would refuse an `order_by`, the API knows of none."""
        return obj_list

    def get_resource_uri(self, bundle_or_obj: Any = None, url_name: str = "api_dispatch_list") -> str:
        """Return the path of an action, or of the list. Reversing URLs would take half of a large page's time."""
        uri = f"/api/{self._meta.api_name}/action/"
        if bundle_or_obj is None:
            return uri if url_name == "api_dispatch_list" else super().get_resource_uri(bundle_or_obj, url_name)
        return f"{uri}{getattr(bundle_or_obj, 'obj', bundle_or_obj).uuid}/"

    def full_dehydrate(self, bundle: Any, for_list: bool = False) -> Any:
        """Fill in what is shown of an action, at once: field by field takes five times as long."""
        action: Action = bundle.obj
        shown = {
            "action": action.action,
            "body": action.body,
            "can_be_canceled": action.state in (PENDING, IN_PROGRESS),
            "can_be_retried": action.finished,
            "end_date": action.end_date and rfc_2822(action.end_date),
            "ip": action.ip,
            "is_user_action": True,
            "location": action.location,
            "logs": action.logs,
            "method": action.method,
            "object": action.object,
            "path": action.path,
            "resource_uri": self.get_resource_uri(action),
            "start_date": rfc_2822(action.start_date),
            "state": action.state,
            "user_agent": action.user_agent,
            "uuid": action.uuid,
        }
        if for_list and options().lists_without_logs:
            del shown["logs"]
        bundle.data = shown | (action.extra or {})
        return bundle

    def dispatch_operation(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Check and count the request as any other, then cancel or retry."""
        return self.dispatch("operation", request, **kwargs)

    def post_operation(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Cancel or retry an action where its state allows that (409 where not), and answer with the action."""
        canceling = kwargs["operation"] == "cancel"
        chosen = outcome(request)
        with writing:
            action = Action.objects.for_api().filter(uuid=kwargs["uuid"]).first()
            if action is None:
                return HttpNotFound()
            if canceling == action.finished or action.state == CANCELING:
                message = f"An action that is {action.state} cannot be {'canceled' if canceling else 'retried'}"
                return self.error_response(request, {"error": message}, HttpConflict)
            if canceling:
                takes = chosen.get("seconds", 2.0)
                phases = phases_of(seconds=takes, canceling=takes, state=CANCELED)
            else:
                phases = phases_of(**chosen)
            action.begin(phases, time.time())
            action.save()
        return self.create_response(request, self.full_dehydrate(self.build_bundle(action, request=request)))


class AuditActionResource(ActionResource):
    """The same actions below another base, `/api/audit/v1/`, for who gives a whole base URL."""

    class Meta(ActionResource.Meta):
        """As below the first base."""


class AuthResource(Resource):
    """`/auth/`: the question with which the original command-line client begins."""

    class Meta(ApiOptions):
        """Only a list, which is no list."""

        resource_name = "auth"
        list_allowed_methods = ("get",)
        detail_allowed_methods = ()

    def get_list(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Say who is asking."""
        return self.create_response(request, {"username": options().username})


class CloudObjectResource(Resource):
    """`/<type>/<uuid>/`: any object of any type, and the calls that start actions."""

    class Meta(ApiOptions):
        """Reading, deleting, and the verbs."""

        resource_name = "object"
        detail_allowed_methods = ("get", "delete")
        verb_allowed_methods = ("post",)

    def base_urls(self) -> list[Any]:
        """Return patterns for any type; this resource is the last to be asked."""
        thing = r"^(?P<type>[a-z]+)/(?P<uuid>[0-9a-fA-F-]{36})/"
        return [
            re_path(rf"{thing}$", self.wrap_view("dispatch_detail")),
            re_path(rf"{thing}(?P<verb>{'|'.join(VERBS)})/$", self.wrap_view("dispatch_verb")),
        ]

    def dispatch_verb(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Check and count the request as any other, then start the action."""
        return self.dispatch("verb", request, **kwargs)

    def get_detail(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Answer with an object that is seeded or that something was done to."""
        thing = CloudObject.objects.filter(uri=self.uri_of(kwargs)).first()
        return HttpNotFound() if thing is None else self.create_response(request, self.shown(thing))

    def post_verb(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Start an action: 202, its URI in a header, the object as body."""
        return self.perform(request, kwargs, kwargs["verb"])

    def delete_detail(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Start the action that terminates the object."""
        return self.perform(request, kwargs, "terminate")

    def perform(self, request: HttpRequest, kwargs: dict[str, Any], verb: str) -> HttpResponse:
        """Start an action that goes on as the query says. The object need not be known before."""
        now = time.time()
        uri = self.uri_of(kwargs)
        type_name = TYPE_NAMES.get(kwargs["type"], kwargs["type"].title())
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
        action.begin(phases_of(**outcome(request)), now)
        with writing:
            name = f"{kwargs['type']}-{kwargs['uuid'][:8]}"
            thing, _new = CloudObject.objects.get_or_create(uri=uri, defaults={"name": name})
            action.save()
        response = self.create_response(request, self.shown(thing), HttpAccepted)
        response["X-Tutum-Action-URI"] = f"/api/{self._meta.api_name}/action/{action.uuid}/"
        return response

    def uri_of(self, kwargs: dict[str, Any]) -> str:
        """Return the resource URI of the object that the URL names."""
        return f"/api/{self._meta.api_name}/{kwargs['type']}/{kwargs['uuid'].lower()}/"

    def shown(self, thing: CloudObject) -> dict[str, Any]:
        """Return what the API shows of an object; its state follows from its last action."""
        actions = list(Action.objects.for_api().filter(object=thing.uri))
        state = "Not running"
        if actions:
            last = actions[-1]
            during, after = VERBS.get(last.path.rstrip("/").rpartition("/")[2], VERBS["terminate"])
            state = during if not last.finished else after if last.state == "Success" else "Not running"
        return {
            "uuid": thing.uri.split("/")[4],
            "resource_uri": thing.uri,
            "name": thing.name,
            "state": state,
            "parent": thing.parent,
            "actions": [f"/api/{self._meta.api_name}/action/{action.uuid}/" for action in actions],
        }
