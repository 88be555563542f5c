"""The page and what it is made of, with very many messages: the API's looks, and Chromium."""

from collections.abc import Mapping
from contextlib import closing
from functools import partial
from http.client import HTTPConnection
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright

from benchmarks.measuring import Result, Rounds, in_turn, per_call, result
from benchmarks.posting import numbers
from benchmarks.sending import Caller, serving
from benchmarks.servers import Missing, need

LOOKS = {
    "the first phones": "/fake/phones",
    "phones from the middle": "/fake/phones?offset={middle}",
    "phones of an account": "/fake/phones?user_id=demo",
    "phones, by a search": "/fake/phones?search=4711",
    "a conversation's end": "/fake/messages?to=0912345678&newest_first=true",
    "messages, by a search": "/fake/messages?search=4711&newest_first=true",
    "state": "/fake/state",
}
SEARCHES = [name for name in LOOKS if "search" in name]

PAINT = "page, until phones are shown"
FAR = "page, a leap to the middle of the list"
SEARCH = "page, a search"
FRAME = "page, a frame of scrolling"
WORST = "page, the longest such frame"
HEAP = "page, its JavaScript heap"

# Not Playwright's own waiting, which the page's Content-Security-Policy forbids.
_ONCE = """async ({selector, begins}) => {
    while (!document.querySelector(selector)?.textContent.trim().startsWith(begins))
        await new Promise(requestAnimationFrame);
    return performance.now() / 1000;
}"""
_LEAP = """async (view) => {
    const begun = performance.now();
    view.scrollTop = view.scrollHeight / 2;
    do await new Promise(requestAnimationFrame); while (!view.querySelector(".phone"));
    const taken = performance.now() - begun;
    view.scrollTop = 0;
    do await new Promise(requestAnimationFrame); while (!view.querySelector(".phone"));
    return taken / 1000;
}"""
_FRAMES = """async (view) => {
    const times = [];
    let last = await new Promise(requestAnimationFrame);
    for (let i = 0; i < 120; i++) {
        view.scrollTop += 300;
        const now = await new Promise(requestAnimationFrame);
        times.push((now - last) / 1000);
        last = now;
    }
    times.sort((a, b) => a - b);
    return [times[60], times[119]];
}"""


def run(quick: bool) -> list[Result]:
    """To `serve` with 100,000 messages to 20,000 phones (aims: 20 ms a look, 300 ms a search)."""
    phones, each, rounds = (200, 2, 1) if quick else (20_000, 5, 5)
    with serving("--max-messages", str(2 * phones * each)) as (_, url):
        with Caller(url) as caller:
            for turn in range(each):
                for start in range(0, phones, 500):
                    text = f"您的驗證碼是 {turn}{start:05}，請於十分鐘內輸入。"
                    caller.send("", text, numbers(phones)[start : start + 500])
        looks = in_turn(rounds, lambda: _looks(url, phones // 2))
        rows = [
            result(looks, name, "ms", scale=1e3, at_most=300 if name in SEARCHES else 20)
            for name in LOOKS
        ]
        try:
            seen = _in_chromium(url, rounds)
        except Missing as missing:
            names = (PAINT, FAR, SEARCH, FRAME, WORST, HEAP)
            return rows + [
                Result(what=each, value=None, unit="", missing=str(missing)) for each in names
            ]
    return [
        *rows,
        result(seen, PAINT, "ms", scale=1e3, at_most=1000),
        result(seen, FAR, "ms", scale=1e3, at_most=300),
        result(seen, SEARCH, "ms", scale=1e3, at_most=300),
        result(seen, FRAME, "ms", scale=1e3),
        result(seen, WORST, "ms", scale=1e3),
        result(seen, HEAP, "MiB", scale=2**-20),
    ]


def _looks(url: str, middle: int) -> Mapping[str, float]:
    """The seconds that each look takes, on one connection."""
    with closing(HTTPConnection(urlsplit(url).netloc)) as connection:

        def look(path: str) -> None:
            connection.request("GET", path.format(middle=middle))
            response = connection.getresponse()
            response.read()
            assert response.status == 200

        return {name: per_call(partial(look, path), 5) for name, path in LOOKS.items()}


def _in_chromium(url: str, rounds: int) -> Rounds:
    """Raises `Missing`."""
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"]
        browser = playwright.chromium.launch(executable_path=need("chromium"), args=options)
        with closing(browser):
            return in_turn(rounds, lambda: _visit(browser, url))


def _visit(browser: Browser, url: str) -> Mapping[str, float]:
    """What somebody waits for who opens the page, scrolls, and searches."""
    with closing(browser.new_context(locale="en-US")) as context:
        context.set_default_timeout(120_000)
        page = context.new_page()
        page.goto(url)
        paint = page.evaluate(_ONCE, {"selector": ".phone", "begins": ""})
        view = page.locator(".phone-list .windowed")
        far = view.evaluate(_LEAP)
        frame, worst = view.evaluate(_FRAMES)
        search = page.evaluate(
            """async () => {
                const field = document.getElementById("search");
                const begun = performance.now();
                field.value = "nowhere to be found";
                field.dispatchEvent(new Event("input", {bubbles: true}));
                while (document.querySelector(".phone")) await new Promise(requestAnimationFrame);
                return (performance.now() - begun) / 1000;
            }"""
        )
        tools = context.new_cdp_session(page)
        tools.send("HeapProfiler.collectGarbage")
        heap = page.evaluate("performance.memory.usedJSHeapSize")
        return {
            PAINT: paint,
            FAR: far,
            SEARCH: search,
            FRAME: frame,
            WORST: worst,
            HEAP: heap,
        }
