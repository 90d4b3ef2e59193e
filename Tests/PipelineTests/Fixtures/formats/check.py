#!/usr/bin/env python3
"""Alerts in the formats of other products, against what those products publish.

    check.py FOLDER

FOLDER holds `<set>.native.jsonl` and, line for line, the same alerts as `<set>.<format>.jsonl`; `<set>.batches.jsonl` are
the lines of a replay in ASFF. Each alert must be accepted by validators that others wrote, and say what the native one
says: who, where, what, when, which technique, and what became of the finding. Then the checks themselves are tried: each
of some faults put into an alert must be refused.

OCSF: the JSON schema that ocsf-json-schema makes (nothing unknown is allowed), and py-ocsf-models. ASFF: botocore's model
with its enumerations, and moto in the place of Security Hub. CEF: two parsers, cefp and pycef, and cefevent, which must
write each value as it stands. ECS, CIM, ASIM, UDM: `fields.json`, facts from the vendors' documents. ATT&CK: the names
that pySigma has.

Makes itself an environment under .build. Exit status 3 where PyPI cannot be reached: nothing is checked.
"""
import glob
import ipaddress
import json
import os
import re
import subprocess
import sys
import unicodedata
import venv
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(HERE))))
ENVIRONMENT = os.path.join(ROOT, ".build", "formats-venv")
PACKAGES = [
    "ocsf-json-schema==1.2.0", "py-ocsf-models==0.10.0", "jsonschema", "boto3", "moto>=5", "cefevent==0.5.6", "cefp==0.0.2",
    "pycef==1.11", "pysigma==0.11.23",
]

try:
    import boto3
    import botocore.session
    import cefp
    import pycef
    from botocore.validate import ParamValidator
    from cefevent import CEFEvent
    from jsonschema import Draft202012Validator
    from moto import mock_aws
    from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
    from py_ocsf_models.events.findings.detection_finding import DetectionFinding
    from pydantic import ValidationError
    from sigma.data import mitre_attack
except ImportError as missing:
    python = os.path.join(ENVIRONMENT, "bin", "python")
    if sys.prefix == ENVIRONMENT:
        sys.exit(f"formats: installing the packages did not help: {missing}")
    if not os.path.exists(python):
        venv.create(ENVIRONMENT, with_pip=True)
    if subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], stdout=sys.stderr).returncode:
        sys.exit(3)
    os.execv(python, [python, *sys.argv])

with open(os.path.join(HERE, "fields.json"), encoding="utf-8") as file:
    FIELDS = json.load(file)


# What the native form says, in the words that are compared.


def arn(native):
    kind, id = native["resource"]["type"], native["resource"]["id"]
    account, region = native["account_id"], native["region"]
    place = f"arn:{partition(native)}:ec2:{region}"
    if kind == "image":
        return f"{place}:{account}:import-image-task/{id}" if id.startswith("import-ami-") else f"{place}::image/{id}"
    if kind == "snapshot":
        return f"{place}::snapshot/{id}"
    if kind == "instance":
        return f"{place}:{account}:instance/{id}"
    if kind == "account-region":
        return f"arn:{partition(native)}:iam::{account}:root"
    if kind == "launch-template":
        for prefix, name in (
            ("lt-", "launch-template"), ("fleet-", "fleet"), ("sfr-", "spot-fleet-request"), ("sir-", "spot-instances-request"),
        ):
            if id.startswith(prefix):
                return f"{place}:{account}:{name}/{id}"
    return id


def partition(native):
    region = native["region"]
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"


def address(text):
    try:
        return None if text is None or "%" in text else ipaddress.ip_address(text) and text
    except ValueError:
        return None


def statement(native):
    if native["verdict"] != "undetermined":
        return native["message"]
    missing = "; ".join(native["missing"])
    return "Undetermined: " + native["message"] + (f" Not known: {missing}." if missing else "")


def evidence(native):
    ids = [native["event"]["id"]]
    for fact in native["facts"]:
        if fact["event_id"] and fact["event_id"] not in ids:
            ids.append(fact["event_id"])
    return ids


