"""The page in a real browser: it opens clean, says what report.json says, and can be used."""

from __future__ import annotations

import json
import re
import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from curate import report
from tests.signals.test_tasks import asked

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLES = [str(ROOT / "sample_data" / f"{name}.jsonl") for name in ("alpaca", "sharegpt", "chatml")]
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
PHONE = {"width": 390, "height": 800}
ALIVE = (
    "<script>window.acted = 1</script>",
    "</script><script>window.acted = 2</script>",
    "<!--<script>",
    '"><img src=x onerror="window.acted = 3">',
    "\u2028window.acted = 4\u2029",
    "\u202egnp.exe\u202c",
    "javascript:window.acted=5",
)  # fmt: skip
HOSTILE = "\n".join(ALIVE)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: make browser"),
]


def row(instruction, output):
    return {"instruction": instruction, "input": "", "output": output}


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture(scope="module")
def sample(clean):
    return clean(SAMPLES)


@pytest.fixture(scope="module")
def hostile(clean):
    rows = [row(f"Say {HOSTILE}", ""), row(f"{HOSTILE}?", f"As an AI language model {HOSTILE}")]
    rows += [row("Long?", f"{HOSTILE} " + "A" * 1_000_000), row("Fine?", HOSTILE)]
    rows += [{"instruction": HOSTILE, "output": 7}, row(HOSTILE, "Fine."), row(HOSTILE, "Fine.")]
    return clean(rows)


@pytest.fixture
def open_page(browser):
    """Open a run's page; what it asks for or complains about lands in `page.said`."""
    contexts = []

    def go(folder, **options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.said = []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("dialog", lambda dialog: page.said.append(dialog.message))
        page.on("request", lambda request: page.said.append(request.url))
        page.goto(f"file://{folder / 'report.html'}")
        if page.get_by_text("No row was dropped").count() == 0:
            page.locator("#list summary").first.wait_for()
        if page.locator("#chart-map").count():
            page.locator("#chart-map svg").wait_for()
        assert page.said.pop(0).startswith("file://")
        return page

    yield go
    for one in contexts:
        one.close()


def status(page):
    return page.locator("#status").text_content()


def choice(page, name):
    return page.get_by_role("combobox", name=name, exact=True)


def numbers(texts):
    return [int(re.sub(r"[^\d]", "", one) or 0) for one in texts]


# --- it opens -----------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 900}, PHONE])
def test_it_opens_clean_and_fits_the_window(open_page, sample, scheme, viewport):
    page = open_page(sample, color_scheme=scheme, viewport=viewport)
    assert page.said == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    charts = page.locator(".chart")
    assert charts.count() == charts.locator("svg").count() > 3
    assert all(box["width"] <= viewport["width"] for box in map(_box, charts.locator("svg").all()))


def _box(locator):
    return locator.bounding_box()


@pytest.mark.parametrize(
    "rows",
    [[row("Name a colour.", "Blue.")], [row("", "") for _ in range(3)]],
    ids=["nothing found", "all dropped"],
)
def test_a_run_with_nothing_to_draw_opens_clean_too(open_page, clean, rows):
    page = open_page(clean(rows))
    assert page.said == []
    assert page.locator("h1").text_content().startswith("1 of 1" if len(rows) == 1 else "0 of ")


def test_a_wide_matrix_of_labels_scrolls_within_the_window(open_page, clean):
    dishes = ("soup", "bread", "stew", "salad", "pie", "noodles", "curry", "rice", "beans", "cake",
              "fish", "plum", "pear")  # fmt: skip
    rows = [
        {**row("Which dish is it about?", f"a_complaint_about_the_{dish}_of_yesterday"),
         "input": f"On day {day} the {dish} was cold, and so was the {dish} of day {day + 1}."}
        for dish in dishes for day in range(20)
    ]  # fmt: skip
    page = open_page(clean(rows), viewport=PHONE)
    assert page.locator(".matrix tbody tr").count() == 12
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.said == []


def test_on_paper_no_chart_is_wider_than_the_page(open_page, sample):
    page = open_page(sample)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 700, "height": 1000})
    assert all(_box(one)["width"] <= 700 for one in page.locator(".chart svg").all())
    assert not page.locator("#rows").is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")


