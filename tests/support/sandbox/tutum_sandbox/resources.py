# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The actions of the API, as Tastypie resources."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from django.urls import re_path
from tastypie import fields
from tastypie.http import HttpConflict, HttpNotFound
from tastypie.resources import ModelResource, Resource

from .api_base import ApiOptions
from .dates import shown_date, stored_date
from .models import CANCELED, IN_PROGRESS, PENDING, Action, ActionQuerySet, CloudObject, phases_of, writing
from .outcome import outcome
from .settings import DATE_FILTERS, ORDERS, options
from .traffic import call_count

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

# The states in which an action can be canceled.
CANCELABLE = (PENDING, IN_PROGRESS)


def chosen_order() -> str:
    """Return the setting `order`."""
    return options().order


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
        excludes = (  # the columns that are the sandbox's own
            *("id", "extra", "timeline", "next_change", "waiting_since"),
            *("visible_from", "unlisted_requests"),
        )
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
        """Leave out the filters that the server ignores; add the object's relatives to the filter on an object."""
        ignored = options().ignored_filters
        used = {name: value for name, value in (filters or {}).items() if name not in ignored}
        built: dict[str, Any] = super().build_filters(used, **kwargs)
        if "object__exact" in built and used.get("include_related", "").lower() == "true":
            built["object__in"] = CloudObject.relatives(built.pop("object__exact"))
        for name in built.keys() & set(DATE_FILTERS):
            built[name] = stored_date(built[name])
        return built

    def apply_sorting(self, obj_list: ActionQuerySet, options: Any = None) -> ActionQuerySet:  # noqa: ARG002
        """Return the server's order. Tastypie would refuse an `order_by`; the API ignores it."""
        return obj_list if chosen_order() == ORDERS[0] else obj_list.reverse()

    def get_resource_uri(self, bundle_or_obj: Any = None, url_name: str = "api_dispatch_list") -> str:
        """Return the path of an action, or of the list. Reversing URLs would take half of a large page's time."""
        uri = f"/api/{self._meta.api_name}/action/"
        if bundle_or_obj is None:
            return uri if url_name == "api_dispatch_list" else super().get_resource_uri(bundle_or_obj, url_name)
        return f"{uri}{getattr(bundle_or_obj, 'obj', bundle_or_obj).uuid}/"

    def full_dehydrate(self, bundle: Any, for_list: bool = False) -> Any:
        """Fill in all fields of an action in one step: field by field takes five times as long."""
        action: Action = bundle.obj
        shown = {
            "action": action.action,
            "body": action.body,
            "can_be_canceled": action.state in CANCELABLE,
            "can_be_retried": action.finished,
            "end_date": shown_date(action.end_date),
            "ip": action.ip,
            "is_user_action": True,
            "location": action.location,
            "logs": action.logs,
            "method": action.method,
            "object": action.object,
            "path": action.path,
            "resource_uri": self.get_resource_uri(action),
            "start_date": shown_date(action.start_date),
            "state": action.state,
            "user_agent": action.user_agent,
            "uuid": action.uuid,
        }
        if for_list and options().lists_without_logs:
            del shown["logs"]
        bundle.data = shown | (action.extra or {})
        return bundle

    def dispatch_operation(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Check and throttle the request like any other, then cancel or retry."""
        return self.dispatch("operation", request, **kwargs)

    def post_operation(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Cancel or retry an action (409 in a state that does not allow it), and return the action."""
        canceling = kwargs["operation"] == "cancel"
        chosen = outcome(request)
        with writing:
            action = Action.objects.for_api().filter(uuid=kwargs["uuid"]).first()
            if action is None:
                return HttpNotFound()
            if not (action.state in CANCELABLE if canceling else action.finished):
                message = f"An action that is {action.state} cannot be {'canceled' if canceling else 'retried'}"
                return self.error_response(request, {"error": message}, HttpConflict)
            if canceling:
                takes = chosen.get("seconds", 2.0)
                phases = phases_of(seconds=takes, canceling=takes, state=CANCELED)
            else:
                phases = phases_of(**chosen)
            action.begin(phases, time.time())
            action.save()
            call_count.add(request.method, request.path, action.uuid)
        return self.create_response(request, self.full_dehydrate(self.build_bundle(action, request=request)))


class AuditActionResource(ActionResource):
    """The same actions below another base, `/api/audit/v1/`, for clients that are given a whole base URL."""

    class Meta(ActionResource.Meta):
        """As below the first base."""


class AuthResource(Resource):
    """`/auth/`: the first request of the original command-line client."""

    class Meta(ApiOptions):
        """Register only the list URL. Its response is a single object."""

        resource_name = "auth"
        list_allowed_methods = ("get",)
        detail_allowed_methods = ()

    def get_list(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Return the username."""
        return self.create_response(request, {"username": options().username})
