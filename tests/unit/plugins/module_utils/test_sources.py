# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources of an option's value."""

from __future__ import annotations

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._sources import (
    ENV,
    ENVIRONMENT,
    FILE,
    INI,
    OPTION,
    OPTIONS,
    VARIABLE,
    Setting,
    with_environment,
)


def test_levels_are_ranked() -> None:
    assert FILE < INI < ENV < VARIABLE < OPTION


def test_password_has_a_variable_but_no_option() -> None:
    assert ENVIRONMENT["password"] == ("TUTUM_PASS",)
    assert set(OPTIONS) == set(ENVIRONMENT) - {"password"}


@pytest.mark.parametrize(("name", "variable"), [(name, one) for name, all_of in ENVIRONMENT.items() for one in all_of])
def test_environment_variable_is_read(name: str, variable: str) -> None:
    settings = with_environment({}, {variable: "x"})
    assert settings == {name: Setting("x", ENV, f"the environment variable {variable}")}


def test_environment_tutum_base_url_takes_precedence_over_tutum_rest_host() -> None:
    environ = {"TUTUM_REST_HOST": "https://host", "TUTUM_BASE_URL": "https://base/api/v1/"}
    assert with_environment({}, environ)["api_url"].value == "https://base/api/v1/"
    assert with_environment({}, {**environ, "TUTUM_BASE_URL": ""})["api_url"].value == "https://host"


@pytest.mark.parametrize(("level", "value"), [(FILE, "env"), (INI, "env"), (VARIABLE, "given"), (OPTION, "given")])
def test_environment_has_its_place_among_the_levels(level: int, value: str) -> None:
    settings = with_environment({"username": Setting("given", level, "x")}, {"TUTUM_USER": "env"})
    assert settings["username"].value == value


@pytest.mark.parametrize("empty", ["", None])
def test_empty_value_counts_as_not_set(empty: str | None) -> None:
    given = {name: Setting(empty, OPTION, "x") for name in OPTIONS}
    assert with_environment(given, {"TUTUM_USER": "alice", "TUTUM_AUTH": ""}) == {
        "username": Setting("alice", ENV, "the environment variable TUTUM_USER")
    }