# --- it says what report.json says --------------------------------------------------------------


def test_the_numbers_are_those_of_report_json(open_page, sample):
    page, data = open_page(sample), json.loads((sample / "report.json").read_bytes())
    shown = numbers(page.locator(".equation div dd:nth-of-type(1)").all_text_contents())
    names = ("records", "kept", "edited", "dropped", "quarantined")
    assert shown == [data["totals"][name] for name in names]
    fired = [rule for rule in data["rules"] if rule["hits"]]
    cells = page.locator("details.rule > summary")
    assert cells.locator("code").all_text_contents() == [rule["code"] for rule in fired]
    hits = [one.locator(".n").all_text_contents() for one in cells.all()]
    assert numbers(one[0] for one in hits) == [rule["hits"] for rule in fired]
    assert numbers(one[2] for one in hits) == [rule["decided"] for rule in fired]
    ways = page.locator(".ways tbody td:nth-of-type(2)").all_text_contents()
    assert numbers(ways) == [way["rows"] for way in data["flow"]]
    for column, when in ((1, "before"), (2, "after")):
        first = page.locator(f".changes tbody td:nth-of-type({column})").first.text_content()
        assert numbers([first]) == [data["changes"][0][when]]


def test_the_flow_chart_shows_what_became_of_the_records(open_page, sample):
    page, totals = open_page(sample), report.read(sample).totals
    page.get_by_role("button", name="all records").click()
    page.locator("#chart-flow svg text", has_text=f"{totals.records} in").wait_for()
    said = page.locator("#chart-flow svg text").all_text_contents()
    assert f"{totals.records} in" in said
    assert f"{totals.dropped}  dropped" in said
    assert f"{totals.quarantined}  quarantined" in said
    assert f"{totals.kept + totals.edited}  core" in said


def test_a_click_on_a_rule_in_the_chart_opens_it(open_page, sample):
    page = open_page(sample)
    first = next(one for one in report.read(sample).flow if one.disposition == "dropped")
    label = page.locator("#chart-flow svg text", has_text=f"{first.rows}  {first.code}").first
    box = _box(label)
    page.mouse.click(box["x"] - 8, box["y"] + box["height"] / 2)
    page.locator(f"#rule-{first.code}[open]").wait_for()


@pytest.fixture(scope="module")
def topics(clean):
    return clean(
        [*(row(one, f"Answer {at}.") for at, one in enumerate(asked(150))), row("Soup?", "")]
    )


def point(page, name):
    """The middle of the first point of a form: `circle` is a path of arcs, `rect` one of lines."""
    return page.locator(f"#chart-map path[fill='var(--{name})']").first


def test_the_map_shows_every_row_and_what_it_asks(open_page, topics):
    page = open_page(topics)
    assert page.locator("#chart-map path").count() == 151
    assert "151 rows" in page.locator("#chart-map").get_attribute("aria-label")
    assert sum(numbers(page.locator("#tasks td:nth-child(2)").all_text_contents())) == 151
    page.locator("#map").scroll_into_view_if_needed()
    point(page, "kept").hover(force=True)
    page.locator("#chart-map", has_text="untouched").wait_for()
    assert page.said == []


def test_a_click_on_the_map_opens_the_row(open_page, topics):
    page = open_page(topics)
    page.locator("#map").scroll_into_view_if_needed()
    point(page, "dropped").click(force=True)
    page.locator("#list details[open] .turns", has_text="Soup?").wait_for()
    assert status(page).endswith("of 1 row")
    assert page.said == []


def test_a_click_on_a_point_that_was_kept_opens_its_row_too(open_page, topics):
    page = open_page(topics)
    page.locator("#map").scroll_into_view_if_needed()
    point(page, "kept").click(force=True)
    opened = page.locator("#list details[open]")
    opened.locator(".turns", has_text="Answer ").wait_for()
    assert opened.locator(".tag").first.text_content() == "kept"
    assert choice(page, "Became").input_value() == "untouched"
    assert page.said == []


