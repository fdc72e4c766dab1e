"""Paper sizes: rolls of 58 and 80 mm, sheets of A4, labels from 40 × 30 to 100 × 180 mm."""

from typing import Literal

DOTS_PER_MM = 8
ROLL_DOTS = {58: 384, 80: 576}
A4 = (210, 297)
LABELS = (
    (40, 30),
    (50, 30),
    (60, 40),
    (70, 50),
    (76, 130),
    (80, 60),
    (100, 70),
    (100, 100),
    (100, 150),
    (100, 180),
)
LABEL_WIDTHS, LABEL_HEIGHTS = range(40, 101), range(30, 181)
Shape = Literal["roll", "sheet", "label"]


def shape_of(paper_mm: int, paper_high_mm: int) -> Shape | None:
    """Return which kind of paper a width and a height (0 on a roll) in mm are; None where no template draws such."""
    if paper_high_mm == 0:
        return "roll" if paper_mm in ROLL_DOTS else None
    if (paper_mm, paper_high_mm) == A4:
        return "sheet"
    return "label" if paper_mm in LABEL_WIDTHS and paper_high_mm in LABEL_HEIGHTS else None


def dots_of(paper_mm: int, paper_high_mm: int) -> int:
    """Return how many dots wide a picture for such paper is, whole bytes: all of a label, what a roll's head reaches."""
    return ROLL_DOTS[paper_mm] if paper_high_mm == 0 else paper_mm * DOTS_PER_MM


def logo_room(paper_mm: int, paper_high_mm: int) -> tuple[int, int] | None:
    """Return how many dots a logo may be wide and high on such paper; None on a label that has no room for one."""
    match shape_of(paper_mm, paper_high_mm):
        case "roll":
            return ROLL_DOTS[paper_mm], 160 if paper_mm == 80 else 112
        case "sheet":
            return 480, 200
        case _ if paper_mm >= 60 and paper_high_mm >= 60:
            return (paper_mm - 3) * DOTS_PER_MM, paper_high_mm
    return None


def say_size(paper_mm: int, paper_high_mm: int) -> str:
    """Return a size as people write it: 80 mm, A4, 100 × 150 mm."""
    if (paper_mm, paper_high_mm) == A4:
        return "A4"
    return f"{paper_mm} × {paper_high_mm} mm" if paper_high_mm else f"{paper_mm} mm"
