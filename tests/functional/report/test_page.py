# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages in a real browser: layout, colors, links, accessibility, and hostile texts."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.keys import Keys

from tests.functional.report.conftest import ACTIONS, MARKUP, SHOWN_LOGS

if TYPE_CHECKING:
    from tests.functional.report.conftest import Browser, Pages

NAMES = ["failed", "all", "empty"]

OPEN_DETAILS = "document.querySelectorAll('details').forEach(each => { each.open = true; });"

# Elements that reach beyond the page or, in an action, beyond its box. What is in a box that scrolls does not count.
OVERFLOWING = """
const page = document.documentElement.getBoundingClientRect();
const found = [];
const check = (each, outer) => {
  const { left, right } = each.getBoundingClientRect();
  if (right > outer.right + 1 || left < outer.left - 1) found.push(each.outerHTML.slice(0, 200));
};
document.querySelectorAll('body *:not(article *, table, table *, svg, svg *)').forEach((each) => check(each, page));
document.querySelectorAll('article').forEach((article) => {
  const box = article.getBoundingClientRect();
  article.querySelectorAll('*').forEach((each) => check(each, box));
});
return found;
"""

# The lowest contrast of text on its background (WCAG 2), with the element. Backgrounds are opaque or transparent.
LOWEST_CONTRAST = """
const channels = (color) => color.match(/[\\d.]+/g).map(Number);
const luminance = (color) => {
  const [r, g, b] = channels(color).slice(0, 3).map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const background = (each) => {
  for (let outer = each; outer; outer = outer.parentElement) {
    const color = getComputedStyle(outer).backgroundColor;
    if (channels(color)[3] !== 0) return color;
  }
};
let lowest = [99, ''];
for (const each of document.querySelectorAll('body *')) {
  const hasText = [...each.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  if (!hasText || each.tagName === 'title' || !each.checkVisibility()) continue;
  const style = getComputedStyle(each);
  const [a, b] = [each instanceof SVGElement ? style.fill : style.color, background(each)].map(luminance);
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < lowest[0]) lowest = [contrast, each.outerHTML.slice(0, 200)];
}
return lowest;
"""

IS_ON_SCREEN = """
const { top, bottom } = document.querySelector(':target').getBoundingClientRect();
return top >= 0 && top < innerHeight && bottom > 0;
"""


@pytest.mark.parametrize("width", [360, 1400])
@pytest.mark.parametrize("name", NAMES)
def test_page_does_not_overflow(browser: Browser, name: str, width: int) -> None:
    browser.open(name, width=width)
    if name == "failed":
        browser.run(OPEN_DETAILS)
    assert browser.run("return document.documentElement.scrollWidth") <= width
    assert browser.run(OVERFLOWING) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_page_has_enough_contrast(browser: Browser, name: str, scheme: str) -> None:
    browser.open(name, scheme=scheme)
    if name == "failed":
        browser.run(OPEN_DETAILS)
    contrast, element = browser.run(LOWEST_CONTRAST)
    assert contrast >= 4.5, element


def test_page_follows_the_color_scheme(browser: Browser) -> None:
    colors = []
    for scheme in ("light", "dark"):
        browser.open("failed", scheme=scheme)
        colors.append(browser.run("return getComputedStyle(document.body).backgroundColor"))
    assert colors == ["rgb(250, 250, 248)", "rgb(17, 19, 22)"]


@pytest.mark.parametrize("name", NAMES)
def test_page_links_have_targets(browser: Browser, name: str) -> None:
    browser.open(name)
    links = browser.run("return [...document.querySelectorAll('a')].map(each => each.getAttribute('href'))")
    targets = browser.run("return [...document.querySelectorAll('[id]')].map(each => each.id)")
    assert len(targets) == len(set(targets))
    assert {link[1:] for link in links} <= set(targets)
    assert all(link.startswith("#") for link in links)


@pytest.mark.parametrize(
    ("selector", "target"),
    [("a.day-bar", "day-"), (".points a:last-of-type", ""), ("tbody tr:last-child a", ""), (".contents a", "per-day")],
)
def test_page_link_leads_to_a_visible_target(browser: Browser, selector: str, target: str) -> None:
    browser.open("all")
    link = browser.driver.find_element("css selector", selector)
    href = browser.run("return arguments[0].getAttribute('href')", link)
    browser.run("arguments[0].dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }))", link)
    found = browser.run("return document.querySelector(':target').id")
    assert f"#{found}" == href
    assert found.startswith(target)
    assert browser.run(IS_ON_SCREEN)


def test_page_link_from_outside_leads_to_the_action(browser: Browser, pages: Pages) -> None:
    browser.open("failed", fragment=f"#{pages.uuids['nulls']}")
    assert browser.run("return document.querySelector(':target h4').textContent") == "Action without a name"
    assert browser.run(IS_ON_SCREEN)


def test_page_opens_logs_with_the_keyboard(browser: Browser, pages: Pages) -> None:
    browser.open("failed")
    action = browser.driver.find_element("id", pages.uuids["secret"])
    logs = action.find_element("tag name", "pre")
    assert action.find_element("tag name", "summary").text == "ERROR: the reason"
    assert not logs.is_displayed()
    action.find_element("tag name", "summary").send_keys(Keys.ENTER)
    assert logs.is_displayed()
    assert logs.text == "first\nERROR: the reason\nlast"


