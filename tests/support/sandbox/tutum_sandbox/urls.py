# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The URLs: the API below two bases, the sandbox's own controls below /sandbox/."""

from __future__ import annotations

from django.urls import include, path
from tastypie.api import Api

from . import control
from .calls import CloudObjectResource
from .resources import ActionResource, AuditActionResource, AuthResource

v1 = Api(api_name="v1")
v1.register(ActionResource())
v1.register(AuthResource())

# Separate from the others, so that it comes last: its URLs match any type of object.
objects = Api(api_name="v1")
objects.register(CloudObjectResource())

audit = Api(api_name="audit/v1")
audit.register(AuditActionResource())

urlpatterns = [
    path("api/", include(v1.urls)),
    path("api/", include(objects.urls)),
    path("api/", include(audit.urls)),
    path("sandbox/", control.status),
    path("sandbox/actions/", control.actions),
    path("sandbox/requests/", control.requests),
    path("sandbox/calls/", control.calls),
    path("sandbox/faults/", control.faults),
    path("sandbox/reset/", control.reset),
    path("sandbox/settings/", control.settings),
]
