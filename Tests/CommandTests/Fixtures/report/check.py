#!/usr/bin/env python3
"""Reads reports of `amiwatch replay` as a browser's parser does, and tells what does not belong: check.py FILE...

Only the elements and attributes that the writer has may be there, nested as they must be; nothing that runs, fetches or
hides text; links within the page to what is there, and to the documentation of the rules. One line for each fault; status 1
when there is any.
"""
import html.parser
import re
import sys
import unicodedata

VOID = {"meta"}
ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "a", "header", "p", "h1", "h2", "h3", "h4", "h5", "nav", "ul", "ol", "li", "main",
    "section", "table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary", "dl", "dt", "dd", "pre", "code",
    "span", "strong", "time", "footer",
}
ATTRIBUTES = {
    "html": {"lang"}, "meta": {"charset", "http-equiv", "content", "name"}, "a": {"class", "href"}, "nav": {"aria-label"},
    "section": {"id", "class"}, "span": {"id", "class"}, "th": {"scope"}, "td": {"data-label"}, "details": {"class", "id", "open"},
}
VALUE = re.compile(r"[A-Za-z0-9 #:/._,=;'%?&+~-]*\Z")
REFERENCE = re.compile(r"https://[A-Za-z0-9.-]+/[A-Za-z0-9/._#%?=&+~-]*\Z")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.faults, self.ids, self.links, self.policies = [], [], set(), [], []
        self.text, self.counts = [], {}

    def fault(self, text):
        self.faults.append(f"{self.getpos()[0]}: {text}")

    def handle_starttag(self, tag, attributes):
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if tag not in ELEMENTS:
            self.fault(f"element {tag[:40]!r}")
        allowed = ATTRIBUTES.get(tag, {"class"})
        names = [name for name, _ in attributes]
        if len(set(names)) != len(names):
            self.fault(f"an attribute of {tag} is there twice")
        for name, value in attributes:
            value = value or ""
            if name not in allowed:
                self.fault(f"attribute {name[:40]!r} of {tag}")
            if not VALUE.match(value):
                self.fault(f"{name} of {tag}: {value[:60]!r}")
            if name == "id":
                if value in self.ids:
                    self.fault(f"id {value} is there twice")
                self.ids.add(value)
            if name == "href":
                if value.startswith("#"):
                    self.links.append(value[1:])
                elif not REFERENCE.match(value):
                    self.fault(f"a link to {value[:60]!r}")
        found = dict(attributes)
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policies.append(found.get("content"))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.fault(f"element {tag[:40]!r} that ends itself")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.fault(f"</{tag[:40]}> ends what is not open")

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            if re.search(r"url\(|@import|expression|</", data):
                self.fault("the style sheet fetches something")
            return
        self.text.append(data)
        for character in data:
            if character == "\n":
                continue
            if unicodedata.category(character) in {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}:
                self.fault(f"U+{ord(character):04X} in a text")

    def handle_comment(self, data):
        self.fault("a comment")

    def handle_decl(self, declaration):
        if declaration != "DOCTYPE html":
            self.fault(f"<!{declaration[:40]}")

    def unknown_decl(self, data):
        self.fault("a marked section")

    def handle_pi(self, data):
        self.fault("a processing instruction")


def check(path):
    with open(path, "rb") as file:
        data = file.read()
    page = Page()
    text = data.decode("utf-8")
    page.feed(text)
    page.close()
    if page.open:
        page.fault(f"not ended: {page.open[:5]}")
    if page.policies != [POLICY]:
        page.fault("no content security policy, or another one")
    for link in sorted(set(page.links)):
        if link not in page.ids:
            page.fault(f"a link to #{link}, which is not there")
    if not text.startswith("<!DOCTYPE html>\n"):
        page.fault("no document type")
    for needed in ["html", "title", "h1", "main", "nav"]:
        if page.counts.get(needed) != 1:
            page.fault(f"{page.counts.get(needed, 0)} {needed}")
    return page.faults


faults = [f"{path}:{fault}" for path in sys.argv[1:] for fault in check(path)]
print("\n".join(faults[:50]))
sys.exit(1 if faults else 0)
