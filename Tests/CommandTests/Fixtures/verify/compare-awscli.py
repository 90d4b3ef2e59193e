#!/usr/bin/env python3
"""Compares amiwatch with the AWS CLI's own validate-logs over the buckets of make-bucket.py: compare-awscli.py AMIWATCH FOLDER.

The classes are those of awscli from PyPI, with moto's S3 in the place of Amazon's; only the list of public keys is stubbed.
Prints a line for each case in which the two disagree, and one with counts. What the AWS CLI never looks at is no
disagreement: those kinds are listed below, and it must not call what they are about invalid either. Ends
with status 3 where PyPI cannot be reached.
"""
import datetime
import json
import os
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), *[".."] * 4))
sys.path.append(os.path.join(ROOT, "Tests"))

import pypi  # noqa: E402

pypi.enter("oracles")

import boto3  # noqa: E402
from awscli.customizations.cloudtrail import validation  # noqa: E402
from moto import mock_aws  # noqa: E402

BUCKET = "trail-bucket"
ORGANIZATION = "o-exampleorgid"
# Trail, account, organization, and the Region that is looked at.
TRAILS = [
    ("main", "123456789012", None, "us-east-1"),
    ("main", "123456789012", None, "eu-west-1"),
    ("other_trail", "123456789012", None, "us-east-1"),
    ("all", "111122223333", ORGANIZATION, "us-east-1"),
    ("all", "111122223333", ORGANIZATION, "us-west-2"),
    ("all", "111122223333", ORGANIZATION, "eu-north-1"),
]
# What the AWS CLI does not look at, or lets pass.
BEYOND = {
    "algorithm-unknown", "digest-added", "digest-times-wrong", "digest-trailing-bytes", "digests-absent", "digests-apart",
    "digests-overlap", "key-outside-validity", "log-unnamed",
}


class Keys:
    """The client of CloudTrail, as far as it is asked."""

    def __init__(self, listed):
        self.listed = listed

    def list_public_keys(self, StartTime, EndTime):
        return {"PublicKeyList": self.listed}


class Buckets:
    def __init__(self, client):
        self.client = client

    def get_client(self, name):
        return self.client


class Validation(validation.CloudTrailValidateLogs):
    """The command, of which every line is kept."""

    def __init__(self):
        super().__init__(None)
        self.valid, self.invalid = set(), {}

    def _write_status(self, message, is_error=False):
        parts = message.split("\t")
        if len(parts) == 3:
            key = parts[1].removeprefix(f"s3://{BUCKET}/")
            if is_error:
                self.invalid[key] = parts[2]
            else:
                self.valid.add(key)


def validate(client, listed, trail, account, organization, region):
    command = Validation()
    command.start_time = validation.normalize_date(datetime.datetime(2026, 9, 1, 0, 0, 0))
    command.end_time = validation.normalize_date(datetime.datetime(2026, 10, 30))
    command.s3_client_provider = Buckets(client)
    command.trail_arn = f"arn:aws:cloudtrail:us-east-1:{account}:trail/{trail}"
    command.organization_client = None

    def traverser(**options):
        return validation.DigestTraverser(
            digest_provider=validation.DigestProvider(
                s3_client_provider=command.s3_client_provider,
                account_id=account,
                trail_name=trail,
                trail_home_region="us-east-1",
                trail_source_region=region,
                organization_id=organization,
            ),
            starting_bucket=BUCKET,
            starting_prefix=None,
            public_key_provider=validation.PublicKeyProvider(Keys(listed)),
            on_invalid=options["on_invalid"],
            on_gap=options["on_gap"],
            on_missing=options["on_missing"],
        )

    validation.create_digest_traverser = traverser
    command._write_startup_text = command._write_summary_text = lambda: None
    command._call()
    return command.valid, command.invalid


def objects(folder):
    top = os.path.join(folder, "bucket")
    metadata = json.load(open(os.path.join(folder, "head-objects.json")))
    found = {}
    for place, _, names in os.walk(top):
        for name in names:
            path = os.path.join(place, name)
            key = os.path.relpath(path, top)
            with open(path, "rb") as file:
                found[key] = (file.read(), metadata.get(key, {}).get("Metadata", {}))
    return found


def told_by_amiwatch(amiwatch, folder, root):
    """What it finds, by the key that the AWS CLI would name, and the keys of what is not verified."""
    command = [amiwatch, "verify", f"{folder}/bucket", "--keys", f"{root}/keys-v1.json", "--format", "json"]
    result = subprocess.run([*command, "--metadata", f"{folder}/head-objects.json"], capture_output=True, text=True)
    assert result.returncode in (0, 3), result.stderr
    report = json.loads(result.stdout)
    findings = []
    for finding in report["findings"]:
        key = (finding["path"] or "").removeprefix(f"{folder}/bucket/")
        detail = finding["detail"] or ""
        if finding["kind"] == "log-moved":
            key = detail.removeprefix("from ")
        elif finding["kind"] == "digest-moved":
            key = detail.removeprefix("it was signed as ") if detail.startswith("it was") else None
        elif finding["kind"] == "digest-missing" and not finding["path"]:
            key = None
        findings.append((finding["kind"], key))
    return findings, {file["path"].removeprefix(f"{folder}/bucket/") for file in report["unverified_files"]}


def compare(valid, invalid, findings, unverified):
    told = {key for kind, key in findings if key and kind not in BEYOND}
    beyond = any(kind in BEYOND for kind, _ in findings)
    yield from (f"AWS alone calls {key} {why}" for key, why in invalid.items() if key not in told)
    yield from (f"amiwatch alone finds {key}" for key in told if key not in invalid)
    yield from (f"AWS alone calls {key} valid" for key in sorted(valid & told))
    if not beyond:
        yield from (f"amiwatch does not verify {key}, which AWS calls valid" for key in sorted(valid & unverified))


def main(amiwatch, root):
    listed = json.load(open(f"{root}/keys-v1.json"))["PublicKeyList"]
    os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1")
    disagreements = keys = 0
    cases = sorted(name for name in os.listdir(root) if os.path.isdir(os.path.join(root, name)))
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        present = {}
        for name in cases:
            folder = os.path.join(root, name)
            wanted = objects(folder)
            for key in present.keys() - wanted.keys():
                client.delete_object(Bucket=BUCKET, Key=key)
            for key, (data, metadata) in wanted.items():
                if present.get(key) != (data, metadata):
                    client.put_object(Bucket=BUCKET, Key=key, Body=data, Metadata=metadata)
            present = wanted
            valid, invalid = set(), {}
            for trail in TRAILS:
                more, worse = validate(client, listed, *trail)
                valid |= more
                invalid |= worse
            keys += len(valid) + len(invalid)
            for line in compare(valid, invalid, *told_by_amiwatch(amiwatch, folder, root)):
                disagreements += 1
                print(f"{name}: {line}")
    print(f"{len(cases)} cases, {keys} verdicts of the AWS CLI, {disagreements} disagreements")
    sys.exit(1 if disagreements else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
