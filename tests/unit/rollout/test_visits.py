"""A new gateway answers every site as well as the one before, whatever that is worth."""

from __future__ import annotations

import pytest

from composeroll.model import Site, Visit
from composeroll.rollout.steps.visits import compare, unsteady

SHOP = Site(80, "shop.test")
ACCEPTED = ((200, 399),)


def said(status: int) -> dict[Site, Visit]:
    return {SHOP: Visit(status, f"answered {status}" if status else "gave no answer")}


@pytest.mark.parametrize(
    ("now", "then", "good"),
    [
        (200, 200, True),
        (200, 301, True),
        (200, 404, False),
        (200, 502, False),
        (200, 0, False),
        (404, 404, True),
        (502, 502, True),
        (502, 404, False),
        (0, 404, True),
        (0, 502, False),
        (0, 0, False),
    ],
)
def test_an_answer_is_good_if_it_is_accepted_or_no_news(now: int, then: int, *, good: bool) -> None:
    assert (compare(said(now), said(then), ACCEPTED) is None) is good


CLOSED = Visit(0, "closed the connection without an answer", closed=True)
DECLINED = Visit(0, "failed the TLS handshake: TLSV1_UNRECOGNIZED_NAME", closed=True)
REFUSED = Visit(0, "cannot be reached: Connection refused")


@pytest.mark.parametrize(
    ("now", "then", "good"),
    [
        (CLOSED, CLOSED, True),
        (DECLINED, DECLINED, True),
        (CLOSED, DECLINED, False),
        (REFUSED, CLOSED, False),
        (CLOSED, REFUSED, False),
        (REFUSED, REFUSED, False),
        (Visit(200, "answered 200"), CLOSED, False),
        (CLOSED, Visit(502, "answered 502"), False),
    ],
)
def test_a_site_that_is_closed_without_an_answer_is_no_news_if_it_was(
    now: Visit, then: Visit, *, good: bool
) -> None:
    assert (compare({SHOP: now}, {SHOP: then}, ACCEPTED) is None) is good


def test_a_site_that_only_the_new_one_has_must_answer_without_an_error() -> None:
    assert compare({}, said(404), ACCEPTED) is None
    worse = compare({}, said(500), ACCEPTED)
    assert worse
    assert worse.what == "answered 500 for http://shop.test:80"


@pytest.mark.parametrize(
    ("statuses", "good"),
    [
        ((200, 200), True),
        ((200, 302), True),
        ((502, 502), True),
        ((200, 404), False),
        ((404, 200), False),
        ((200, 0), False),
    ],
)
def test_behind_one_port_all_answers_are_alike_or_good(
    statuses: tuple[int, ...], *, good: bool
) -> None:
    assert (unsteady([said(status) for status in statuses], ACCEPTED) is None) is good


@pytest.mark.parametrize(
    ("site", "name"),
    [
        (Site(80), "http on port 80"),
        (Site(443, tls=True, ipv6=True), "https on port 443"),
        (Site(9000, http=False), "tcp on port 9000"),
    ],
)
def test_a_site_without_a_name_is_told_by_its_port(site: Site, name: str) -> None:
    worse = compare({}, {site: Visit(500, "answered 500")}, ACCEPTED)
    assert worse
    assert worse.what == f"answered 500 for {name}"
