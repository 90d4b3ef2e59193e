"""ASIM: the columns of AlertEvent with their classes, types and values."""
import re

from common import FIELDS, Format, isTime, named, words


class ASIM(Format):
    lives = {"open": "Active", "updated": "Active", "resolved": "Closed", "retracted": "Closed"}

    def shape(self, row):
        columns = FIELDS["asim"]["fields"]
        for name, column in columns.items():
            if column["class"] == "Mandatory" and row.get(name) in (None, ""):
                yield f"without {name}"
        for name in ("EventResult", "EventSeverity", "AlertName", "RuleName", "EventMessage", "IndicatorType"):
            if name not in row:
                yield f"without {name}"
        for name, value in row.items():
            column = columns.get(name)
            if column is None:
                yield f"AlertEvent has no column {name}"
                continue
            if "values" in column and value not in column["values"]:
                yield f"{name} cannot be {value}"
            kind = column["type"]
            good = {
                "integer": isinstance(value, int) and not isinstance(value, bool), "confidencelevel": isinstance(value, int) and 0 <= value <= 100,
                "bool": isinstance(value, bool), "dynamic": isinstance(value, dict), "date/time": isTime(value),
                "datetime": isTime(value),
            }.get(kind, isinstance(value, str))
            if not good:
                yield f"{name}: {value!r:.80} is no {kind}"
        for name, needed in (("Username", "UsernameType"), ("UserId", "UserIdType"), ("DvcId", "DvcIdType")):
            if name in row and needed not in row:
                yield f"{name} without {needed}"
        yield from named(row.get("AttackTechniques", ""))

    def words(self, row):
        more = row["AdditionalFields"]
        told = {
            "finding": more["FindingId"], "alert": row["EventUid"], "rule": row["RuleName"], "title": row["AlertName"],
            "account": row["DvcScopeId"], "region": row.get("DvcZone"), "resource": row["DvcId"], "message": row["EventMessage"],
            "address": more.get("SrcIpAddr"), "agent": more.get("HttpUserAgent"), "call": row.get("EventOriginalType"),
            "event": row["EventOriginalUid"], "evidence": more["Evidence"], "facts": more.get("Facts", []),
            "remediation": row.get("AttackRemediationSteps"), "severity": row["EventOriginalSeverity"],
            "first": row["EventStartTime"], "last": row["EventEndTime"], "revision": more["Revision"], "times": row["EventCount"], "life": row["AlertOriginalStatus"],
            "doubt": row.get("AlertVerdict") == "Unknown", "status": row["AlertStatus"], "false": row.get("AlertVerdict") == "False Positive",
            "scale": row["EventSeverity"],
        }
        if row.get("UserId", "arn:").startswith("arn:"):
            told["actor"] = row.get("UserId")
        return told

    def expected(self, native):
        told = words(native)
        scale = "High" if told["severity"] == "critical" else told["severity"].capitalize()
        return told | {"status": self.lives[told["life"]], "false": told["life"] == "retracted", "scale": scale, "times": max(1, told["times"])}

    def techniques(self, event):
        return re.findall(r"\((T[\d.]+)\)", event.get("AttackTechniques", ""))

    spoilt = [
        *[(f"without {name}", lambda e, name=name: e.pop(name)) for name, column in FIELDS["asim"]["fields"].items() if column["class"] == "Mandatory"],
        ("with a severity of no name", lambda e: e.update(EventSeverity="Critical")),
        ("with an unknown column", lambda e: e.update(Colour="red")),
        ("with a status of no name", lambda e: e.update(AlertStatus="Gone")),
        ("with a time that is none", lambda e: e.update(EventStartTime="today")),
        ("with a count as a text", lambda e: e.update(EventCount="1")),
        ("without the type of the device's id", lambda e: e.pop("DvcIdType")),
        ("with another account", lambda e: e.update(DvcScopeId="999999999999")),
        ("with a technique of no name", lambda e: e.update(AttackTechniques="Theft (T1537)")),
    ]
