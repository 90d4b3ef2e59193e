"""The envelope of Splunk's HTTP Event Collector, and the fields of the data model Alerts."""
from common import FIELDS, Format, address, techniques


class Splunk(Format):
    kinds = {"number": (int, float), "string": str, "object": dict}
    owns = {
        "finding_id", "revision", "status", "verdict", "caused_by", "republished", "first_seen", "last_seen", "occurrences", "resource_id",
        "resource_arn", "discriminator", "mitre_technique", "mitre_tactic", "user_type", "user_account", "user_role", "invoked_by",
        "http_user_agent", "resolved_by", "event_id", "event_name", "event_source", "event_time", "evidence", "facts", "missing",
        "remediation", "policy", "clause",
    }

    def shape(self, envelope):
        facts = FIELDS["cim"]
        for key, value in envelope.items():
            if key not in facts["envelope"] or not isinstance(value, self.kinds[facts["envelope"][key]]) or isinstance(value, bool):
                yield f"the envelope's {key}"
        for key in ("time", "event", "sourcetype", "source", "host"):
            if key not in envelope:
                yield f"without {key}"
        event = envelope.get("event", {})
        for key, value in event.items():
            field = facts["fields"].get(key)
            if field is None:
                if key not in self.owns:
                    yield f"unknown: {key}"
            elif not isinstance(value, str) and key != "mitre_technique_id":
                yield f"{key} is no text"
            elif "expected_values" in field and value not in field["expected_values"]:
                yield f"{key} cannot be {value}"
        # Of whom and from where, where nobody knows, Splunk itself says unknown.
        for key, field in facts["fields"].items():
            if field.get("recommended") and key not in event and key not in ("user", "src"):
                yield f"without {key}"
        yield from techniques(zip(event.get("mitre_technique_id", []), event.get("mitre_technique", [])))

    def words(self, envelope):
        event = envelope["event"]
        told = {
            "finding": event["finding_id"], "alert": event["id"], "rule": event["signature_id"], "title": event["signature"],
            "account": event["vendor_account"], "region": event.get("vendor_region"), "resource": event["dest"],
            "message": event["description"], "agent": event.get("http_user_agent"), "call": event.get("event_name"),
            "event": event["event_id"], "evidence": event["evidence"], "facts": event.get("facts", []),
            "remediation": "\n".join(event.get("remediation", [])) or None, "severity": event["severity"],
            "first": event["first_seen"], "last": event["last_seen"], "revision": event["revision"], "times": event["occurrences"], "life": event["status"],
            "doubt": event["verdict"] == "undetermined", "address": address(event.get("src")),
        }
        if event.get("user", "arn:").startswith("arn:"):
            told["actor"] = event.get("user")
        return told

    def techniques(self, envelope):
        return envelope["event"].get("mitre_technique_id", [])

    spoilt = [
        *[(f"without {key}", lambda e, key=key: e.pop(key)) for key in ("time", "event", "sourcetype")],
        *[(f"without {key}", lambda e, key=key: e["event"].pop(key)) for key in ("severity", "signature_id", "dest", "app", "type")],
        ("with a severity of no name", lambda e: e["event"].update(severity="urgent")),
        ("with a time as a text", lambda e: e.update(time="now")),
        ("with an unknown key", lambda e: e["event"].update(colour="red")),
        ("with an unknown key outside", lambda e: e.update(colour="red")),
        ("with a number for a text", lambda e: e["event"].update(vendor_account=1)),
        ("with another account", lambda e: e["event"].update(vendor_account="999999999999")),
    ]
