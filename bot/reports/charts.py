"""The picture of a trend, for a phone: about 400 px wide on screen, drawn at twice that."""

# matplotlib types its keyword arguments as "anything".
# pyright: reportUnknownMemberType=false

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from itertools import groupby
from textwrap import wrap

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bot.domain.trends import Day, Measure, Trend, plain
from bot.reports.axis import Label, date_ticks, drawable, labels

WIDTH, HEIGHT, DPI = 8.0, 4.5, 100
SMALL, NORMAL, LARGE = 15.0, 16.0, 19.0
LEFT, RIGHT, FLOOR, CEILING, ROW = 0.125, 0.975, 0.105, 0.815, 0.066
TICKS = 5
WORDS, WORD_LINE, WORD_LIMIT = 13.0, 17, 34
"""Answers in words beside the axis: their size, and the letters of a line and of all lines."""


@dataclass(frozen=True)
class Palette:
    """Colours after Okabe and Ito (2008), told apart with any colour vision; each also differs in shape or place."""

    ground: str
    text: str
    faint: str
    median: str
    day: str
    flare: str
    missing: str
    unwell: str


DARK = Palette("#313338", "#f2f3f5", "#50535b", "#56b4e9", "#d0d4da", "#e69f00", "#9a9da5", "#e08fc0")
LIGHT = Palette("#ffffff", "#1e1f22", "#d5d7dc", "#0072b2", "#5c5f66", "#e69f00", "#80848e", "#a8327b")


def chart_png(trend: Trend, *, dark: bool) -> bytes:
    """A PNG of 800 by 450 pixels on the background of Discord's dark or light theme."""
    buffer = BytesIO()
    _figure(trend, DARK if dark else LIGHT).savefig(buffer, format="png")
    return buffer.getvalue()


def chart_svg(trend: Trend) -> str:
    """The light chart for paper. Its letters are outlines, so it needs no font."""
    buffer = BytesIO()
    with mpl.rc_context({"svg.hashsalt": "spoonful"}):
        _figure(trend, LIGHT).savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue().decode()


class _Scale:
    """Where things stand on the upright axis: the measure's own range, and a strip for days without a value below."""

    def __init__(self, trend: Trend) -> None:
        self.low = min(trend.measure.low, *trend.values, trend.measure.high)
        self.high = max(trend.measure.high, *trend.values, self.low + 1)
        span = self.high - self.low
        self.bottom, self.top = self.low - 0.31 * span, self.high + 0.05 * span
        self.missing, self.unwell = self.low - 0.12 * span, self.low - 0.24 * span
        self.thickness = 0.06 * span

        self.words = trend.measure.words

    def ticks(self) -> list[tuple[float, str]]:
        """Heights and what stands beside them."""
        if self.words:
            return [(value, "\n".join(wrap(drawable(word, WORD_LIMIT), WORD_LINE))) for value, word in self.words]
        heights = [self.low + (self.high - self.low) * n / TICKS for n in range(TICKS + 1)]
        return [(height, plain(height)) for height in heights]


def _figure(trend: Trend, palette: Palette) -> Figure:
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor=palette.ground)
    named = labels(trend)
    rows = 1 + max((label.row for label in named if label.row is not None), default=-1)
    height = CEILING - FLOOR - ROW * rows
    scale = _Scale(trend)
    left = _left(scale)
    axes = figure.add_axes((left, FLOOR, RIGHT - left, height), facecolor=palette.ground)
    _frame(axes, trend, scale, palette)
    _flares(axes, trend, palette)
    _gaps(axes, trend, scale, palette)
    for label in named:
        _mark(axes, label, ROW / height, palette)
    _line(axes, trend, palette)
    _heading(figure, trend, palette)
    if not trend.values:
        words = drawable(trend.sentence, 64)
        figure.text(0.55, 0.5, words, color=palette.text, fontsize=SMALL, ha="center", va="center", parse_math=False)
    return figure


def _left(scale: _Scale) -> float:
    """Room for the labels of the upright axis."""
    longest = max(len(line) for _, label in scale.ticks() for line in label.split("\n"))
    return max(LEFT, 0.02 + longest * (0.0132 if scale.words else 0.0185))


