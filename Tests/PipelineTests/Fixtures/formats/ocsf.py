"""OCSF: the JSON schema that ocsf-json-schema makes, in which nothing unknown is allowed, and py-ocsf-models."""
import re

from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from py_ocsf_models.events.findings.detection_finding import DetectionFinding
from pydantic import ValidationError

from common import Format, techniques, timeText


class OCSF(Format):
    schema = Draft202012Validator(OcsfJsonSchemaEmbedded(get_ocsf_schema("1.8.0")).get_class_schema("detection_finding", ["cloud"]))
    # The model lags behind the schema: it knows no status 6, and wants of a service what the schema only allows.
    lags = re.compile(r"status_id Input should be 0, 1, 2, 3, 4, 5 or 99|evidences\.\d+\.api\.service\.(uid|version) Field required")
    ids = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
    lives = {(1, 1): "open", (2, 1): "updated", (3, 4): "resolved", (3, 6): "retracted"}

    def shape(self, event):
        for error in self.schema.iter_errors(event):
            yield f"{error.json_path}: {error.message[:300]}"
        try:
            DetectionFinding.model_validate(event)
        except ValidationError as errors:
            for error in errors.errors():
                text = ".".join(map(str, error["loc"])) + " " + error["msg"]
                if not self.lags.fullmatch(text):
                    yield f"py-ocsf-models: {text}"
        if event["type_uid"] != 200400 + event["activity_id"]:
            yield "type_uid is not the class and the activity"
        for attack in event["finding_info"].get("attacks", []):
            yield from techniques((part["uid"], part["name"]) for part in attack.values() if isinstance(part, dict))

    def words(self, event):
        info = event["finding_info"]
        call = next((entry for entry in event["evidences"] if "api" in entry), {})
        who = event["evidences"][0]
        actor = who.get("actor", {}).get("user", {}).get("uid")
        resolved = event["status_id"] == 4
        return {
            "finding": info["uid"], "alert": event["metadata"].get("uid"), "rule": info["analytic"]["uid"], "title": info["title"],
            "account": event["cloud"]["account"]["uid"], "region": event["cloud"].get("region"),
            "resource": event["resources"][0]["uid"], "message": event["message"], "event": call["uid"],
            "call": None if call["api"]["operation"] == "Unknown" else call["api"]["operation"],
            "evidence": [entry["uid"] for entry in info["related_events"]],
            "remediation": None if event.get("remediation", {}).get("desc") in (None, "No command is given.") else event["remediation"]["desc"],
            "facts": [f"{entry['name']}: {entry['value']}" for entry in event.get("enrichments", [])],
            "first": timeText(event["start_time"]), "last": timeText(event["end_time"]), "revision": event["metadata"]["sequence"],
            "times": event["count"],
            "severity": next(word for word, id in self.ids.items() if id == event["severity_id"]),
            "life": self.lives.get((event["activity_id"], event["status_id"])), "doubt": event["confidence_id"] == 1,
            **({} if resolved or actor and not actor.startswith("arn:") else {
                "actor": actor, "address": who.get("src_endpoint", {}).get("ip"),
                "agent": who.get("http_request", {}).get("user_agent"),
            }),
        }

    def techniques(self, event):
        attacks = event["finding_info"].get("attacks", [])
        return [attack.get("sub_technique", attack["technique"])["uid"] for attack in attacks]

    spoilt = [
        ("without metadata", lambda e: e.pop("metadata")), ("with an unknown key", lambda e: e.update(colour="red")),
        ("with severity as a text", lambda e: e.update(severity_id="5")), ("with status 77", lambda e: e.update(status_id=77)),
        ("without finding_info.uid", lambda e: e["finding_info"].pop("uid")),
        ("without the provider", lambda e: e["cloud"].pop("provider")),
        ("with another type_uid", lambda e: e.update(type_uid=200499)),
        ("with time as a text", lambda e: e.update(time="2026-03-17T09:00:00Z")),
        ("with a service for an address", lambda e: e["evidences"][0].update(src_endpoint={"ip": "AWS Internal"})),
        ("with an endpoint without a name", lambda e: e["evidences"][0].update(src_endpoint={})),
        ("without a product", lambda e: e["metadata"]["product"].clear()),
        ("with a technique of no name", lambda e: e["finding_info"].update(attacks=[{"technique": {"uid": "T1537", "name": "Theft"}}])),
        ("with another account", lambda e: e["cloud"]["account"].update(uid="999999999999")),
        ("with another message", lambda e: e.update(message="x")),
    ]
