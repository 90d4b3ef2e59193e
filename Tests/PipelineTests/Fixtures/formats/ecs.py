"""ECS: fields and their types, as its list has them."""
from common import FIELDS, Format, address, isTime, techniques


class ECS(Format):
    limits = {"title": 32000, "resource": 32000, "actor": 32000, "agent": 32000, "call": 32000, "event": 32000, "remediation": 32000}
    risks = {"informational": 1, "low": 21, "medium": 47, "high": 73, "critical": 99}

    def shape(self, event):
        known = FIELDS["ecs"]["fields"]
        for name, value in self.flat(event):
            kind = known.get(name)
            if kind is None:
                yield f"ECS has no field {name}"
                continue
            values = value if isinstance(value, list) else [value]
            if kind.endswith("[]") != isinstance(value, list):
                yield f"{name} is an array, or is none"
            for value in values:
                if not self.isA(kind.removesuffix("[]"), value):
                    yield f"{name}: {value!r:.100} is no {kind}"
        kind, categories = event["event"]["kind"], event["event"]["category"]
        if kind not in FIELDS["ecs"]["event.kind"] or kind != "alert":
            yield f"event.kind {kind}"
        for category in categories:
            for type in event["event"]["type"]:
                if type not in FIELDS["ecs"]["types of category"].get(category, []):
                    yield f"event.type {type} of event.category {category}"
        for needed in ("@timestamp", "ecs", "message"):
            if needed not in event:
                yield f"without {needed}"
        threat = event.get("threat", {})
        for part in (threat.get("tactic"), threat.get("technique"), threat.get("technique", {}).get("subtechnique")):
            yield from techniques(zip(part["id"], part["name"]) if part else [])

    def flat(self, value, path=""):
        for key, inner in value.items():
            name = path + key
            if isinstance(inner, dict) and name != "labels":
                yield from self.flat(inner, name + ".")
            else:
                yield name, inner

    @staticmethod
    def isA(kind, value):
        if kind in ("keyword", "match_only_text"):
            return isinstance(value, str) and (kind != "keyword" or len(value.encode()) <= 32766)
        if kind == "date":
            return isTime(value)
        if kind == "ip":
            return isinstance(value, str) and address(value)
        if kind in ("long", "float"):
            return isinstance(value, int) and not isinstance(value, bool)
        # labels: keywords, and no dots in their names.
        return kind == "object" and all("." not in key and ECS.isA("keyword", inner) for key, inner in value.items())

    def words(self, event):
        labels = event["labels"]
        told = {
            "finding": labels["finding_id"], "alert": event["event"]["id"], "rule": event["rule"]["id"], "title": event["rule"]["name"],
            "account": event["cloud"]["account"]["id"], "region": event["cloud"].get("region"),
            "resource": event["entity"]["target"]["id"], "message": event["message"],
            "address": event.get("source", {}).get("ip"), "agent": event.get("user_agent", {}).get("original"),
            "call": event["event"].get("action"), "event": labels["event_id"], "remediation": labels.get("remediation"),
            "first": event["event"]["start"], "last": event["event"]["end"], "revision": event["event"]["sequence"],
            "times": int(labels["occurrences"]),
            "severity": next(word for word, risk in self.risks.items() if risk == event["event"]["risk_score"]),
            "life": labels["finding_status"], "doubt": labels["finding_verdict"] == "undetermined",
        }
        if len(labels["evidence"].encode()) < 31000:
            told["evidence"] = labels["evidence"]
        if len(labels.get("facts", "").encode()) < 31000:
            told["facts"] = labels.get("facts", "")
        actor = event.get("user", {}).get("id")
        if actor is None or actor.startswith("arn:"):
            told["actor"] = actor
        return told

    def expected(self, native):
        told = super().expected(native)
        return {**told, "evidence": " ".join(told["evidence"]), "facts": "\n".join(told["facts"])}

    def techniques(self, event):
        technique = event.get("threat", {}).get("technique", {"id": []})
        parts = technique.get("subtechnique", {"id": []})["id"]
        # One that is there for its part alone cannot be told from one that the rule names, too.
        return [*(id for id in technique["id"] if not any(part.startswith(id) for part in parts)), *parts]

    spoilt = [
        ("with an unknown field", lambda e: e["event"].update(colour="red")),
        ("with a service for an address", lambda e: e.update(source={"ip": "AWS Internal", "address": "AWS Internal"})),
        ("with severity as a text", lambda e: e["event"].update(severity="high")),
        ("with a category as a text", lambda e: e["event"].update(category="configuration")),
        ("with a time that is none", lambda e: e.update({"@timestamp": "yesterday"})),
        ("as a signal", lambda e: e["event"].update(kind="signal")),
        ("with a number for a label", lambda e: e["labels"].update(occurrences=1)),
        ("with a type that the category has not", lambda e: e["event"].update(type=["start"])),
        ("without a message", lambda e: e.pop("message")),
        ("with a keyword that is too long", lambda e: e["labels"].update(facts="x" * 40000)),
        ("with another account", lambda e: e["cloud"]["account"].update(id="999999999999")),
        ("with a technique of no name", lambda e: e.update(threat={"framework": "MITRE ATT&CK", "technique": {"id": ["T1537"], "name": ["Theft"], "reference": ["x"]}})),
    ]