def test_the_map_tells_outcome_copies_or_task(open_page, clean):
    twice = row("Where is the lake?", "It lies behind the hill, to the north.")
    page = open_page(
        clean([*(row(one, f"Answer {at}.") for at, one in enumerate(asked(150))), twice, twice])
    )
    key = page.locator("#map-key button")
    for by, wanted in (("copies", 2), ("task", 2), ("outcome", 2)):
        page.get_by_role("button", name=by, exact=True).click()
        assert key.count() >= wanted, by
        shown = numbers(page.locator("#map-key span").all_text_contents())
        assert sum(shown) == 152, by
        assert page.locator("#chart-map path").count() == 152
    page.get_by_role("button", name="copies", exact=True).click()
    assert key.nth(1).text_content() == "in a pair2"
    key.nth(1).click()
    assert key.nth(1).get_attribute("aria-pressed") == "true"
    assert page.said == []


def test_a_link_to_a_rule_opens_it(open_page, sample):
    page = open_page(sample)
    page.locator("#flow .numbers > summary").click()
    page.locator(".ways a").first.click()
    code = page.locator(".ways a").first.text_content()
    page.locator(f"#rule-{code}[open]").wait_for()


# --- the rows -----------------------------------------------------------------------------------


@pytest.fixture
def rows(open_page, sample):
    return open_page(sample), report.build(sample)


def found(built):
    """The rows that the page lists unless asked for those that nothing was found in."""
    return [one for one in built.explorer.rows if one["c"] or one["d"] != "kept"]


def test_filters_show_the_rows_that_the_report_has(rows):
    page, built = rows
    listed = found(built)
    assert status(page) == f"1–25 of {len(listed)} rows"
    code = built.fired[0].code
    choice(page, "Rule").select_option(code)
    hit = [one for one in listed if 0 in one["c"]]
    assert status(page).endswith(f" of {len(hit)} rows")
    assert page.locator("#list .codes").count() == len(hit)
    choice(page, "Rule").select_option("")
    choice(page, "Became").select_option("quarantined")
    assert status(page).endswith(f" of {built.totals.quarantined} rows")
    choice(page, "Became").select_option("")
    choice(page, "File").select_option("chatml.jsonl")
    of_file = [one for one in listed if one["s"] == "chatml.jsonl"]
    assert status(page).endswith(f" of {len(of_file)} rows")
    choice(page, "File").select_option("")
    choice(page, "Became").select_option("untouched")
    assert status(page).endswith(f" of {built.explorer.untouched} rows")
    assert page.locator("#list .tag").first.text_content() == "kept"


def test_a_search_finds_ids_places_and_words(rows):
    page, built = rows
    wanted = next(one for one in built.explorer.rows if one["d"] == "dropped" and one["p"])
    find = page.get_by_role("searchbox", name="Search")
    find.fill(wanted["i"].upper())
    assert page.locator("#list .place").first.text_content() == f"{wanted['s']}:{wanted['l']}"
    find.fill(f"{wanted['s']}:{wanted['l']}")
    assert wanted["i"] in page.locator("#list details").evaluate_all(
        "all => all.map(one => one.dataset.id)"
    )
    find.fill("no row says this")
    assert status(page) == "No such row."


def test_rows_are_sorted_as_asked(rows):
    page, built = rows
    ids = sorted(one["i"] for one in found(built) if one["i"])
    choice(page, "Sorted by").select_option("id")
    shown = page.locator("#list details").evaluate_all("all => all.map(one => one.dataset.id)")
    assert [one for one in shown if one] == ids[: len([one for one in shown if one])]
    choice(page, "Sorted by").select_option("most")
    choice(page, "Rule").select_option("duplicate-near")
    seen = [one["v"] for one in built.explorer.rows
            if "duplicate-near" in {built.rules[at].code for at in one["c"]}]  # fmt: skip
    assert len(page.locator("#list details").all()) == len(seen)


