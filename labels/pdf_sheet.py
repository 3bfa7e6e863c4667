"""Many labels on sheets of A4 or Letter, for office printers and stock in sheets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from labels.heads import HEADS
from labels.pdf import POINTS_A_MILLIMETRE, document, draw_layout
from labels.primitives import LabelError, Layout

Paper = Literal["A4", "Letter"]
PAPERS_MM: Final[dict[Paper, tuple[float, float]]] = {"A4": (210, 297), "Letter": (215.9, 279.4)}
MARGIN_MM: Final = 5  # that office printers leave white
GAP_MM: Final = 2  # between labels, to cut along
GAP_MM_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Grid:
    """Where labels stand on a sheet, in mm: as many as fit, in the middle of the paper."""

    paper: tuple[float, float]
    label: tuple[float, float]
    columns: int
    rows: int
    gap: float

    @property
    def cells(self) -> int:
        return self.columns * self.rows

    def corner(self, cell: int) -> tuple[float, float]:
        """Left and top of a cell, cells counted from the top left along the rows."""
        row, column = divmod(cell, self.columns)
        return self._place(0, self.columns, column), self._place(1, self.rows, row)

    def _place(self, axis: int, count: int, number: int) -> float:
        step = self.label[axis] + self.gap
        return (self.paper[axis] - count * step + self.gap) / 2 + number * step


def write_sheet(
    layouts: Sequence[Layout],
    job: str,
    *,
    paper: Paper = "A4",
    gap_mm: float = GAP_MM,
    used_cells: int = 0,
) -> bytes:
    """A PDF of labels of one size, the first `used_cells` of its first sheet left free.

    Raises LabelError where the label is larger than the paper or the labels differ in size.
    """
    first = layouts[0]
    layout_grid = grid(first, paper, gap_mm)
    if not 0 <= used_cells < layout_grid.cells:
        most = layout_grid.cells - 1
        raise LabelError(f"{used_cells} used labels of a sheet: it has room for 0 to {most}")
    size = tuple(side * POINTS_A_MILLIMETRE for side in layout_grid.paper)
    with document((size[0], size[1]), job) as (page, buffer):
        for number, layout in enumerate(layouts, used_cells):
            _check_same(first, layout)
            if number > used_cells and number % layout_grid.cells == 0:
                page.showPage()
            left, top = layout_grid.corner(number % layout_grid.cells)
            upward = size[1] - top * POINTS_A_MILLIMETRE
            draw_layout(page, layout, (left * POINTS_A_MILLIMETRE, upward))
        page.showPage()
    return buffer.getvalue()


def grid(layout: Layout, paper: Paper, gap_mm: float = GAP_MM) -> Grid:
    """The grid of most cells, the paper upright where both hold as many. Raises LabelError."""
    if not 0 <= gap_mm <= GAP_MM_MAX:
        raise LabelError(f"a gap of {gap_mm:g} mm between labels: 0 to {GAP_MM_MAX} mm can be cut")
    width, height = PAPERS_MM[paper]
    best = max(
        _grids(layout, ((width, height), (height, width)), gap_mm), key=lambda one: one.cells
    )
    if not best.cells:
        label = f"{best.label[0]:.0f} x {best.label[1]:.0f} mm"
        raise LabelError(f"label {layout.name}: {label} does not fit on {paper} with margins")
    return best


def _grids(layout: Layout, papers: Sequence[tuple[float, float]], gap: float) -> Iterator[Grid]:
    dots = HEADS[layout.dpi]
    label = (layout.width / dots, layout.height / dots)
    for paper in papers:
        columns, rows = (
            int((paper[axis] - 2 * MARGIN_MM + gap) // (label[axis] + gap)) for axis in (0, 1)
        )
        yield Grid(paper, label, max(0, columns), max(0, rows), gap)


def _check_same(first: Layout, layout: Layout) -> None:
    if (first.width, first.height, first.dpi) != (layout.width, layout.height, layout.dpi):
        raise LabelError(
            f"labels {first.name} and {layout.name} differ in size: give each its own sheets"
        )
