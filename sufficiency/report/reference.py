"""The looks of the Word annex: styles, A4, running head and page numbers, made by code.

Pandoc's own empty document is the ground; ``templates/word_styles.xml`` replaces or adds styles.
"""

from __future__ import annotations

import re
import zipfile
from importlib.resources import files
from pathlib import Path
from xml.sax.saxutils import escape

import pypandoc  # type: ignore[import-untyped]

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.wordprocessingml"
#: Tables of so few rows stay on one page.
_SHORT = 16
_STAMP = (1980, 1, 1, 0, 0, 0)


def write_reference(path: Path, running: str) -> Path:
    """Write the reference document that pandoc takes its looks from.

    Parameters
    ----------
    path
        Where to write it.
    running
        Words at the head of every page but the first.
    """
    pypandoc.convert_text("", "docx", format="markdown", outputfile=str(path))
    parts = _read(path)
    parts["word/styles.xml"] = _restyled(parts["word/styles.xml"])
    parts["word/header9.xml"] = _running(
        "hdr", "Header", f'<w:r><w:t xml:space="preserve">{escape(running)}</w:t></w:r>'
    )
    parts["word/footer9.xml"] = _running("ftr", "Footer", _page_number())
    rels = "word/_rels/document.xml.rels"
    parts[rels] = parts[rels].replace("</Relationships>", f"{_relation('header')}{_relation('footer')}</Relationships>")
    types = "[Content_Types].xml"
    parts[types] = parts[types].replace("</Types>", f"{_type('header')}{_type('footer')}</Types>")
    parts["word/document.xml"] = _paged(parts["word/document.xml"])
    return _write(path, parts)


def finish_word(path: Path, title: str, authority: str) -> Path:
    """Set small text in tables, keep their rows whole, and name the document in its properties."""
    parts = _read(path)
    parts["word/document.xml"] = re.sub(
        r"<w:tbl>.*?</w:tbl>", _finished_table, parts["word/document.xml"], flags=re.DOTALL
    )
    core = parts["docProps/core.xml"]
    core = re.sub(
        r"<dc:title>.*?</dc:title>|<dc:title\s*/>|<dc:creator>.*?</dc:creator>|<dc:creator\s*/>",
        "",
        core,
        flags=re.DOTALL,
    )
    named = f"<dc:title>{escape(title)}</dc:title><dc:creator>{escape(authority)}</dc:creator>"
    parts["docProps/core.xml"] = core.replace("</cp:coreProperties>", f"{named}</cp:coreProperties>")
    return _write(path, parts)


def _finished_table(match: re.Match[str]) -> str:
    text = match[0].replace('<w:pStyle w:val="Compact" />', '<w:pStyle w:val="TableText" />')
    text = text.replace("<w:trPr>", "<w:trPr><w:cantSplit />")
    text = re.sub(r"<w:tr>(?!\s*<w:trPr>)", "<w:tr><w:trPr><w:cantSplit /></w:trPr>", text)
    if text.count("<w:tr>") > _SHORT:
        return text
    head, last = text.rsplit("<w:tr>", 1)
    style = '<w:pStyle w:val="TableText" />'
    return f"{head.replace(style, f'{style}<w:keepNext />')}<w:tr>{last}"


def _read(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        # Latin-1 keeps the bytes of pictures as they are; XML parts are decoded again below.
        raw = {name: archive.read(name) for name in archive.namelist()}
    return {name: data.decode("utf-8" if _is_text(name) else "latin-1") for name, data in raw.items()}


def _write(path: Path, parts: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            info = zipfile.ZipInfo(name, _STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, text.encode("utf-8" if _is_text(name) else "latin-1"))
    return path


def _is_text(name: str) -> bool:
    return name.endswith((".xml", ".rels"))


def _restyled(styles: str) -> str:
    own = files("sufficiency.report").joinpath("templates", "word_styles.xml").read_text(encoding="utf-8")
    added = re.search(r"<w:styles[^>]*>(.*)</w:styles>", own, re.DOTALL)
    fragment = added[1] if added else ""
    for name in re.findall(r'w:styleId="(\w+)"', fragment):
        styles = re.sub(rf'<w:style [^>]*w:styleId="{name}"[^>]*>.*?</w:style>', "", styles, flags=re.DOTALL)
    defaults = re.search(r"<w:docDefaults>.*?</w:docDefaults>", fragment, re.DOTALL)
    if defaults:
        fragment = fragment.replace(defaults[0], "")
        styles = re.sub(r"<w:docDefaults>.*?</w:docDefaults>", lambda _: defaults[0], styles, flags=re.DOTALL)
    return styles.replace("</w:styles>", f"{fragment}</w:styles>")


def _running(tag: str, style: str, content: str) -> str:
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    return f'{head}<w:{tag} {_W}><w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{content}</w:p></w:{tag}>'


def _page_number() -> str:
    def field(name: str) -> str:
        return f'<w:fldSimple w:instr=" {name} "><w:r><w:t>1</w:t></w:r></w:fldSimple>'

    def said(text: str) -> str:
        return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'

    return f"{said('Page ')}{field('PAGE')}{said(' of ')}{field('NUMPAGES')}"


def _relation(part: str) -> str:
    return f'<Relationship Id="rId{part}9" Type="{_R}/{part}" Target="{part}9.xml"/>'


def _type(part: str) -> str:
    return f'<Override PartName="/word/{part}9.xml" ContentType="{_KIND}.{part}+xml"/>'


def _paged(document: str) -> str:
    """A4 with margins of 2 cm, head and foot on every page but the first."""
    section = (
        '<w:sectPr><w:headerReference w:type="default" r:id="rIdheader9"/><w:footerReference w:type="default"'
        ' r:id="rIdfooter9"/>'
        '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1247" w:right="1134" w:bottom="1134" w:left="1134"'
        ' w:header="567"'
        ' w:footer="567" w:gutter="0"/><w:titlePg/></w:sectPr>'
    )
    found = re.sub(r"<w:sectPr\s*/>|<w:sectPr>.*?</w:sectPr>", section, document, flags=re.DOTALL)
    if "xmlns:r=" not in found:
        found = found.replace("<w:document ", f'<w:document xmlns:r="{_R}" ', 1)
    return found
