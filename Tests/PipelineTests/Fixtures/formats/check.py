#!/usr/bin/env python3
"""Alerts in the formats of other products, against what those products publish.

    check.py FOLDER

FOLDER holds `<set>.native.jsonl` and, line for line, the same alerts as `<set>.<format>.jsonl`; `<set>.batches.jsonl` are
the lines of a replay in ASFF. Each alert must be accepted by validators that others wrote, and say what the native one
says: who, where, what, when, which technique, and what became of the finding. Then the checks themselves are tried: each
of some faults put into an alert must be refused.

Each format has a file beside this one; `fields.json` are facts from the vendors' documents. Technique and tactic must bear
the names that pySigma has of ATT&CK.

Exit status 3 where PyPI cannot be reached: nothing is checked.
"""
import glob
import json
import os
import sys
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(HERE))))
sys.path.append(os.path.join(ROOT, "Tests"))

import pypi  # noqa: E402

pypi.enter("oracles")

import boto3  # noqa: E402
from asff import ASFF  # noqa: E402
from asim import ASIM  # noqa: E402
from cef import CEF  # noqa: E402
from ecs import ECS  # noqa: E402
from moto import mock_aws  # noqa: E402
from ocsf import OCSF  # noqa: E402
from splunk import Splunk  # noqa: E402
from udm import UDM  # noqa: E402

FORMATS = {"ocsf": OCSF(), "ecs": ECS(), "asff": ASFF(), "cef": CEF(), "splunk": Splunk(), "asim": ASIM(), "udm": UDM()}


def lines(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        return file.read().split("\n")[:-1]


def faults(form, line, native):
    try:
        return list(form.faults(form.parse(line), native))
    except Exception as error:  # Whatever a line makes fail that takes it apart is a fault of the line.
        return [f"{type(error).__name__}: {error}"]


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
    attacks = {}
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
            named = [sorted(set(form.techniques(form.parse(line)))) for line in told]
            if attacks.setdefault(name, named) != named:
                tell(f"{name} in {word}", "", "its techniques are not those in OCSF")
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
                        bad = form.spoil(line, change)
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
