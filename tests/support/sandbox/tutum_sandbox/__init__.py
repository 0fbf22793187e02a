# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sandbox: a local server for Tutum's API of actions, on Django and Tastypie as Tutum was.

Nothing is imported here, so that `tutum_sandbox.process` works without Django.
"""

from __future__ import annotations
