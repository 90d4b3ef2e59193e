"""What all formats are compared by: the native alert in a few words."""
import datetime
import ipaddress
import json
import os
import re

from sigma.data import mitre_attack

HERE = os.path.dirname(os.path.abspath(__file__))

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
    if kind in ("account", "account-region"):
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
        "first": native["first_seen"], "last": native["last_seen"], "revision": native["revision"], "times": native["occurrences"],
        "severity": native["severity"], "life": native["status"], "doubt": native["verdict"] == "undetermined",
    }


def clipped(text, limit):
    if text is None or len(text.encode()) <= limit:
        return text
    return text.encode()[: limit - 3].decode(errors="ignore") + "…"


def techniques(pairs):
    """Ids and names of techniques and tactics as MITRE has them."""
    for id, name in pairs:
        known = mitre_attack.mitre_attack_tactics.get(id)
        if known and known == name.lower().replace(" ", "-"):
            continue
        if mitre_attack.mitre_attack_techniques.get(id) != name:
            yield f"ATT&CK has no {id} {name}"


def named(text):
    """The same of a text: `Transfer Data to Cloud Account (T1537), …`."""
    yield from techniques((id, name) for name, id in re.findall(r"([^()]+?) \((T[\d.]+)\)(?:, |$)", text))


def timeText(milliseconds):
    """As the native form writes a time."""
    time = datetime.datetime.fromtimestamp(int(milliseconds) // 1000, datetime.timezone.utc)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def isTime(value):
    return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", value) is not None


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

    def spoil(self, line, how):
        event = self.parse(line)
        how(event)
        return json.dumps(event, ensure_ascii=False)
