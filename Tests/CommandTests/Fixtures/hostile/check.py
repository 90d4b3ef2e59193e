#!/usr/bin/env python3
"""Reads outputs that hostile names went through, and tells where one broke out: check.py KIND FILE [FILE of the same kind, harmless].

KIND is json (lines, each one value), csv, text (for a terminal) or cef. What the harmless file has tells which columns or keys
belong. One line for each fault; status 1 when there is any.
"""
import csv
import json
import re
import sys
import unicodedata

kind, path = sys.argv[1:3]
with open(path, "rb") as file:
    data = file.read()
faults = []


def fault(number, text):
    faults.append(f"{kind} {number}: {text}")


def steering(text, number):
    """What a terminal would obey, and what turns the direction of writing."""
    for character in re.findall(r"[^ -~\n]", text):
        turns = unicodedata.bidirectional(character) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
        if turns or character in "\u200e\u200f\u061c" or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}:
            fault(number, f"U+{ord(character):04X}")


def hidden(text, number):
    """That, and what a reader would not see."""
    for character in re.findall(r"[^ -~\n]", text):
        if unicodedata.category(character) in {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}:
            fault(number, f"U+{ord(character):04X}")


def refuse(name):
    raise ValueError(f"{name} is no JSON")


def unique(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("a key is there twice")
    return dict(pairs)


def lines(text):
    if text and not text.endswith("\n"):
        fault(0, "the last line has no end")
    return text.split("\n")[:-1]


text = data.decode("utf-8")
if kind == "json":
    for number, line in enumerate(lines(text), 1):
        try:
            value = json.loads(line, object_pairs_hook=unique, parse_constant=refuse)
            if not isinstance(value, dict):
                fault(number, "no object")
        except ValueError as error:
            fault(number, error)
        steering(line, number)
elif kind == "csv":
    rows = list(csv.reader(text.splitlines(keepends=True), strict=True))
    # One row a line, so that tools which know no quotes cannot be led astray either.
    if len(rows) != text.count("\r\n"):
        fault(0, f"{len(rows)} rows on {text.count(chr(10))} lines")
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            fault(number, f"{len(row)} cells, and not {len(rows[0])}")
        for cell in row:
            if re.match(r"[\t\r]|\s*[=+@\uff1d\uff0b\uff0d\uff20-]", cell):
                fault(number, f"a formula: {cell[:40]!r}")
            hidden(cell, number)
elif kind == "text":
    for number, line in enumerate(lines(text), 1):
        hidden(line, number)
elif kind == "cef":
    def parse(line):
        head = re.match(r"CEF:0((?:\|(?:[^|\\]|\\[|\\])*){6})\|(.*)\Z", line)
        if not head:
            return None
        keys = re.findall(r"(?:^| )([A-Za-z0-9_.\[\]-]+)(?<!\\)=", head.group(2))
        unescaped = len(re.findall(r"(?<!\\)(?:\\\\)*=", head.group(2)))
        return head.group(1), keys, unescaped

    with open(sys.argv[3], encoding="utf-8") as file:
        known = {key for line in file for key in parse(line.rstrip("\n"))[1]}
    for number, line in enumerate(lines(text), 1):
        parsed = parse(line)
        if parsed is None:
            fault(number, f"no CEF: {line[:60]!r}")
            continue
        _, keys, unescaped = parsed
        if len(set(keys)) != len(keys) or not set(keys) <= known or unescaped != len(keys):
            fault(number, f"keys {sorted(set(keys) - known)}, {len(keys)} of {unescaped}")
        steering(line, number)
else:
    fault(0, "unknown kind")
print("\n".join(faults[:30]))
sys.exit(1 if faults else 0)
