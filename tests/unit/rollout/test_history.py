"""What a service ran, and the images kept for a way back."""

from __future__ import annotations

from msgspec.structs import replace

from composeroll.engine.images import Image
from composeroll.errors import EngineError
from composeroll.rollout.history.book import LONGEST, Book
from composeroll.rollout.history.revision import (
    Result,
    latest,
    parse_revisions,
    previous,
    running,
    write_revisions,
)
from composeroll.rollout.lock.holder import Holder
from composeroll.rollout.observing.observed import ServiceState
from tests.unit.rollout.makers import NEW, OLD, ours, replica, service, state, wiring

ME = Holder("me", "here", "", 1, "", "composeroll update app")


class Engine:
    """Texts and tags."""

    def __init__(self) -> None:
        self.texts: dict[tuple[str, str], str] = {}
        self.tags: dict[str, str] = {}
        self.gone: set[str] = set()
        self.reads = 0

    def read(self, project: str, name: str) -> str:
        """A text."""
        self.reads += 1
        return self.texts.get((project, name), "")

    def write(self, project: str, name: str, text: str) -> None:
        """Put it in place."""
        self.texts[project, name] = text

    def image(self, reference: str) -> Image | None:
        """Every image has been pulled from one registry."""
        known = self.tags.get(reference, reference)
        if known in self.gone:
            return None
        digests = (f"mirror/app@same-as-{known}", f"r/app@digest-of-{known}")
        return Image(known, digests) if known.startswith("sha256:") else None

    def tag(self, image: str, reference: str) -> None:
        """Name it."""
        if image in self.gone:
            raise EngineError(f"No such image: {image}")
        self.tags[reference] = image

    def untag(self, reference: str) -> None:
        """Take the name away."""
        self.tags.pop(reference, None)


def book(engine: Engine) -> Book:
    """One run's."""
    return Book(engine, engine, "shop", ME)


def runs(image: str, *, keep: int = 5) -> ServiceState:
    """A service whose replicas and reference have this image."""
    return state([replica(1, image)], of=service(**ours(keep=keep)), image=image, outdated={})


def rolled(engine: Engine, *images: str, keep: int = 5, result: Result = Result.UPDATED) -> None:
    """One rollout after the other, each by a run of its own."""
    for image in images:
        book(engine).record([runs(image, keep=keep)], result, 1.25, {"app": 2}, {"app": image})


def test_what_runs_before_the_first_rollout_is_found_and_kept_once() -> None:
    engine = Engine()
    book(engine).keep_what_runs([runs(OLD)])
    book(engine).keep_what_runs([runs(OLD)])
    (found,) = book(engine).revisions("app")
    assert (found.number, found.image, found.result) == (1, OLD, Result.FOUND)
    assert engine.tags == {"composeroll-kept/shop:app.1": OLD}


def test_what_runs_from_an_image_that_is_gone_cannot_be_kept_and_ends_no_rollout() -> None:
    """A containerd image store forgets an image as soon as a build has moved its only tag."""
    engine = Engine()
    engine.gone = {OLD}
    assert book(engine).keep_what_runs([runs(OLD)]) == ("app",)
    assert book(engine).keep_what_runs([runs(NEW)]) == ()
    assert engine.tags == {"composeroll-kept/shop:app.1": NEW}


def test_what_runs_but_was_never_chosen_to_get_requests_is_no_version_to_go_back_to() -> None:
    engine = Engine()
    both = [replica(1, OLD), replica(2, "sha256:bad")]
    book(engine).keep_what_runs([state(both, wiring(1))])
    assert [r.image for r in book(engine).revisions("app")] == [OLD]


def test_where_nginx_was_told_of_nothing_that_runs_all_of_it_is_kept() -> None:
    for place in (None, wiring(9)):
        engine = Engine()
        book(engine).keep_what_runs([state([replica(1, OLD), replica(2, NEW)], place)])
        assert {r.image for r in book(engine).revisions("app")} == {OLD, NEW}


def test_a_revision_says_who_what_from_where_and_how_long() -> None:
    engine = Engine()
    rolled(engine, NEW)
    (made,) = book(engine).revisions("app")
    assert (made.reference, made.digest) == ("app:1", f"same-as-{NEW}")
    assert (made.seconds, made.who, made.command) == (1.2, str(ME), ME.command)
    assert made.at.endswith("+00:00")


def test_the_last_rollout_that_ended_well_says_how_many_replicas_there_are_to_be() -> None:
    engine = Engine()
    assert book(engine).settled("app") == 0
    rolled(engine, NEW)
    rolled(engine, "sha256:bad", result=Result.FAILED)
    assert book(engine).settled("app") == 2


