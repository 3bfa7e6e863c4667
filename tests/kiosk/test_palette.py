"""The colours of every theme: read by everybody, told apart by every kind of eye."""

import itertools

import pytest
from textual.theme import Theme

from kiosk.screens.palette import (
    CONTRAST,
    EVERY,
    FLOOR,
    GREEN,
    THEMES,
    is_console,
    theme_for,
)
from tests.kiosk.colours import VISIONS, ciede2000, contrast, distance

CONTRAST_MIN = 4.5  # WCAG 2, 1.4.3
APART_MIN = 25.0  # CIEDE2000; 2.3 is just noticeable side by side
GREEN_APART_MIN = 13.0  # weaker for protans and deutans, as its documentation says
CONSOLE_GROUNDS = {f"ansi_{one}" for one in ("black", "red", "green", "yellow", "blue", "magenta")}
STATES = ("ok", "stop", "note")
FULL = (FLOOR, GREEN, CONTRAST)


@pytest.mark.parametrize("theme", FULL, ids=lambda one: one.name)
def test_every_pair_of_ink_and_ground_can_be_read(theme: Theme) -> None:
    colours = theme.variables
    pairs = [(colours[f"{state}-ink"], colours[state]) for state in STATES]
    for ground in (theme.background, theme.surface, theme.panel):
        assert ground is not None
        pairs += [(colours["faint"], ground), ("#ffffff", ground)]
    for ink, ground in pairs:
        assert contrast(ink, ground) >= CONTRAST_MIN, (ink, ground)


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize(
    ("theme", "least"),
    [(FLOOR, APART_MIN), (CONTRAST, APART_MIN), (GREEN, GREEN_APART_MIN)],
    ids=lambda one: getattr(one, "name", ""),
)
def test_states_stay_apart_for_every_kind_of_eye(theme: Theme, least: float, vision: str) -> None:
    for one, other in itertools.combinations(STATES, 2):
        apart = distance(theme.variables[one], theme.variables[other], vision)
        assert apart >= least, (one, other, apart)


def test_green_is_weaker_than_blue_where_it_is_said_to_be() -> None:
    def okay_from_stop(theme: Theme, vision: str) -> float:
        return distance(theme.variables["ok"], theme.variables["stop"], vision)

    for vision in ("protan", "deutan"):
        assert okay_from_stop(GREEN, vision) < okay_from_stop(FLOOR, vision) / 2


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [  # of the paper's own table
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_distance_is_that_of_the_paper(
    one: tuple[float, float, float], other: tuple[float, float, float], apart: float
) -> None:
    assert ciede2000(one, other) == pytest.approx(apart, abs=1e-4)


@pytest.mark.parametrize("chosen", THEMES)
def test_each_theme_is_there_for_both_kinds_of_terminal(chosen: str) -> None:
    plain, console = theme_for({}, chosen), theme_for({"TERM": "linux"}, chosen)
    assert (plain.name, is_console(plain.name)) == (chosen, False)
    assert is_console(console.name)
    assert {console.variables[state] for state in STATES} <= CONSOLE_GROUNDS
    assert console.background == "ansi_black"
    assert len({console.variables[state] for state in STATES}) == len(STATES)


def test_every_theme_names_the_same_colours() -> None:
    names = set(FLOOR.variables)
    assert all(names <= set(theme.variables) for theme in EVERY)