def test_every_row_can_be_paged_to(rows):
    page, built = rows
    total = len(found(built))
    seen = []
    while True:
        seen += page.locator("#list .place").all_text_contents()
        if page.get_by_role("button", name="Next").is_disabled():
            break
        page.get_by_role("button", name="Next").click()
    assert sorted(seen) == sorted(f"{one['s']}:{one['l']}" for one in found(built))
    page.get_by_role("spinbutton", name="Page").fill("1")
    page.keyboard.press("Enter")
    assert status(page) == f"1–25 of {total} rows"
    page.get_by_role("spinbutton", name="Page").fill("99")
    page.keyboard.press("Enter")
    assert page.get_by_role("spinbutton", name="Page").input_value() == "1"


def test_the_keyboard_is_enough(rows):
    page, built = rows
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.press("Escape")
    first = page.locator("#list summary").first
    first.focus()
    page.keyboard.press("Enter")
    page.locator("#list details").first.and_(page.locator("[open]")).wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("c")
    wanted = page.locator("#list details").nth(1).get_attribute("data-id")
    page.locator("#status", has_text=f"Copied {wanted}").wait_for()
    page.keyboard.press("ArrowRight")
    assert status(page).startswith("26–")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("ArrowLeft")
    assert status(page) == f"1–25 of {len(found(built))} rows"


def test_a_row_opens_with_its_marks_and_its_id_can_be_copied(rows):
    page, _ = rows
    choice(page, "Rule").select_option("refusal-answer")
    page.locator("#list summary").first.click()
    opened = page.locator("#list details").first
    opened.locator(".turns mark").first.wait_for()
    opened.get_by_role("button", name="copy id").click()
    page.locator("#status", has_text="Copied ").wait_for()


def test_everything_has_a_name_for_those_who_do_not_see_it(rows):
    page, _ = rows
    for role, name in (("searchbox", "Search"), ("combobox", "Rule"), ("combobox", "Became"),
                       ("combobox", "Sorted by"), ("spinbutton", "Page"), ("status", None),
                       ("navigation", "Sections"), ("img", "Flow chart")):  # fmt: skip
        assert page.get_by_role(role, name=name, exact=role == "combobox").count() == 1, name
    for one in page.locator(".chart").all():
        assert one.get_attribute("role") == "img"
        assert len(one.get_attribute("aria-label")) > 20
        assert one.locator("xpath=ancestor::figure//table").count() >= 1
    assert page.locator("html").get_attribute("lang") == "en"
    levels = page.locator("h1, h2, h3").evaluate_all("all => all.map(one => +one.tagName[1])")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


# --- hostile rows -------------------------------------------------------------------------------


def test_what_rows_say_never_acts(open_page, hostile):
    page = open_page(hostile)
    for summary in page.locator("summary").all():
        if summary.is_visible():
            summary.click()
    page.get_by_role("searchbox", name="Search").fill("<script>")
    assert page.locator("#list details").count() >= 3
    assert page.said == []
    assert page.evaluate("window.acted") is None
    assert page.locator("img, iframe, a[href^=javascript]").count() == 0
    assert page.locator("script").count() == 3
    page.locator("#list summary").first.click()
    page.locator("#list .turns", has_text="window.acted = 1").first.wait_for()
    assert not set("\u202e\u2028") & set(page.content())


# --- the real thing -----------------------------------------------------------------------------


def test_the_page_of_52_thousand_rows_opens_in_two_seconds(open_page, clean, shared_data):
    path = shared_data / "01_alpaca" / "stanford_alpaca_52k" / "alpaca_data.json"
    folder = clean([str(path)])
    assert (folder / "report.html").stat().st_size < 5_000_000
    assert (folder / "report.md").stat().st_size < 65_536
    took = [
        open_page(folder).evaluate("performance.getEntriesByType('navigation')[0].domComplete")
        for _ in range(4)  # other tests may hold the cores
    ]
    assert min(took) < 2000
