"""UDM: records, their fields and values, and what event types demand."""
import re

from common import FIELDS, Format, isTime, techniques, words


def chosen(pairs, key):
    return next((pair["value"] for pair in pairs if pair["key"] == key), None)


class UDM(Format):
    def shape(self, event):
        yield from self.record(event, "UDM", "")
        for path in ("metadata.event_timestamp", "metadata.event_type", "metadata.vendor_name", "metadata.product_name"):
            value = event
            for key in path.split("."):
                value = value.get(key, {}) if isinstance(value, dict) else {}
            if not value:
                yield f"without {path}"
        if event.get("metadata", {}).get("event_type", "GENERIC_EVENT") != "GENERIC_EVENT":
            if not event.get("principal", {}).get("user", {}).get("userid") or not event.get("target", {}).get("resource"):
                yield "an event type that demands a user and a resource"
        for result in event.get("security_result", []):
            details = result.get("attack_details", {})
            yield from techniques((tactic["id"], tactic["name"]) for tactic in details.get("tactics", []))
            for technique in details.get("techniques", []):
                yield from techniques([(technique["id"], technique["name"])])
                if "subtechnique_id" in technique:
                    yield from techniques([(technique["subtechnique_id"], technique["subtechnique_name"])])

    def record(self, value, kind, path):
        if found := re.fullmatch(r"list<(.+)>", kind):
            if not isinstance(value, list):
                yield f"{path} is no list"
                return
            for inner in value:
                yield from self.record(inner, found[1], path)
        elif kind in FIELDS["udm"]["records"]:
            for key, inner in value.items():
                known = FIELDS["udm"]["records"][kind].get(key)
                if known is None:
                    yield f"{kind} has no field {key}"
                else:
                    yield from self.record(inner, known, f"{path}.{key}")
        elif kind in FIELDS["udm"]["enums"]:
            if value not in FIELDS["udm"]["enums"][kind]:
                yield f"{path} cannot be {value}"
        elif kind == "timestamp":
            if not isTime(value):
                yield f"{path} is no time"
        elif kind == "string":
            if not isinstance(value, str):
                yield f"{path} is no text"
        elif kind != "variant":
            yield f"{path}: what is {kind}?"

    def words(self, event):
        result, resource = event["security_result"][0], event["target"]["resource"]
        fields, labels = result["detection_fields"], resource["attribute"]["labels"]
        principal = event.get("principal", {})
        told = {
            "finding": chosen(fields, "finding_id"), "alert": event["metadata"]["product_log_id"], "rule": result["rule_id"],
            "title": result["summary"], "account": chosen(labels, "account"), "region": event["target"].get("location", {}).get("name"),
            "resource": resource["name"], "message": result["description"], "address": principal.get("ip", [None])[0],
            "agent": event.get("network", {}).get("http", {}).get("user_agent"), "call": event["metadata"].get("product_event_type"),
            "event": chosen(fields, "event_id"), "evidence": event["additional"]["evidence"],
            "remediation": result.get("action_details"), "severity": result["severity"].lower(),
            "first": result["first_discovered_time"], "last": chosen(fields, "last_seen"), "revision": int(chosen(fields, "revision")),
            "times": int(chosen(fields, "occurrences")), "life": chosen(fields, "status"),
            "doubt": result["confidence"] == "LOW_CONFIDENCE", "state": result["alert_state"], "threat": result["threat_status"],
        }
        actor = principal.get("user", {}).get("userid")
        if actor is None or actor.startswith("arn:"):
            told["actor"] = actor
        return told

    def expected(self, native):
        told = words(native)
        threat = {"open": "ACTIVE", "updated": "ACTIVE", "resolved": "CLEARED", "retracted": "FALSE_POSITIVE"}[told["life"]]
        return told | {"state": "ALERTING" if threat == "ACTIVE" else "NOT_ALERTING", "threat": threat}

    def techniques(self, event):
        found = event["security_result"][0].get("attack_details", {}).get("techniques", [])
        return [technique.get("subtechnique_id", technique["id"]) for technique in found]

    spoilt = [
        *[(f"without metadata.{key}", lambda e, key=key: e["metadata"].pop(key)) for key in ("event_timestamp", "event_type", "vendor_name", "product_name")],
        ("with an unknown field", lambda e: e["metadata"].update(colour="red")),
        ("with a severity of no name", lambda e: e["security_result"][0].update(severity="URGENT")),
        ("with an address that is no list", lambda e: e.update(principal={"ip": "192.0.2.1"})),
        ("with an event type of no name", lambda e: e["metadata"].update(event_type="AMI_SHARED")),
        ("with an event type that demands a user", lambda e: (e["metadata"].update(event_type="USER_RESOURCE_CREATION"), e.pop("principal", None))),
        ("with a time that is none", lambda e: e["metadata"].update(event_timestamp="today")),
        ("with a state of no name", lambda e: e["security_result"][0].update(alert_state="GONE")),
        ("with another account", lambda e: e["target"]["resource"]["attribute"]["labels"][0].update(value="999999999999")),
        ("with a technique of no name", lambda e: e["security_result"][0].update(attack_details={"techniques": [{"id": "T1537", "name": "Theft"}]})),
    ]
