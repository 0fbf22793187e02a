# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates for a server on loopback: a valid one, and three kinds of certificates that are not valid."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CERTIFICATES = ("good", "self-signed", "expired", "wrong-host")
NAMES = ("localhost", "127.0.0.1", "::1")


def server_context(certificate: str, ca_file: Path) -> ssl.SSLContext:
    """Return the server's side of TLS with a fresh certificate of this kind, and write its CA's to a file."""
    import trustme  # type: ignore[import-not-found, unused-ignore] # only with TLS: it takes as long as Django's models

    authority = trustme.CA()
    authority.cert_pem.write_to_path(ca_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate == "self-signed":
        # The certificate of another CA: signed by itself, and by no CA in the file.
        stranger = trustme.CA()
        with stranger.private_key_pem.tempfile() as key, stranger.cert_pem.tempfile() as certificate_file:
            context.load_cert_chain(certificate_file, key)
        return context
    names = ("elsewhere.example",) if certificate == "wrong-host" else NAMES
    expiry = datetime.now(UTC) - timedelta(days=1) if certificate == "expired" else None
    authority.issue_cert(*names, not_after=expiry).configure_cert(context)
    return context
