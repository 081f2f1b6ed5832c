"""The annex while it is being written: its figures, and the charts and tables put into it so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from sufficiency.report.council import Council
from sufficiency.report.disclosure import Key, Rules
from sufficiency.report.finished import Finished, long_date, prices_in_words
from sufficiency.report.projections import Projections, publish_projections
from sufficiency.report.published import Published, publish_history
from sufficiency.report.style import Words, save
from sufficiency.report.tables import Table, escape
from sufficiency.report.tried import trust_of
from sufficiency.trials.trust import Trust

PAGE_BREAK = (
    '```{=openxml}\n<w:p><w:r><w:br w:type="page"/></w:r></w:p>\n```\n\n```{=typst}\n#pagebreak(weak: true)\n```'
)


@dataclass(frozen=True)
class Chart:
    """A chart in the annex: its file's name without ending, its caption and its text alternative."""

    name: str
    caption: str
    alternative: str


@dataclass
class Book:
    """What the sections read, and where they put their charts and tables.

    Charts and tables are written to ``publish`` when they are put in; sections return Markdown.
    """

    run: Finished
    past: Published
    future: Projections
    council: Council
    rules: Rules
    publish: Path
    trust: Trust
    charts: list[Chart] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)

    @property
    def invented(self) -> bool:
        """Whether pages and charts say that the data are invented."""
        return self.run.invented or self.council.invented

    @property
    def authority(self) -> str:
        """The authority's name."""
        return self.council.name or self.run.authority

    @property
    def mark(self) -> str:
        """What every chart carries in its corner."""
        return "DRAFT · INVENTED DATA" if self.invented else "DRAFT"

    @property
    def priced(self) -> str:
        """What stands behind the name of everything in pounds: which of the prices are no council's own."""
        kinds = prices_in_words(self.run)
        return f" ({kinds} prices)" if kinds else ""

    @property
    def today(self) -> str:
        """The origin as readers write it."""
        return long_date(self.past.origin)

    def value(self, *key: str) -> int | None:
        """A count of the past, or None where hidden."""
        return self.past.counts.value(key)

    def gap(self, *key: str) -> float:
        """A count of the past for a chart: NaN where hidden."""
        found = self.value(*key)
        return float("nan") if found is None else float(found)

    def shown(self, *key: str) -> int | str:
        """A count of the past for a table: the symbol where hidden."""
        found = self.value(*key)
        return self.rules.symbol if found is None else found

    def share(self, part: Key, whole: Key) -> str:
        """A whole percentage for a table."""
        return self.past.counts.share(part, whole)

    def words(self, title: str, unit: str) -> Words:
        """Words on a chart, with the annex's mark."""
        return Words(title, unit, self.mark)

    def chart(self, name: str, figure: Figure, caption: str, alternative: str) -> str:
        """Write a chart's files and return the Markdown that shows it."""
        save(figure, self.publish / "charts", name)
        number = len(self.charts) + 1
        self.charts.append(Chart(name, caption, alternative))
        text = " ".join(alternative.split()).replace('"', "'")
        return f'![Figure {number}: {escape(caption)}](charts/{name}){{alt="{text}" width=100%}}'

    def table(self, table: Table, shown: pd.DataFrame | None = None) -> str:
        """Write a table's CSV and return its Markdown; ``shown`` prints fewer rows or columns than the CSV holds."""
        table.write_csv(self.publish / "tables")
        self.tables.append(table)
        return table.markdown(len(self.tables), shown)

    def only_csv(self, table: Table) -> str:
        """Write a table as CSV only, and return a sentence that says where it is."""
        table.write_csv(self.publish / "tables")
        self.tables.append(table)
        return f"The numbers are in tables/{table.name}.csv."


def open_book(run: Finished, council: Council, rules: Rules) -> Book:
    """Make every published figure of a run, ready for the sections."""
    past, found = publish_history(run, rules), trust_of(run)
    future = publish_projections(run, past, rules, widening=found.widening)
    return Book(run, past, future, council, rules, run.folder / "publish", found)