def test_page_shows_hostile_text_as_text(browser: Browser, pages: Pages) -> None:
    browser.open("failed")
    browser.run(OPEN_DETAILS)
    action = browser.driver.find_element("id", pages.uuids["markup"])
    assert browser.run("return arguments[0].querySelector('pre').textContent", action) == SHOWN_LOGS
    assert browser.run("return arguments[0].querySelector('h4').textContent", action) == MARKUP
    assert action.text.count(MARKUP) >= 6
    text = browser.run("return document.documentElement.outerHTML")
    assert not set(text) & set("\x00\x07\x1b\u202e")
    # Nothing that was in a text is an element, and nothing is longer than what is shown of it.
    elements = browser.run("return [...new Set([...document.querySelectorAll('*')].map(each => each.tagName))]")
    assert not set(elements) & {"SCRIPT", "IMG", "LINK", "IFRAME"}
    assert browser.run("return document.querySelector('#table td').textContent.length") <= 100
    assert browser.run("return document.title") == "Failed actions"


def test_page_shows_actions_with_nulls(browser: Browser, pages: Pages) -> None:
    browser.open("failed")
    action = browser.driver.find_element("id", pages.uuids["nulls"])
    assert action.text.splitlines()[0] == "Action without a name"
    assert "None" not in action.text
    browser.run(OPEN_DETAILS)
    assert "None" not in action.text
    assert "Not shown: 1 action without a start" in browser.driver.find_element("id", "durations").text


def test_page_makes_no_requests(browser: Browser, pages: Pages) -> None:
    for name in NAMES:
        browser.open(name)
        assert browser.run("return performance.getEntriesByType('resource').length") == 0
    assert set(pages.requests) == {f"/{name}.html" for name in NAMES}
    blocked = """
        const done = arguments[0];
        document.addEventListener('securitypolicyviolation', (event) => done(event.effectiveDirective));
        const image = document.createElement('img');
        image.src = '/image';
        document.body.append(image);
        setTimeout(() => done('nothing'), 10000);
    """
    assert browser.driver.execute_async_script(blocked) == "img-src"


def test_page_policy_blocks_scripts(browser: Browser) -> None:
    browser.open("failed")
    browser.run("""
        const script = document.createElement('script');
        script.textContent = "document.title = 'ran'";
        document.body.append(script);
        document.body.insertAdjacentHTML('beforeend', '<button onclick="document.title = 1">x</button>');
        document.querySelector('button').click();
    """)
    assert browser.driver.title == "Failed actions"


def test_page_with_a_thousand_actions_has_all(browser: Browser) -> None:
    browser.open("all")
    counts = {
        selector: browser.run("return document.querySelectorAll(arguments[0]).length", selector)
        for selector in ("article", "tbody tr", ".points a")
    }
    # The newest thousand, one of which is unfinished and has no duration.
    assert counts == {"article": ACTIONS, "tbody tr": ACTIONS, ".points a": ACTIONS - 1}
    assert "newest 1000 of " in browser.driver.find_element("css selector", ".note").text
    assert browser.run("return document.querySelector('h1').textContent") == "<b>Everything</b>"


def test_page_shows_unfinished_actions_first(browser: Browser) -> None:
    browser.open("all")
    first = browser.driver.find_element("css selector", ".day")
    assert first.text.splitlines()[:2] == ["Unfinished", "1 running or waiting"]
    assert "In progress since" in first.text


def test_page_counts_match(browser: Browser) -> None:
    """The figures, the bars, and the actions show the same numbers."""
    browser.open("all")
    figure = browser.run("return document.querySelector('dd.failed').textContent")
    assert int(figure) == browser.run("return document.querySelectorAll('.entries > .failed').length")
    names = browser.run("return [...document.querySelectorAll('a.day-bar title')].map(each => each.textContent)")
    assert sum(int(name.partition(": ")[2].split()[0]) for name in names) == int(figure)


@pytest.mark.parametrize("name", NAMES)
def test_page_is_accessible(browser: Browser, name: str) -> None:
    browser.open(name)
    levels = browser.run("return [...document.querySelectorAll('h1, h2, h3, h4')].map(each => Number(each.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert browser.run("return document.documentElement.lang") == "en"
    assert browser.run("return document.querySelectorAll('main').length") == 1
    assert browser.run("return document.querySelectorAll('th:not([scope])').length") == 0
    # Each link of a chart has a title, and each chart a label.
    assert browser.run("return document.querySelectorAll('svg a:not(:has(> title))').length") == 0
    assert browser.run("return document.querySelectorAll('.plot:not([aria-label])').length") == 0
    assert browser.run("return [...document.querySelectorAll('a')].filter(a => !a.textContent.trim()).length") == 0


def test_page_in_print_shows_logs(browser: Browser, pages: Pages) -> None:
    browser.open("failed", media="print", scheme="dark")
    logs = browser.driver.find_element("id", pages.uuids["secret"]).find_element("tag name", "pre")
    assert browser.run("return arguments[0].checkVisibility({ contentVisibilityAuto: true })", logs)
    assert browser.run("return arguments[0].offsetHeight", logs) > 0
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_page_without_actions_says_so(browser: Browser) -> None:
    browser.open("empty")
    text = browser.driver.find_element("tag name", "body").text
    assert text.splitlines() == [
        "Failed actions",
        "19 December 2009 to 1 January 2010, all times in UTC",
        "No action failed",
        "The page covers 14 days.",
    ]