def words(native):
    actor = native["actor"]
    return {
        "finding": native["finding_id"], "alert": native["alert_id"], "rule": native["rule_id"], "title": native["title"],
        "account": native["account_id"], "region": native["region"] or None, "resource": arn(native),
        "message": statement(native), "actor": actor["arn"] or None, "address": address(actor["source_ip"]),
        "agent": actor["user_agent"] or None, "call": native["event"]["name"] or None, "event": native["event"]["id"],
        "evidence": evidence(native), "remediation": "\n".join(native["remediation"]) or None,
        "facts": [f"{fact['what']}: {fact['value']}" for fact in native["facts"]],
        "severity": native["severity"], "life": native["status"], "doubt": native["verdict"] == "undetermined",
    }


def milliseconds(text):
    from datetime import datetime
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def clipped(text, limit):
    if text is None or len(text.encode()) <= limit:
        return text
    return text.encode()[: limit - 3].decode(errors="ignore") + "…"


def chosen(pairs, key):
    return next((pair["value"] for pair in pairs if pair["key"] == key), None)


def techniques(pairs):
    """Ids and names of techniques and tactics as MITRE has them."""
    for id, name in pairs:
        known = mitre_attack.mitre_attack_tactics.get(id)
        if known and known == name.lower().replace(" ", "-"):
            continue
        if mitre_attack.mitre_attack_techniques.get(id) != name:
            yield f"ATT&CK has no {id} {name}"


class Format:
    """How one format is read back, and what it cannot say."""

    #: Words that are no longer than this, in bytes.
    limits = {}

    def parse(self, line):
        return json.loads(line)

    def expected(self, native):
        told = words(native)
        for word, limit in self.limits.items():
            told[word] = clipped(told[word], limit)
        return told

    def faults(self, event, native):
        yield from self.shape(event)
        told, expected = self.words(event), self.expected(native)
        for word, value in told.items():
            if value != expected[word]:
                yield f"{word} is {value!r}, and should be {expected[word]!r}"


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
            "severity": next(word for word, id in self.ids.items() if id == event["severity_id"]),
            "life": self.lives.get((event["activity_id"], event["status_id"])), "doubt": event["confidence_id"] == 1,
            **({} if resolved or actor and not actor.startswith("arn:") else {
                "actor": actor, "address": who.get("src_endpoint", {}).get("ip"),
                "agent": who.get("http_request", {}).get("user_agent"),
            }),
        }

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
            return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", value)
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


