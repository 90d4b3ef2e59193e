"""CEF: two parsers, cefp and pycef, and cefevent, which must write each value as it stands."""
import ipaddress
import re
import unicodedata

import cefp
import pycef
from cefevent import CEFEvent

from common import FIELDS, Format, address, clipped, named, timeText, words


# Of Unicode, which takes four control characters less than Python.
WHITE = "".join(chr(code) for code in range(0x3001) if chr(code).isspace() and not 0x1C <= code <= 0x1F)
TURNED = set("\u061c\u200e\u200f") | {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def plain(text, limit):
    """As a value of CEF: what would end a line, or turn a text around, is not shown."""
    if text is None:
        return None
    text = clipped(text, limit).strip(WHITE).replace("\t", " ")
    hidden = lambda one: one not in "\r\n" and (unicodedata.category(one) in ("Cc", "Zl", "Zp") or one in TURNED)
    return "".join("\ufffd" if hidden(one) else one for one in text) or None


class CEF(Format):
    limits = {
        "title": 512, "resource": 4000, "message": 1023, "actor": 1023, "agent": 1023, "call": 63, "remediation": 4000, "evidence": 4000,
    }
    numbers = {"informational": 1, "low": 3, "medium": 5, "high": 8, "critical": 10}

    def parse(self, line):
        if any(one in line for one in "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"):
            raise ValueError("it is more than one line")
        return {"line": line, **cefp.parse(line)}

    def shape(self, event):
        header, facts = event["device"] | {"name": event["name"]}, FIELDS["cef"]
        if event["version"] != "0" or not re.fullmatch(r"\d|10", event["severity"]):
            yield "the header"
        for key, limit in facts["header"].items():
            if not header[key] or len(header[key]) > limit:
                yield f"{key} is longer than {limit}, or empty"
        # pycef reads no escapes in a header.
        other = pycef.parse("CEF:0|v|p|1|id|name|1|" + self.extension(event["line"]))
        own = CEFEvent(strict=True)
        keys = re.findall(r"(?:^| )(\w+)=", self.extension(event["line"]))
        if len(keys) != len(set(keys)):
            yield "a key stands twice"
        for key, value in event["extension"].items():
            known = facts["keys"].get(key)
            if known is None:
                yield f"the dictionary has no key {key}"
                continue
            if len(value) > known.get("length", 1 << 30):
                yield f"{key} is longer than {known['length']}"
            if known["type"] in ("integer", "long", "timestamp") and not re.fullmatch(r"-?\d+", value):
                yield f"{key} is no number"
            if known["type"].startswith("ipv"):
                if not address(value) or ipaddress.ip_address(value).version != int(known["type"][3]):
                    yield f"{key} is no {known['type']}"
            raw = other.get(key, other.get(event["extension"].get(key + "Label")))
            if not key.endswith("Label") and self.unescaped(raw) != value:
                yield f"pycef reads {key} as {raw!r}, cefp as {value!r}"
            # cefevent has no key outcome, and knows no carriage return.
            if key != "outcome" and "\r" not in value:
                number = known["type"] in ("integer", "long")
                try:
                    own.set_field(key, int(value) if number else value)
                    written = own.extensions[own._extension_dictionary[key]["full_name"]]
                    if str(written) not in event["line"]:
                        yield f"cefevent writes {key} as {written!r}"
                except ValueError as error:
                    yield f"cefevent: {error}"
        yield from named(event["extension"].get("cs2", ""))

    @staticmethod
    def extension(line):
        return re.match(r"(?:(?:\\.|[^|\\])*\|){7}(.*)", line, re.S)[1]

    @staticmethod
    def unescaped(raw):
        return raw and re.sub(r"\\(.)", lambda found: {"n": "\n", "r": "\r"}.get(found[1], found[1]), raw)

    def words(self, event):
        values = event["extension"]
        told = {
            "finding": values["cs6"], "alert": values["deviceExternalId"], "rule": event["device"]["event_class_id"],
            "title": event["name"], "account": values["duid"], "region": values.get("flexString1"), "resource": values.get("cs1"),
            "message": values.get("msg"), "address": values.get("src", values.get("c6a1")), "agent": values.get("requestClientApplication"),
            "call": values.get("act"), "evidence": values["cs4"], "remediation": values.get("cs3"),
            "first": timeText(values["start"]), "last": timeText(values["end"]), "revision": int(values["cn1"]),
            "times": int(values.get("cnt", 0)),
            "severity": next(word for word, number in self.numbers.items() if number == int(event["severity"])),
            "life": values["outcome"], "doubt": values["reason"].startswith("undetermined"),
        }
        if "externalId" in values:
            told["event"] = values["externalId"]
        if values.get("suid", "arn:").startswith("arn:"):
            told["actor"] = values.get("suid")
        return told

    def expected(self, native):
        told = words(native)
        told["evidence"] = "\n".join([" ".join(told["evidence"]), *([ "\n".join(told["facts"])] if told["facts"] else [])])
        for word, limit in self.limits.items():
            told[word] = plain(told[word], limit)
        told["title"] = told["title"].replace("\n", " ").replace("\r", " ")
        told["event"] = plain(told["event"], 40)
        return told

    def spoil(self, line, how):
        return how(line)

    def techniques(self, event):
        return re.findall(r"\((T[\d.]+)\)", event["extension"].get("cs2", ""))

    spoilt = [
        ("with an equal sign", lambda line: line.replace("outcome=", "outcome=a=b ")),
        ("with a pipe in its header", lambda line: line.replace("CEF:0|amiwatch|", "CEF:0|ami|watch|")),
        ("with a line end", lambda line: line.replace("msg=", "msg=a\n")),
        ("with a long value", lambda line: line.replace("act=", "act=" + "x" * 64)),
        ("with a key twice", lambda line: line + " outcome=open"),
        ("with an unknown key", lambda line: line + " colour=red"),
        ("with a service for an address", lambda line: line + " src=AWS Internal"),
        ("with a severity of 11", lambda line: re.sub(r"\|\d+\|rt=", "|11|rt=", line)),
        ("with a header of six", lambda line: line.replace("|amiwatch|", "|", 1)),
        ("with another account", lambda line: re.sub(r"duid=\d+", "duid=999999999999", line)),
        ("with a technique of no name", lambda line: line.replace(" cs6=", " cs2=Theft (T1537) cs2Label=attackTechniques cs6=") if " cs2=" not in line else re.sub(r"cs2=[^(]+", "cs2=Theft ", line)),
    ]
