"""Drawing the pages of objects into a document, as tables that a screen reader can follow.

Each page holds one table: a row that heads the columns, and for each case a body with a row
that names the case and a row for each object. What is drawn is the content of a cell or an
artifact, and nothing else (ISO 14289-1, 7.1).
"""

import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache

import pikepdf
from pikepdf import Dictionary, Name

from validation.report.annex.layout import (
    CASE_PT,
    CONTINUED,
    HEAD_PT,
    ROW_PT,
    Layout,
    case_label,
    case_line,
    cell_style,
    cell_text,
)
from validation.report.annex.paging import ObjectPage, Part
from validation.report.annex.rows import ObjectColumn, ObjectRow
from validation.report.annex.typesetting import Run, Typesetter
from validation.report.annex.writing import Objects, reference, written

_BASELINE_PT = 6.8
_PREFIX = "/Objects"
_HAIRLINE = "0.835 0.855 0.871 RG 0.4 w"
_RULE = "0.11 0.129 0.153 RG 0.6 w"


class Painter:
    """Draws tables of objects on the pages of a document."""

    def __init__(
        self, document: pikepdf.Pdf, letters: Typesetter, layout: Layout, pages: int
    ) -> None:
        self.document = document
        self.letters = letters
        self.layout = layout
        self.fonts = _copied(letters, document)
        self.before = document.make_stream(b"q")
        self.streams = iter([document.make_stream(b"") for _ in range(pages)])
        # From here on the document itself gets no further objects: their numbers are given here.
        self.objects = Objects(document)
        self._tree = document.Root.StructTreeRoot.ParentTree
        nums = list(self._tree.Nums)
        self.parents = {int(nums[place]): nums[place + 1] for place in range(0, len(nums), 2)}
        self._new_parents: dict[int, int] = {}
        self.scopes = {
            "column": reference(self.objects.add("<</O/Table/Scope/Column>>")),
            "row": reference(self.objects.add("<</O/Table/Scope/Row>>")),
            "case": reference(
                self.objects.add(f"<</O/Table/Scope/Column/ColSpan {len(layout.columns)}>>")
            ),
        }

    def draw(self, page: pikepdf.Page, content: ObjectPage) -> None:
        """Draw a page of objects below the heading that the page has."""
        table = _Table(self, page)
        table.head()
        for part in content.parts:
            table.body(part)
        self._new_parents[int(page.obj.StructParents)] = table.finish()

    def finished(self) -> bytes:
        """Return the document with everything that was drawn."""
        known = {
            key: reference(self._new_parents[key])
            if key in self._new_parents
            else marks.unparse().decode("ascii")
            for key, marks in self.parents.items()
        }
        nums = " ".join(f"{key} {known[key]}" for key in sorted(known))
        self.objects.texts[self._tree.objgen[0]] = f"<</Nums [{nums}]>>"
        return written(self.document, self.objects.texts)


def _copied(letters: Typesetter, document: pikepdf.Pdf) -> dict[str, pikepdf.Object]:
    """Return the fonts of the specimens, copied into the document.

    The document has other subsets of the same fonts, and a subset must have a name of its own
    (ISO 32000-1, 9.6.4).
    """
    fonts = {}
    for name, font in sorted(letters.fonts.items()):
        copy = document.copy_foreign(font)
        descendant = copy.DescendantFonts[0]
        for one, key in ((copy, "BaseFont"), (descendant, "BaseFont"),
                         (descendant.FontDescriptor, "FontName")):  # fmt: skip
            one[f"/{key}"] = Name(f"/OB{str(one[f'/{key}'])[3:]}")
        fonts[name] = copy
    return fonts