class ASFF(Format):
    limits = {
        "title": 256, "message": 1024, "resource": 512, "actor": 2048, "agent": 2048, "call": 128, "event": 2048, "evidence": 2048,
        "facts": 2048, "remediation": 512,
    }
    model = botocore.session.get_session().get_service_model("securityhub").operation_model("BatchImportFindings").input_shape
    required = ["SchemaVersion", "Id", "ProductArn", "GeneratorId", "AwsAccountId", "CreatedAt", "UpdatedAt", "Title", "Description", "Resources"]
    lengths = {"Id": 512, "ProductArn": 2048, "GeneratorId": 512, "Title": 256, "Description": 1024}
    time = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
    namespaces = ("Software and Configuration Checks", "TTPs", "Effects", "Unusual Behaviors", "Sensitive Data Identifications")

    def shape(self, finding):
        report = ParamValidator().validate({"Findings": [finding]}, self.model)
        if report.has_errors():
            yield f"botocore: {report.generate_report()}"
        yield from self.enumerations(finding, self.model.members["Findings"].member, "")
        for key in self.required:
            if not finding.get(key):
                yield f"without {key}"
        for key, limit in self.lengths.items():
            if len(finding.get(key, "")) > limit:
                yield f"{key} is longer than {limit}"
        for key, value in finding.items():
            if key.endswith("At") and not self.time.fullmatch(value):
                yield f"{key} is no time"
        if not re.fullmatch(r"\d{12}", finding["AwsAccountId"]):
            yield "AwsAccountId is no account"
        partition, region = finding["ProductArn"].split(":")[1:4:2]
        account = finding["AwsAccountId"]
        if finding["ProductArn"] != f"arn:{partition}:securityhub:{region}:{account}:product/{account}/default":
            yield "ProductArn is not the account's default"
        if not 1 <= len(finding["Resources"]) <= 32 or len(json.dumps(finding, ensure_ascii=False).encode()) > 240_000:
            yield "too much"
        for resource in finding["Resources"]:
            if not resource["Id"].strip() or len(resource["Id"]) > 512 or resource.get("Partition") != partition:
                yield "the resource's Id or Partition"
        for type in finding["Types"]:
            if len(finding["Types"]) > 50 or type.split("/")[0] not in self.namespaces or len(type.split("/")) > 3:
                yield f"Types {type}"
        fields = finding["ProductFields"]
        if len(fields) > 50 or any(len(key) > 128 or len(value) > 2048 or not value.strip() for key, value in fields.items()):
            yield "ProductFields"
        text = finding.get("Remediation", {}).get("Recommendation", {}).get("Text")
        if text is not None and not 0 < len(text) <= 512:
            yield "Remediation"
        four = finding.get("Action", {}).get("AwsApiCallAction", {}).get("RemoteIpDetails", {}).get("IpAddressV4")
        if four is not None and not isinstance(ipaddress.ip_address(four), ipaddress.IPv4Address):
            yield "IpAddressV4 is none"
        names = fields.get("amiwatch/AttackTechniques", "")
        yield from techniques((id, name) for name, id in re.findall(r"([^()]+?) \((T[\d.]+)\)(?:, |$)", names))

    def enumerations(self, value, shape, path):
        if shape.type_name == "structure":
            for key, inner in value.items():
                if key not in shape.members:
                    yield f"unknown: {path}.{key}"
                else:
                    yield from self.enumerations(inner, shape.members[key], f"{path}.{key}")
        elif shape.type_name == "list":
            for inner in value:
                yield from self.enumerations(inner, shape.member, path)
        elif shape.type_name == "string" and shape.enum and value not in shape.enum:
            yield f"{path} cannot be {value}"

    def words(self, finding):
        fields = finding["ProductFields"]
        call = finding.get("Action", {}).get("AwsApiCallAction", {})
        told = {
            "finding": finding["Id"], "alert": fields["amiwatch/AlertId"], "rule": finding["GeneratorId"], "title": finding["Title"],
            "account": finding["AwsAccountId"], "message": finding["Description"], "call": call.get("Api"),
            "event": fields["amiwatch/Event/Id"], "evidence": fields["amiwatch/Evidence"], "facts": fields.get("amiwatch/Facts"),
            "remediation": finding.get("Remediation", {}).get("Recommendation", {}).get("Text"),
            "severity": finding["Severity"]["Label"].lower(), "life": fields["amiwatch/Status"],
            "doubt": finding["Confidence"] < 50, "archived": finding["RecordState"] == "ARCHIVED",
            "provider": finding["FindingProviderFields"]["Severity"]["Label"].lower(), "actor": fields.get("amiwatch/Actor/Arn"),
            "agent": fields.get("amiwatch/Actor/UserAgent"),
        }
        resource = finding["Resources"][0]
        if resource["Type"] != "AwsAccount":
            told["resource"] = resource["Id"]
        if address(fields.get("amiwatch/Actor/Source")):
            told["address"] = fields["amiwatch/Actor/Source"]
        return told

    def expected(self, native):
        told = words(native)
        told["facts"] = "\n".join(told["facts"]) or None
        told["evidence"] = " ".join(told["evidence"])
        told |= {"archived": told["life"] in ("resolved", "retracted"), "provider": told["severity"]}
        for word, limit in self.limits.items():
            told[word] = clipped(told[word], limit)
        for word in ("facts", "agent", "actor"):
            if told[word] is not None and not told[word].strip():
                told[word] = None
        return told

    spoilt = [
        *[(f"without {key}", lambda e, key=key: e.pop(key)) for key in required],
        ("with a severity of no name", lambda e: e["Severity"].update(Label="URGENT")),
        ("with an unknown key", lambda e: e.update(Colour="red")),
        ("with a long title", lambda e: e.update(Title="x" * 257)),
        ("with a time that is none", lambda e: e.update(UpdatedAt="today")),
        ("without any resource", lambda e: e.update(Resources=[])),
        ("with another account", lambda e: e.update(AwsAccountId="999999999999")),
        ("with a state of no name", lambda e: e.update(RecordState="GONE")),
        ("with a number for a field", lambda e: e["ProductFields"].update({"amiwatch/Revision": 1})),
        ("with the other state", lambda e: e.update(RecordState="ACTIVE" if e["RecordState"] == "ARCHIVED" else "ARCHIVED")),
        ("with a type of no namespace", lambda e: e.update(Types=["Bad/Thing"])),
        ("with a blank field", lambda e: e["ProductFields"].update({"amiwatch/Status": " "})),
    ]


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
        yield from techniques((id, name) for name, id in re.findall(r"([^()]+?) \((T[\d.]+)\)(?:, |$)", event["extension"].get("cs2", "")))

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

    def spoil(self, event, how):
        return how(event["line"])

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
            "remediation": "\n".join(event.get("remediation", [])) or None, "severity": event["severity"], "life": event["status"],
            "doubt": event["verdict"] == "undetermined", "address": address(event.get("src")),
        }
        if event.get("user", "arn:").startswith("arn:"):
            told["actor"] = event.get("user")
        return told

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
                "bool": isinstance(value, bool), "dynamic": isinstance(value, dict), "date/time": ECS.isA("date", value),
                "datetime": ECS.isA("date", value),
            }.get(kind, isinstance(value, str))
            if not good:
                yield f"{name}: {value!r:.80} is no {kind}"
        for name, needed in (("Username", "UsernameType"), ("UserId", "UserIdType"), ("DvcId", "DvcIdType")):
            if name in row and needed not in row:
                yield f"{name} without {needed}"
        yield from techniques((id, name) for name, id in re.findall(r"([^()]+?) \((T[\d.]+)\)(?:, |$)", row.get("AttackTechniques", "")))

    def words(self, row):
        more = row["AdditionalFields"]
        told = {
            "finding": more["FindingId"], "alert": row["EventUid"], "rule": row["RuleName"], "title": row["AlertName"],
            "account": row["DvcScopeId"], "region": row.get("DvcZone"), "resource": row["DvcId"], "message": row["EventMessage"],
            "address": more.get("SrcIpAddr"), "agent": more.get("HttpUserAgent"), "call": row.get("EventOriginalType"),
            "event": row["EventOriginalUid"], "evidence": more["Evidence"], "facts": more.get("Facts", []),
            "remediation": row.get("AttackRemediationSteps"), "severity": row["EventOriginalSeverity"], "life": row["AlertOriginalStatus"],
            "doubt": row.get("AlertVerdict") == "Unknown", "status": row["AlertStatus"], "false": row.get("AlertVerdict") == "False Positive",
            "scale": row["EventSeverity"],
        }
        if row.get("UserId", "arn:").startswith("arn:"):
            told["actor"] = row.get("UserId")
        return told

    def expected(self, native):
        told = words(native)
        scale = "High" if told["severity"] == "critical" else told["severity"].capitalize()
        return told | {"status": self.lives[told["life"]], "false": told["life"] == "retracted", "scale": scale}

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
            if not ECS.isA("date", value):
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
            "remediation": result.get("action_details"), "severity": result["severity"].lower(), "life": chosen(fields, "status"),
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


