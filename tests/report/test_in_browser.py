"""The report in Chromium: the first screen holds picture and answers, the map can be explored by mouse, touch
and keyboard, nothing is asked of a network, and axe finds no serious fault."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import absent
from tests.report.browser import Browser, Page, chromium_browser
from tests.scenes.delivery import Delivery

DESKTOP, PHONE = (1440, 900), (390, 844)
# How long the page may be before anything is opened, in screens.
MOST_SCREENS = {DESKTOP: 6, PHONE: 12}
MIDDLE = "(e => { const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })"
MAP = "document.getElementById('map')"
# Where the map's pane and its first picture are, which any move or zoom changes.
VIEW = (
    "document.querySelector('.leaflet-map-pane').style.transform"
    " + document.querySelector('.leaflet-image-layer').style.cssText"
)
CLIP = "document.querySelector('.leaflet-after-photo-pane').style.clipPath"
# The npm package whose file is put into the page; fetched in continuous integration only.
AXE = "axe-core@4"


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with chromium_browser(chromium) as running:
        yield running


@pytest.fixture(scope="module")
def report(delivery: Delivery) -> Path:
    return delivery.folder / "report.html"


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Page:
    return browser.page(report, *request.param, touch=request.param == PHONE)


@pytest.fixture
def desktop(browser: Browser, report: Path) -> Page:
    return browser.page(report, *DESKTOP)


def middle(page: Page, element: str) -> tuple[float, float]:
    x, y = page.js(f"{MIDDLE}({element})")
    return x, y


def goto(page: Page, name: str) -> None:
    """Choose a place of the list by the beginning of its name."""
    page.js(
        "(() => { const list = document.getElementById('map-goto');"
        f" list.value = [...list.options].find(one => one.text.startsWith('{name}')).value;"
        " list.dispatchEvent(new Event('change')) })()"
    )
    page.settle()


def test_the_first_screen_holds_picture_and_answers(page: Page) -> None:
    width, height = page.js("[innerWidth, innerHeight]")
    assert page.js("document.documentElement.scrollWidth") <= width
    top, foot = page.js(f"(r => [r.top, r.bottom])({MAP}.getBoundingClientRect())")
    assert 0 <= top < foot <= height
    assert page.js(f"{MAP}.querySelectorAll('.leaflet-image-layer').length") >= 1
    answers = page.js(
        "[...document.querySelectorAll('.ask .say')].map(e => e.getBoundingClientRect().bottom)"
    )
    assert len(answers) >= 2
    assert max(answers) <= height
    assert page.js("document.querySelector('.banner').getBoundingClientRect().bottom") < top
    assert page.errors() == page.requests() == []


def test_it_is_short_until_something_is_opened(page: Page) -> None:
    width, height = page.js("[innerWidth, innerHeight]")
    assert page.js("document.documentElement.scrollHeight") <= MOST_SCREENS[width, height] * height
    assert page.js("document.body.innerText.split(/\\s+/).length") <= 1500


def test_all_that_is_folded_fits_the_screen(page: Page) -> None:
    """Tables scroll by themselves, pictures are whole."""
    page.js("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.js("document.querySelectorAll('img').forEach(one => one.loading = 'eager')")
    page.js("Promise.all([...document.images].map(one => one.decode().catch(() => 0)))")
    assert page.js("document.documentElement.scrollWidth") <= page.js("innerWidth")
    assert page.js("[...document.images].filter(one => !one.naturalWidth).length") == 0
    narrow = (
        "[...document.querySelectorAll('th')].filter(one => one.scrollWidth > one.clientWidth + 1).length"
    )
    assert page.js(narrow) == 0
    assert page.errors() == page.requests() == []


def test_wheel_drag_and_keyboard_move_the_map(desktop: Page) -> None:
    at = middle(desktop, MAP)
    views = [desktop.js(VIEW)]
    desktop.drag(at, (at[0] - 120, at[1] - 60))
    desktop.settle()
    views.append(desktop.js(VIEW))
    desktop.mouse("mouseWheel", *at, deltaX=0, deltaY=-240)
    desktop.js("new Promise(done => setTimeout(done, 400))")
    views.append(desktop.js(VIEW))
    desktop.js(f"{MAP}.focus()")
    for key in ("ArrowRight", "+"):
        desktop.key(key)
        desktop.js("new Promise(done => setTimeout(done, 400))")
        views.append(desktop.js(VIEW))
    assert len(set(views)) == len(views)
    assert desktop.errors() == []


def test_two_fingers_zoom_the_map_and_one_scrolls_the_page(browser: Browser, report: Path) -> None:
    phone = browser.page(report, *PHONE, touch=True)
    x, y = middle(phone, MAP)
    before = phone.js(VIEW)
    phone.touches("touchStart", (x - 20, y), (x + 20, y))
    for reach in (35, 55, 75):
        phone.touches("touchMove", (x - reach, y), (x + reach, y))
    phone.touches("touchEnd")
    phone.js("new Promise(done => setTimeout(done, 400))")
    assert phone.js(VIEW) != before
    assert phone.js(f"getComputedStyle({MAP}).touchAction") == "pan-x pan-y"


def test_the_swipe_follows_mouse_and_keys(desktop: Page) -> None:
    divider = "document.getElementById('map-divider')"
    assert desktop.js(f"{divider}.hidden")
    desktop.js("document.getElementById('map-compare').click()")
    desktop.settle()
    at = middle(desktop, divider)
    clips = [desktop.js(CLIP)]
    desktop.drag(at, (at[0] + 100, at[1]))
    clips.append(desktop.js(CLIP))
    assert int(desktop.js(f"{divider}.getAttribute('aria-valuenow')")) > 55
    desktop.key("ArrowLeft")
    clips.append(desktop.js(CLIP))
    assert len(set(clips)) == 3
    assert all(clip.startswith("polygon(") for clip in clips)
    dates = desktop.js(f"[{divider}.dataset.before, {divider}.dataset.after]")
    assert dates == ["8 Dec 2012", "8 Dec 2022"]


def test_pointing_tells_figures(desktop: Page) -> None:
    """A motorway's crossing, put into the middle of the map by the list of places."""
    goto(desktop, "E25")
    assert "Its light ends where Belgium meets" in desktop.js(
        "document.querySelector('.leaflet-popup-content').textContent"
    )
    assert "E25" in desktop.js("document.getElementById('map-told').textContent")
    desktop.js("document.querySelector('.leaflet-popup-close-button').click()")
    x, y = middle(desktop, MAP)
    for step in (6, 3, 0):
        desktop.mouse("mouseMoved", x + step, y)
        desktop.settle()
    assert "E25 at the Belgian–Dutch border" in desktop.js(
        "document.querySelector('.leaflet-tooltip')?.textContent ?? ''"
    )


