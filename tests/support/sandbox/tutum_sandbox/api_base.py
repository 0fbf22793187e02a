# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all resources of the API share: authentication, throttling, pages, and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db import transaction
from tastypie.authentication import ApiKeyAuthentication, BasicAuthentication, MultiAuthentication
from tastypie.bundle import Bundle
from tastypie.paginator import Paginator
from tastypie.serializers import Serializer
from tastypie.throttle import CacheThrottle

from .models import Action, writing
from .settings import options

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class OneAccount:
    """Compare the credentials that Tastypie read from the request with the only account of a sandbox."""

    def is_authenticated(self, request: HttpRequest, **_kwargs: Any) -> bool | HttpResponse:
        """Return whether the request has the sandbox's username and key, or a 401."""
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
        """Count a request, but only if there is a limit, or the list of requests would grow without end."""
        if options().throttle_rate is not None:
            super().accessed(identifier, **kwargs)


class Pages(Paginator):
    """Tastypie's own, with the sandbox's settings. Only lists of actions have pages."""

    objects: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"limit": options().page_size, "max_limit": options().max_page_size})

    def page(self) -> dict[str, Any]:
        """Return a page; of its `meta`, `next` is right, whichever `total_count` is shown."""
        self.leave_out_unlisted()
        page: dict[str, Any] = super().page()
        meta, how = page["meta"], options().total_count
        if how == "missing":
            del meta["total_count"]
        elif how == "null":
            meta["total_count"] = None
        elif how == "high":
            meta["total_count"] += 1
        elif how == "low":
            meta["total_count"] = max(meta["total_count"] - 1, 0)
        return page

    def leave_out_unlisted(self) -> None:
        """Leave out the actions that lists do not show yet, and count this request for those that it would show.

        The last page counts for all that would follow it: a client does not request the page behind the last.
        """
        unlisted = Action.objects.filter(unlisted_requests__isnull=False)
        if not unlisted.exists():
            return
        limit, offset = self.get_limit(), self.get_offset()
        with writing, transaction.atomic():
            left = dict(unlisted.values_list("pk", "unlisted_requests"))
            shown = self.objects.exclude(pk__in=list(left))
            is_last = limit == 0 or offset + limit >= shown.count()
            would_be_shown = self.get_slice(0 if is_last else limit, offset).values_list("pk", flat=True)
            for key in left.keys() & set(would_be_shown):
                Action.objects.filter(pk=key).update(unlisted_requests=left[key] - 1 or None)
        self.objects = shown

    def _generate_uri(self, limit: int, offset: int) -> str | None:
        """Return the path of another page."""
        if options().repeated_parameters:
            # Old Tastypie releases appended the two parameters to those of the request.
            parameters = self.request_data.copy()
            parameters.update({"limit": str(limit), "offset": str(offset)})
            uri = f"{self.resource_uri}?{parameters.urlencode()}"
        else:
            uri = super()._generate_uri(limit, offset)
        return options().next_base + uri


class PlainSerializer(Serializer):
    """Tastypie's own, but plain data is not converted: that took most of the time of a large page."""

    def to_json(self, data: Any, options: dict[str, Any] | None = None) -> str:
        """Return JSON."""

        def simple(value: Any) -> Any:
            return value.data if isinstance(value, Bundle) else self.to_simple(value, options or {})

        return json.dumps(data, default=simple, ensure_ascii=False, sort_keys=True)


class ApiOptions:
    """The base of each resource's options."""

    authentication = MultiAuthentication(ApiKey(), Basic())
    throttle = Throttle()
    serializer = PlainSerializer()
    paginator_class = Pages
    detail_uri_name = "uuid"
