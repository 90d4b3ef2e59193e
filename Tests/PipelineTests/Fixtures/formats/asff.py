"""ASFF: botocore's model with its enumerations, and the limits of Security Hub's documents."""
import ipaddress
import json
import re

import botocore.session
from botocore.validate import ParamValidator

from common import Format, address, clipped, named, words


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
        yield from named(names)

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
            "first": finding["FirstObservedAt"], "last": finding["LastObservedAt"], "created": finding["CreatedAt"],
            "revision": int(fields["amiwatch/Revision"]), "times": int(fields["amiwatch/Occurrences"]),
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
        told |= {"archived": told["life"] in ("resolved", "retracted"), "provider": told["severity"], "created": told["first"]}
        for word, limit in self.limits.items():
            told[word] = clipped(told[word], limit)
        for word in ("facts", "agent", "actor"):
            if told[word] is not None and not told[word].strip():
                told[word] = None
        return told

    def techniques(self, event):
        return re.findall(r"\((T[\d.]+)\)", event["ProductFields"].get("amiwatch/AttackTechniques", ""))

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