FORMATS = {"ocsf": OCSF(), "ecs": ECS(), "asff": ASFF(), "cef": CEF(), "splunk": Splunk(), "asim": ASIM(), "udm": UDM()}


def lines(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        return file.read().split("\n")[:-1]


def faults(form, line, native):
    try:
        return list(form.faults(form.parse(line), native))
    except Exception as error:  # Whatever a line makes fail that takes it apart is a fault of the line.
        return [f"{type(error).__name__}: {error}"]


def spoil(form, line, how):
    event = form.parse(line)
    if isinstance(form, CEF):
        return how(event["line"])
    how(event)
    return json.dumps(event, ensure_ascii=False)


@mock_aws
def imported(batches):
    """Security Hub as moto has it, after some batches."""
    client, held, told = {}, {}, []
    for number, line in enumerate(batches, 1):
        findings = json.loads(line)["Findings"]
        places = {(finding["AwsAccountId"], finding["ProductArn"].split(":")[3]) for finding in findings}
        if len(places) != 1 or len(findings) > 100 or len({finding["Id"] for finding in findings}) != len(findings):
            told.append(f"batch {number}: {len(findings)} findings of {len(places)} places, or one twice")
        region = findings[0]["ProductArn"].split(":")[3]
        if region not in client:
            client[region] = boto3.client("securityhub", region, aws_access_key_id="x", aws_secret_access_key="x")
        answer = client[region].batch_import_findings(Findings=findings)
        if answer["FailedCount"] or answer["SuccessCount"] != len(findings):
            told.append(f"batch {number}: moto refuses {answer['FailedFindings']}")
        for finding in findings:
            known = held.get(finding["Id"])
            # What is not later than what Security Hub has it ignores.
            if known and known["UpdatedAt"] >= finding["UpdatedAt"]:
                told.append(f"batch {number}: {finding['Id']} is not later than before")
            held[finding["Id"]] = finding
    return held, told


def main(folder):
    count, sizes, tried, differing = Counter(), Counter(), Counter(), Counter()

    def tell(what, place, fault):
        differing[what] += 1
        if differing[what] <= 5:
            print(f"{what}{place}: {fault}", file=sys.stderr)

    for path in sorted(glob.glob(os.path.join(folder, "*.native.jsonl"))):
        name = os.path.basename(path).removesuffix(".native.jsonl")
        natives = [json.loads(line) for line in lines(path)]
        for word, form in FORMATS.items():
            told = lines(os.path.join(folder, f"{name}.{word}.jsonl"))
            if len(told) != len(natives):
                tell(f"{name} in {word}", "", f"{len(told)} lines, and {len(natives)} alerts")
            examples = {}
            for number, (line, native) in enumerate(zip(told, natives), 1):
                count[word] += 1
                sizes[word] += len(line.encode())
                for fault in faults(form, line, native):
                    tell(f"{name} in {word}", f", line {number}", fault)
                examples.setdefault(native["status"], (line, native))
            for status, (line, native) in examples.items():
                for how, change in form.spoilt:
                    try:
                        bad = spoil(form, line, change)
                    except KeyError:
                        continue
                    tried[word] += 1
                    if bad == line or not faults(form, bad, native):
                        tell(f"{name} in {word}", f", {status}, {how}", "it is accepted")
    for path in sorted(glob.glob(os.path.join(folder, "*.batches.jsonl"))):
        name = os.path.basename(path).removesuffix(".batches.jsonl")
        batches = lines(path)
        held, told = imported(batches)
        for fault in told:
            tell(name, "", fault)
        last = {native["finding_id"]: native for native in map(json.loads, lines(os.path.join(folder, f"{name}.native.jsonl")))}
        for id, native in last.items():
            state = "ARCHIVED" if native["status"] in ("resolved", "retracted") else "ACTIVE"
            if held.get(id, {}).get("RecordState") != state:
                tell(name, "", f"finding {id} is not {state} in the end")
        count["batches"] += len(batches)
    for word in FORMATS:
        print(f"formats: {word}: {count[word]} alerts, {sizes[word]} bytes, {tried[word]} faults tried")
    print(f"formats: {count['batches']} batches for Security Hub; {sum(differing.values())} differing")
    return 1 if differing or not count["ocsf"] else 0


sys.exit(main(sys.argv[1]))