def test_the_last_rollout_that_ended_well_says_whose_nginx_spoke_to_the_service() -> None:
    engine = Engine()
    assert not book(engine).gateway("app")
    wired = replace(runs(NEW), wiring=wiring(1))
    book(engine).record([wired], Result.UPDATED, 1.0, {}, {"app": OLD})
    book(engine).record([runs(OLD)], Result.FAILED, 1.0, {}, {"app": OLD})
    assert book(engine).gateway("app") == "nginx"
    book(engine).record([runs(OLD)], Result.UPDATED, 1.0, {}, {"app": OLD})
    assert not book(engine).gateway("app")


def test_a_revision_of_before_gateways_were_written_says_none() -> None:
    engine = Engine()
    rolled(engine, NEW)
    engine.texts = {key: text.replace(', "gateway": ""', "") for key, text in engine.texts.items()}
    assert len(book(engine).revisions("app")) == 1
    assert not book(engine).gateway("app")


def test_a_revision_of_before_counts_were_written_says_none() -> None:
    engine = Engine()
    rolled(engine, NEW)
    engine.texts = {key: text.replace(', "replicas": 2', "") for key, text in engine.texts.items()}
    assert len(book(engine).revisions("app")) == 1
    assert book(engine).settled("app") == 0


def test_the_images_of_the_last_that_served_stay_tagged_and_older_ones_are_let_go() -> None:
    engine = Engine()
    rolled(engine, "sha256:1", "sha256:2", "sha256:3", "sha256:2", keep=2)
    assert set(engine.tags.values()) == {"sha256:2", "sha256:3"}


def test_a_failed_rollout_counts_neither_as_served_nor_toward_what_is_kept() -> None:
    engine = Engine()
    rolled(engine, "sha256:1", "sha256:2", keep=2)
    rolled(engine, "sha256:bad", keep=2, result=Result.FAILED)
    assert set(engine.tags.values()) == {"sha256:1", "sha256:2"}
    now = running(book(engine).revisions("app"))
    assert now
    assert now.image == "sha256:2"


def test_the_way_back_is_to_the_last_other_image_that_served() -> None:
    engine = Engine()
    rolled(engine, "sha256:1", "sha256:2", "sha256:2")
    rolled(engine, "sha256:bad", result=Result.FAILED)
    revisions = book(engine).revisions("app")
    back = previous(revisions, "sha256:2")
    assert back
    assert (back.number, back.image) == (1, "sha256:1")
    assert not previous(revisions[1:], "sha256:2")
    assert not previous((), "sha256:2")
    again = latest(revisions, "sha256:2")
    assert again
    assert again.number == 3
    assert not latest(revisions, "sha256:bad")
    assert not latest(revisions, "")


def test_numbers_go_on_where_the_oldest_are_forgotten() -> None:
    engine = Engine()
    rolled(engine, *["sha256:1"] * (LONGEST + 2))
    revisions = book(engine).revisions("app")
    assert (revisions[0].number, revisions[-1].number) == (3, LONGEST + 2)


def test_what_is_forgotten_leaves_no_tag_that_would_keep_its_image_for_ever() -> None:
    engine = Engine()
    rolled(engine, *["sha256:1"] * (LONGEST + 10), keep=2)
    assert len(engine.tags) == LONGEST
    rolled(engine, "sha256:2", "sha256:3", keep=2)
    assert set(engine.tags.values()) == {"sha256:2", "sha256:3"}


def test_what_serves_is_not_forgotten_however_many_rollouts_have_failed_since() -> None:
    engine = Engine()
    rolled(engine, "sha256:1", "sha256:2", keep=1)
    rolled(engine, *["sha256:bad"] * (LONGEST + 2), keep=1, result=Result.FAILED)
    revisions = book(engine).revisions("app")
    now = running(revisions)
    assert now
    assert (now.number, now.image, len(revisions)) == (2, "sha256:2", LONGEST + 1)
    assert engine.tags == {"composeroll-kept/shop:app.2": "sha256:2"}


def test_a_line_that_is_no_revision_is_passed_over() -> None:
    engine = Engine()
    rolled(engine, NEW)
    text = engine.texts["shop", "app"]
    whole = parse_revisions(text)
    assert parse_revisions(f"half a li\n[]\n{{}}\n{text}") == whole
    assert write_revisions(whole) == text


def test_a_version_that_is_held_back_is_known_by_all_its_digests_until_it_may_pass() -> None:
    engine = Engine()
    assert not book(engine).held_back("app")
    book(engine).hold_back("app", OLD)
    assert book(engine).held_back("app") == (f"same-as-{OLD}", f"digest-of-{OLD}")
    book(engine).let_pass("app")
    assert not book(engine).held_back("app")


def test_a_run_reads_each_history_once() -> None:
    engine = Engine()
    one = book(engine)
    one.keep_what_runs([runs(OLD)])
    one.record([runs(NEW)], Result.UPDATED, 1.0, {}, {"app": NEW})
    assert [r.image for r in one.revisions("app")] == [OLD, NEW]
    assert engine.reads == 1
