"""How the site is built: ``make docs``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from docutils import nodes
from sphinx.addnodes import glossary, index, pending_xref
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import docname_join

import django_ory_mfa

# The API pages are made from the docstrings, and Django's models want settings before they can be imported.
settings.configure(
    SECRET_KEY="not a secret",  # noqa: S106 - of a process that only reads docstrings
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django_ory_mfa",
        "django_ory_mfa.contrib.auth",
    ],
    ORY_MFA_SDK_URL="https://ory.example.com",
)
django.setup()

project = "django-ory-mfa"
author = "The contributors of django-ory-mfa"
copyright = author  # noqa: A001 - the name that Sphinx wants
version = release = django_ory_mfa.__version__

extensions = ["sphinx.ext.autodoc", "sphinx_copybutton"]
nitpicky = True
# Names of other packages are not looked up, so that no network is needed. Annotations name private classes.
nitpick_ignore_regex = [("py:.*", r"(?!django_ory_mfa\b).*"), ("py:class", r".*")]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
copybutton_prompt_text = "$ "

html_theme = "furo"
html_title = f"{project} {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
templates_path = ["_templates"]
html_copy_source = False
html_show_sphinx = False


class IndexOfTheReference(SphinxTransform):
    """Puts every name in the first column of a table of the reference into the index; a search then finds its row."""

    default_priority = 800  # Sphinx collects the index at 850.

    def apply(self, **kwargs: Any) -> None:
        """Add the entries of one page."""
        if not self.env.docname.startswith("reference/"):
            return
        for row in self.document.findall(nodes.row):
            cell = row[0]
            if isinstance(row.parent, nodes.tbody) and isinstance(cell, nodes.Element):
                for literal in list(cell.findall(nodes.literal)):
                    self.add(cell, literal.astext())

    def add(self, cell: nodes.Element, name: str) -> None:
        """Let an entry for ``name`` lead to ``cell``."""
        target = nodes.target("", "", ids=[nodes.make_id(f"row-{name}")])
        if target["ids"][0] not in self.document.ids:
            self.document.note_explicit_target(target)
            # Main, like the entries that are written by hand.
            cell.insert(0, [index(entries=[("single", name, target["ids"][0], "main", None)]), target])


class ColumnsOfAPhone(SphinxPostTransform):
    """Puts the heading of its column into every cell. A phone shows it and stacks the cells; see ``site.css``."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Change the tables of one page."""
        for group in self.document.findall(nodes.tgroup):
            heads = [cell.astext() for head in group.findall(nodes.thead) for cell in head.findall(nodes.entry)]
            for body in group.findall(nodes.tbody):
                for row in body.findall(nodes.row):
                    for heading, cell in list(zip(heads, row, strict=False))[1:]:
                        if heading and isinstance(cell, nodes.Element) and cell.astext():
                            cell.insert(0, nodes.paragraph("", heading, classes=["column"]))


def break_names(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Let a long name go on in the next line after a dot, a slash or an underscore, or before a capital."""
    context["body"] = re.sub(
        r'(?<=<span class="pre">)[^<]{16,}(?=</span>)',
        lambda name: re.sub(r"(?<=\w)[._/](?=\w)|(?<=[a-z])(?=[A-Z])", r"\g<0><wbr>", name[0]),
        context.get("body", ""),
    )


def searched(app: Sphinx, name: str) -> list[dict[str, Any]]:
    """What the search knows of each section of a page: its anchor, headings, entries of the index, and text."""
    page = app.env.get_doctree(name)
    for link in page.findall(pending_xref):
        if not link.get("refexplicit") and (title := title_of(app, name, link)):
            link[:] = [nodes.Text(title)]
    sections: dict[nodes.Node, dict[str, Any]] = {}
    for node in page.findall(lambda node: isinstance(node, nodes.TextElement) or is_section(node)):
        section = sections.get(around(node), {"headings": [], "entries": [], "text": []})
        if is_section(node):
            headings = [node[0].astext(), *section["headings"]]
            (anchor, *_) = node["ids"] or node[0]["ids"]
            sections[node] = {"id": anchor, "headings": headings, "entries": [], "text": []}
        elif isinstance(node, index):
            # The entry of a term of a glossary is its heading.
            known = section["headings"][:1]
            section["entries"] += [[entry[1], entry[2]] for entry in node["entries"] if entry[1] not in known]
        elif not isinstance(node, nodes.Invisible | nodes.title | nodes.term | nodes.raw) and not isinstance(
            node.parent, nodes.TextElement
        ):
            section["text"] += node.astext().split()
    return [section | {"text": " ".join(section["text"])} for section in sections.values()]


def title_of(app: Sphinx, name: str, link: pending_xref) -> str | None:
    """What a link of a page shows that has no text of its own, if it leads to a page or a heading."""
    if link["reftype"] == "doc":
        return app.env.titles[docname_join(name, link["reftarget"])].astext()
    return app.env.domaindata["std"]["labels"][link["reftarget"]][2] if link["reftype"] == "ref" else None


def around(node: nodes.Node) -> nodes.Node:
    """The section that ``node`` is in, or the page."""
    while node.parent.parent and not is_section(node.parent):
        node = node.parent
    return node.parent


def is_section(node: nodes.Node) -> bool:
    """A section, or a term of a glossary with what it means."""
    is_term = isinstance(node, nodes.definition_list_item) and isinstance(node.parent.parent, glossary)
    return is_term or isinstance(node, nodes.section)


def write_what_is_searched(app: Sphinx, exception: Exception | None) -> None:
    """Write what ``_static/search.js`` searches, as a script: a page that is opened as a file may load nothing else."""
    if exception is None and app.builder.name == "html":
        pages = {name: searched(app, name) for name in sorted(app.env.found_docs)}
        text = json.dumps(pages, ensure_ascii=False, separators=(",", ":"))
        Path(app.outdir, "sections.js").write_text(f"const SECTIONS = {text};\n", encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Register what this file adds to Sphinx."""
    app.connect("html-page-context", break_names)
    app.connect("build-finished", write_what_is_searched)
    app.add_transform(IndexOfTheReference)
    app.add_post_transform(ColumnsOfAPhone)