def _frame(axes: Axes, trend: Trend, scale: _Scale, palette: Palette) -> None:
    axes.set_xlim(trend.first_day.toordinal() - 0.6, trend.last_day.toordinal() + 0.6)
    axes.set_ylim(scale.bottom, scale.top)
    dates = date_ticks(trend.first_day, trend.last_day)
    axes.set_xticks([day.toordinal() for day, _ in dates], [label for _, label in dates])
    heights, labelled = zip(*scale.ticks(), strict=True)
    axes.set_yticks(heights, labelled)
    axes.tick_params(length=0, pad=7, labelsize=NORMAL, labelcolor=palette.text)
    axes.tick_params("y", labelsize=WORDS if scale.words else NORMAL)
    axes.hlines(heights, *axes.get_xlim(), color=palette.faint, linewidth=0.8, zorder=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _flares(axes: Axes, trend: Trend, palette: Palette) -> None:
    for flare in trend.flares:
        first = max(flare.first, trend.first_day).toordinal() - 0.5
        last = min(flare.last or date.max, trend.last_day).toordinal() + 0.5
        axes.axvspan(first, last, color=palette.flare, alpha=0.25, linewidth=0, zorder=0.5)


def _gaps(axes: Axes, trend: Trend, scale: _Scale, palette: Palette) -> None:
    kinds: tuple[tuple[str, Callable[[Day], bool], float, str], ...] = (
        ("missing", lambda day: day.missing, scale.missing, palette.missing),
        ("unwell", lambda day: day.unwell, scale.unwell, palette.unwell),
    )
    for name, is_one, height, colour in kinds:
        runs = list(_runs(trend.days, is_one))
        axes.broken_barh(runs, (height - scale.thickness / 2, scale.thickness), facecolor=colour, linewidth=0)
        if runs:
            axes.text(
                -0.015,
                height,
                name,
                transform=axes.get_yaxis_transform(),
                color=palette.text,
                fontsize=SMALL - 1.5,
                horizontalalignment="right",
                verticalalignment="center",
            )


def _runs(days: Iterable[Day], is_one: Callable[[Day], bool]) -> Iterator[tuple[float, float]]:
    for found, group in groupby(days, is_one):
        run = list(group)
        if found:
            yield run[0].date.toordinal() - 0.42, len(run) - 0.16


def _mark(axes: Axes, label: Label, row_height: float, palette: Palette) -> None:
    at = label.day.toordinal()
    up = 1 + row_height * ((label.row or 0) + 0.5)
    style = "--" if label.starts else ":"
    axes.plot([at, at], [0, up], style, transform=axes.get_xaxis_transform(), color=palette.text, clip_on=False)
    if label.row is not None:
        axes.annotate(
            label.words,
            (at, up),
            xycoords=axes.get_xaxis_transform(),
            xytext=(-5 if label.leftwards else 5, 0),
            textcoords="offset points",
            color=palette.text,
            fontsize=SMALL,
            horizontalalignment="right" if label.leftwards else "left",
            verticalalignment="center",
            annotation_clip=False,
            parse_math=False,
            bbox={"facecolor": palette.ground, "edgecolor": "none", "pad": 1},
        )


def _line(axes: Axes, trend: Trend, palette: Palette) -> None:
    days = [day.date.toordinal() for day in trend.days]
    values = [float("nan") if day.value is None else day.value for day in trend.days]
    rolling = [float("nan") if day.rolling is None else day.rolling for day in trend.days]
    size = 8 if len(days) <= 31 else 5 if len(days) <= 120 else 3
    axes.plot(days, values, "o", color=palette.day, markersize=size, markeredgewidth=0, zorder=2)
    axes.plot(days, rolling, color=palette.median, linewidth=3.6, solid_capstyle="round", zorder=3)


def _heading(figure: Figure, trend: Trend, palette: Palette) -> None:
    words = _about(trend.measure)
    room = 28 if words else 44
    _say(figure, 0.02, 0.935, drawable(trend.measure.label, room) or "Your scores", palette.text, LARGE, "bold")
    figure.text(RIGHT, 0.935, words, color=palette.text, fontsize=SMALL, ha="right", va="center", parse_math=False)
    key = [("●", palette.day, "each day"), ("━", palette.median, "median of 7 days")]
    if trend.flares:
        key.append(("■", palette.flare, "flare"))
    at = 0.02
    for sign, colour, words in key:
        _say(figure, at, 0.865, sign, colour, SMALL)
        _say(figure, at + 0.032, 0.865, words, palette.text, SMALL)
        at += 0.065 + 0.0142 * len(words)


def _about(measure: Measure) -> str:
    """What the numbers mean: which of them is the worst, or only their unit; words speak for themselves."""
    if measure.words:
        return ""
    unit = drawable(measure.unit or "", 12)
    if measure.higher_is_worse is None:
        return unit and f"in {unit}"
    worst = plain(measure.high if measure.higher_is_worse else measure.low)
    return f"{worst} {unit} is worst" if unit else f"{worst} is worst"


def _say(figure: Figure, x: float, y: float, words: str, colour: str, size: float, weight: str = "normal") -> None:
    figure.text(x, y, words, color=colour, fontsize=size, fontweight=weight, va="center", parse_math=False)