class _Table:
    """The table of one page: what is drawn, and its structure."""

    def __init__(self, painter: Painter, page: pikepdf.Page) -> None:
        self._painter = painter
        self._page = page
        self._page_reference = reference(page.obj.objgen[0])
        self._layout = painter.layout
        self._objects = painter.objects
        marks = painter.parents[int(page.obj.StructParents)]
        self._marks = [reference(one.objgen[0]) for one in marks]
        self._drawn = ["Q BT"]
        self._rules = ["/Artifact BMC"]
        self._fonts: set[str] = set()
        self._state = ("", "")
        self._top = self._layout.frame.top
        self._section = _section(marks)
        self._number = self._objects.reserve()
        self._parts: list[int] = []

    def head(self) -> None:
        """Draw the row that heads the columns."""
        self._rule(_RULE)
        self._top -= HEAD_PT - ROW_PT
        head, row = self._part(), self._objects.reserve()
        cells = []
        for place, column in enumerate(self._layout.columns):
            run = self._painter.letters.run("strong", column.label)
            placed = [(self._layout.left_of(place, run), run)]
            cells.append(self._cell(row, "TH", placed, "column"))
        self._set(row, "TR", head, cells)
        self._set(head, "THead", self._number, [row])
        self._top -= ROW_PT
        self._rule(_RULE)

    def body(self, part: Part) -> None:
        """Draw the rows of a case."""
        body = self._part()
        rows = [self._case(body, part), *(self._row(body, one) for one in part.rows)]
        self._set(body, "TBody", self._number, rows)
        self._rule(_HAIRLINE)

    def _case(self, body: int, part: Part) -> int:
        frame, row = self._layout.frame, self._objects.reserve()
        words = CONTINUED if part.is_continued else part.case.words
        label = case_label(part.case, frame)
        (name, _), (said, _) = case_line(label, words, self._painter.letters, frame)
        self._top -= CASE_PT - ROW_PT
        placed = [(0.0, name), (frame.width - said.width, said)]
        self._set(row, "TR", body, [self._cell(row, "TH", placed, "case")])
        self._top -= ROW_PT
        return row

    def _row(self, body: int, content: ObjectRow) -> int:
        row = self._objects.reserve()
        cells = []
        for place, (column, text) in enumerate(
            zip(self._layout.columns, content.cells, strict=True)
        ):
            kind, scope = ("TH", "row") if place == 0 else ("TD", "")
            placed = [self._placed(place, column, content, text)] if text else []
            cells.append(self._cell(row, kind, placed, scope))
        self._set(row, "TR", body, cells)
        self._top -= ROW_PT
        return row

    def _placed(
        self, place: int, column: ObjectColumn, row: ObjectRow, text: str
    ) -> tuple[float, Run]:
        style, printed = cell_style(column, row), cell_text(column, text)
        run, _ = self._painter.letters.fitted(style, printed, self._layout.widths[place])
        return self._layout.left_of(place, run), run

    def finish(self) -> int:
        """Put what was drawn onto the page; return the number of its list of marks."""
        content = " ".join([*self._drawn, "ET", *self._rules, "EMC"]).encode("ascii")
        page, stream = self._page, next(self._painter.streams)
        stream.write(zlib.compress(content), filter=Name.FlateDecode)
        present = page.obj.Contents
        of_page = list(present) if isinstance(present, pikepdf.Array) else [present]
        page.obj.Contents = pikepdf.Array([self._painter.before, *of_page, stream])
        named = {f"{_PREFIX}{name[1:]}": self._painter.fonts[name] for name in sorted(self._fonts)}
        resources = Dictionary(dict(page.Resources.items()))
        resources.Font = Dictionary({**dict(page.Resources.Font.items()), **named})
        page.obj.Resources = resources
        self._set(self._number, "Table", self._section.objgen[0], self._parts)
        self._add_to_section()
        return self._objects.add(f"[{' '.join(self._marks)}]")

    # --- structure

    def _part(self) -> int:
        number = self._objects.reserve()
        self._parts.append(number)
        return number

    def _set(self, number: int, kind: str, parent: int, kids: Iterable[int]) -> None:
        listed = " ".join(map(reference, kids))
        self._objects.texts[number] = f"<</S/{kind}/P {reference(parent)}/K [{listed}]>>"

    def _add_to_section(self) -> None:
        section = self._section
        kids = [reference(one.objgen[0]) for one in section.K] + [reference(self._number)]
        others = Dictionary({key: one for key, one in section.items() if key != "/K"})
        text = others.unparse().decode("ascii").removesuffix(">>")
        self._objects.texts[section.objgen[0]] = f"{text}/K [{' '.join(kids)}]>>"

    def _cell(
        self, row: int, kind: str, content: Sequence[tuple[float, Run]], scope: str = ""
    ) -> int:
        attribute = f"/A {self._painter.scopes[scope]}" if scope else ""
        text = f"<</S/{kind}/P {reference(row)}{attribute}"
        if not content:
            return self._objects.add(f"{text}>>")
        mark = len(self._marks)
        self._drawn.append(f"/{kind}<</MCID {mark}>>BDC")
        for x, run in content:
            self._show(run, x)
        self._drawn.append("EMC")
        number = self._objects.add(f"{text}/Pg {self._page_reference}/K {mark}>>")
        self._marks.append(reference(number))
        return number

    # --- drawing

    def _show(self, run: Run, x: float) -> None:
        left, baseline = self._layout.frame.left + x, self._top - _BASELINE_PT
        for one in run.segments:
            font, colour = f"{_PREFIX}{one.font[1:]} {one.size:.3f} Tf", f"{one.colour} rg"
            if self._state != (font, colour):
                self._drawn += [font, colour]
                self._state = (font, colour)
                self._fonts.add(one.font)
            self._drawn.append(
                f"1 0 0 1 {left + one.right:.2f} {baseline + one.rise:.2f} Tm "
                f"[{_array(one.glyphs)}] TJ"
            )

    def _rule(self, pen: str) -> None:
        frame = self._layout.frame
        y = self._top
        self._rules.append(
            f"{pen} {frame.left:.2f} {y:.2f} m {frame.left + frame.width:.2f} {y:.2f} l S"
        )


@lru_cache(maxsize=65_536)
def _array(glyphs: tuple[str | float, ...]) -> str:
    said = "".join(f"<{one}>" if isinstance(one, str) else f"{one:g}" for one in glyphs)
    return said.replace("><", "")


def _section(marks: pikepdf.Object) -> pikepdf.Object:
    """Return the element that the heading of a page is in."""
    for element in marks:
        while Name.S in element and element.S != Name.H3 and Name.P in element:
            element = element.P  # noqa: PLW2901 - upwards
        if element.get(Name.S) == Name.H3:
            return element.P
    raise AssertionError  # pragma: no cover - the template gives each page its heading
