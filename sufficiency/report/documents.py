"""One Markdown document made into Word, HTML and PDF, all without a network."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import matplotlib as mpl
import pypandoc  # type: ignore[import-untyped]
import typst

from sufficiency.report.book import Chart
from sufficiency.report.reference import finish_word, write_reference

_READER = (
    "markdown-auto_identifiers+pipe_tables+fenced_divs+implicit_figures+header_attributes-tex_math_dollars-citations"
)


@dataclass(frozen=True)
class Cover:
    """What the cover and the running heads say.

    Attributes
    ----------
    notes
        Warnings in boxes: that it is a draft, that the data are invented.
    sections
        Identifier and heading of each section, for the contents.
    """

    title: str
    authority: str
    date: str
    version: str
    notes: Sequence[tuple[str, str]]
    sections: Sequence[tuple[str, str]]
    logo: Path | None = None

    @property
    def running(self) -> str:
        """The words at the head of every page."""
        marks = " · ".join(heading.upper() for heading, _ in self.notes)
        return f"{self.authority}: {self.title}" + (f" · {marks}" if marks else "")


def write_documents(text: str, cover: Cover, charts: Sequence[Chart], publish: Path) -> dict[str, Path]:
    """Write ``annex.docx``, ``annex.html`` and ``annex.pdf`` into a folder that holds ``charts``.

    Parameters
    ----------
    text
        The sections as Markdown; charts are named without their ending.
    cover
        Title page and running heads.
    charts
        For their text alternatives.
    publish
        Where the charts are and the documents go.
    """
    return {
        "docx": _word(text, cover, publish),
        "html": _html(text, cover, publish),
        "pdf": _pdf(text, cover, charts, publish),
    }


def _template(name: str) -> str:
    return files("sufficiency.report").joinpath("templates", name).read_text(encoding="utf-8")


def _pandoc(text: str, to: str, arguments: Sequence[str], out: Path | None = None) -> str:
    return str(
        pypandoc.convert_text(
            text, to, format=_READER, extra_args=list(arguments), outputfile=None if out is None else str(out)
        )
    )


def _styled(style: str, text: str) -> str:
    return f'::: {{custom-style="{style}"}}\n{text}\n:::\n'


def _word(text: str, cover: Cover, publish: Path) -> Path:
    out = publish / "annex.docx"
    page = '```{=openxml}\n<w:p><w:r><w:br w:type="page"/></w:r></w:p>\n```\n'
    front = [f"![]({cover.logo.name}){{height=2cm}}\n" if cover.logo and cover.logo.suffix != ".svg" else ""]
    front += [
        _styled("Title", cover.title),
        _styled("Subtitle", cover.authority),
        _styled("Cover line", cover.date),
        _styled("Cover line", cover.version),
    ]
    front += [_styled("Cover note", f"**{heading}.** {note}") for heading, note in cover.notes]
    contents = [
        _styled("Contents heading", "Contents"),
        *[_styled("Contents line", f"[{name}](#{key})") for key, name in cover.sections],
    ]
    with tempfile.TemporaryDirectory() as made:
        reference = write_reference(Path(made) / "reference.docx", cover.running)
        arguments = [
            f"--reference-doc={reference}",
            "--default-image-extension=png",
            f"--resource-path={_paths(cover, publish)}",
        ]
        arguments += ["--metadata=lang:en-GB"]
        _pandoc("\n".join([*front, page, *contents, page, text]), "docx", arguments, out)
        _finish_word(out, cover)
    return out


def _finish_word(path: Path, cover: Cover) -> None:
    finish_word(path, cover.title, cover.authority)


def _paths(cover: Cover, publish: Path) -> str:
    return os.pathsep.join(str(folder) for folder in (publish, cover.logo.parent if cover.logo else publish))


def _html(text: str, cover: Cover, publish: Path) -> Path:
    out = publish / "annex.html"
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "annex.html").write_text(_template("annex.html"), encoding="utf-8")
        (folder / "annex.css").write_text(_template("annex.css"), encoding="utf-8")
        meta = folder / "meta.json"
        notes = [{"heading": heading, "note": note} for heading, note in cover.notes]
        values = {
            "lang": "en-GB",
            "pagetitle": f"{cover.title} – {cover.authority}",
            "covertitle": cover.title,
            "authority": cover.authority,
            "date": cover.date,
            "version": cover.version,
            "notes": notes,
            "logo": cover.logo.name if cover.logo else "",
        }
        meta.write_text(json.dumps(values), encoding="utf-8")
        arguments = [
            "--standalone",
            "--embed-resources",
            f"--template={folder / 'annex.html'}",
            f"--css={folder / 'annex.css'}",
            f"--metadata-file={meta}",
            "--toc",
            "--toc-depth=1",
            "--default-image-extension=svg",
            f"--resource-path={_paths(cover, publish)}",
        ]
        _pandoc(text, "html5", arguments, out)
    return out


def _pdf(text: str, cover: Cover, charts: Sequence[Chart], publish: Path) -> Path:
    out = publish / "annex.pdf"
    small = text.replace('custom-style="Note"', 'typst:text:size="7.5pt"')
    body = with_alternatives(
        _pandoc(small, "typst", ["--default-image-extension=svg"]), {chart.name: chart.alternative for chart in charts}
    )
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        shutil.copytree(publish / "charts", folder / "charts", dirs_exist_ok=True) if (
            publish / "charts"
        ).is_dir() else None
        values = {
            "title": cover.title,
            "authority": cover.authority,
            "date": cover.date,
            "version": cover.version,
            "running": cover.running,
            "notes": [list(note) for note in cover.notes],
            "logo": "",
        }
        if cover.logo is not None:
            shutil.copyfile(cover.logo, folder / cover.logo.name)
            values["logo"] = cover.logo.name
        (folder / "cover.json").write_text(json.dumps(values), encoding="utf-8")
        (folder / "annex.typ").write_text(_template("annex.typ") + "\n" + body, encoding="utf-8")
        fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
        typst.compile(
            str(folder / "annex.typ"),
            output=str(out),
            root=str(folder),
            font_paths=[str(fonts)],
            ignore_system_fonts=True,
            pdf_standards=["ua-1"],
        )
    return out


def with_alternatives(body: str, alternatives: Mapping[str, str]) -> str:
    """Typst's text with each chart's text alternative, which pandoc's writer leaves out."""

    def named(match: re.Match[str]) -> str:
        alternative = alternatives.get(match["name"], "").replace("\\", "").replace('"', "'")
        return f'image("charts/{match["name"]}.svg", alt: "{alternative}"'

    return re.sub(r'image\("charts/(?P<name>[\w-]+)\.svg"', named, body)