def test_layers_and_opacity_change_the_picture(desktop: Page) -> None:
    over = "document.querySelector('.leaflet-after-over-pane')"
    assert desktop.js(f"{over}.children.length") == 0
    desktop.js("document.querySelector('input[value=tone]').click()")
    desktop.settle()
    assert desktop.js(f"{over}.children.length") >= 1
    desktop.js(
        "(o => { o.value = 40; o.dispatchEvent(new Event('input')) })(document.getElementById('map-opacity'))"
    )
    assert desktop.js(f"{over}.style.opacity") == "0.4"
    names = f"{MAP}.querySelectorAll('.name').length"
    assert desktop.js(names) > 0
    desktop.js("document.querySelector('[data-layer=names]').click()")
    assert desktop.js(names) == 0


def test_tables_and_charts_can_be_saved(desktop: Page) -> None:
    """What a click would save is caught before it is."""
    count = "document.querySelectorAll('button.save').length"
    assert desktop.js(count) == desktop.js("document.querySelectorAll('[data-name]').length") > 10
    desktop.js(
        "URL.createObjectURL = blob => { window.saved = blob; return '#' };"
        "HTMLAnchorElement.prototype.click = function () { window.savedAs = this.download }"
    )
    desktop.js("document.querySelector('[aria-label^=\"Download as CSV\"]').click()")
    name, text = desktop.js("window.saved.text().then(text => [window.savedAs, text])")
    assert name.endswith(".csv")
    assert len(text.splitlines()) > 2
    desktop.js("document.querySelector('[aria-label^=\"Download as PNG\"]').click()")
    desktop.js("new Promise(done => setTimeout(done, 500))")
    assert desktop.js("window.saved.type") == "image/png"
    assert desktop.js("window.saved.size") > 1000


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, from npm; only continuous integration fetches it."""
    if not os.environ.get("CI"):
        pytest.skip("axe-core is fetched from npm in continuous integration only (CI=1)")
    npm = shutil.which("npm") or absent("no npm is installed, which fetches axe-core")
    folder = tmp_path_factory.mktemp("axe")
    subprocess.run(
        [
            npm,
            "install",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--prefix",
            str(folder),
            AXE,
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def test_axe_finds_no_serious_fault(page: Page, axe: str) -> None:
    """With everything unfolded, so that tables are judged as well."""
    page.js("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.js(axe + "; 1")
    found = page.js(
        "axe.run(document, {resultTypes: ['violations']}).then(told => told.violations"
        ".filter(one => ['serious', 'critical'].includes(one.impact))"
        ".map(one => [one.id, one.nodes.slice(0, 3).map(node => node.html.slice(0, 160))]))"
    )
    assert found == []
