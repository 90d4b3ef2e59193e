#!/usr/bin/env python3
"""Writes the sample trail: 17 March 2026 in three accounts and two Regions, as CloudTrail delivers it to S3.

    python3 Deploy/sample/make-trail.py            writes Deploy/sample/trail
    python3 Deploy/sample/make-trail.py --check    only compares, exit status 1 when something differs

The output depends on this file and cloudtrail_shapes.py alone. STORY.md tells what happens on that day.
"""

import gzip
import json
import random
import sys
from pathlib import Path

from cloudtrail_shapes import (
    DAY, EVERYDAY, Caller, create_image, everyday, flat, identifier, items, launch, numbered, permission, tags,
    terminate, token, wrapped)

HERE = Path(__file__).resolve().parent
FACTORY, PRODUCTION, DEVELOPMENT = "123456789012", "111122223333", "777788889999"
STRANGER, PARTNER, VENDOR = "210987654321", "555566667777", "222233334444"
EU, US = "eu-central-1", "us-east-1"
ORGANIZATIONS = "arn:aws:organizations::999900001111:"

# Images. The Amazon and the community one were there before; no record of this trail says whose they are.
AMAZON_EU = "ami-0a1202300000000e1"
COMMUNITY = "ami-0c0ffee0c0ffee001"
DENIED = "ami-0bad00000000bad00"
GOLDEN_EU, GOLDEN_US = identifier("ami", "golden-eu"), identifier("ami", "golden-us")
DEBUG, BENCH = identifier("ami", "web-debug"), identifier("ami", "bench")

pipeline = Caller("image-pipeline", "build-4711", address="192.0.2.20", agent="Packer/1.12.0 (+https://example.com)")
guardrails = Caller("platform-guardrails", "rollout", address="192.0.2.21")
scaling = Caller("AWSServiceRoleForAutoScaling", "AutoScaling", "aws-service-role/autoscaling.amazonaws.com/",
                 service="autoscaling.amazonaws.com")
marketplace = Caller("AWSServiceRoleForMarketplace", "assets", "aws-service-role/assets.marketplace.amazonaws.com/",
                     service="assets.marketplace.amazonaws.com")
anna = Caller("developer", "anna@example.com", address="198.51.100.31", agent="AWS Internal", console=True)
ben = Caller("developer", "ben@example.com", address="198.51.100.32")
contractor = Caller("contractor-kit", address="198.51.100.9", agent="Boto3/1.37.4 md/Botocore#1.37.4")
support = Caller("ops-support", "night-shift", address="AWS Internal", console=True, agent="AWS Internal")
break_glass = Caller("break-glass", "incident-0317", address="198.51.100.50")
batch = Caller("batch-runner", "nightly", address="192.0.2.60", agent="aws-sdk-go-v2/1.36.3 lang/go#1.24.1")

OWNED = {"CostCenter": "4711", "Stage": "prod"}
BASELINE = ("amazon", "aws-marketplace", FACTORY)


def state(at, account, region, caller, value):
    if value == "disabled":
        return wrapped(at, account, region, "DisableAllowedImagesSettings", caller, None,
                       {"allowedImagesSettingsState": value})
    return wrapped(at, account, region, "EnableAllowedImagesSettings", caller, {"AllowedImagesSettingsState": value},
                   {"allowedImagesSettingsState": value})


def criteria(at, account, region, caller, *providers):
    return wrapped(at, account, region, "ReplaceImageCriteriaInAllowedImagesSettings", caller,
                   {"ImageCriterion": {"tag": 1, "ImageProvider": numbered(*providers)}})


def block_public_access(at, account, region, caller, value):
    if value == "unblocked":
        return wrapped(at, account, region, "DisableImageBlockPublicAccess", caller, None,
                       {"imageBlockPublicAccessState": value})
    return wrapped(at, account, region, "EnableImageBlockPublicAccess", caller, {"ImageBlockPublicAccessState": value},
                   {"imageBlockPublicAccessState": value})


def share(at, account, region, caller, image, *, error=None, mark="", **change):
    return flat(at, account, region, "ModifyImageAttribute", caller, permission(image, **change), error=error,
                mark=f"{image}{change}{mark}")


def change_tags(at, account, region, caller, name, image, values):
    return flat(at, account, region, name, caller,
                {"resourcesSet": items({"resourceId": image}), "tagSet": items(*tags(values))}, mark=image)


def story():
    """Pairs of a record and the time at which CloudTrail delivers it (None: a few minutes later)."""
    yield from ((r, None) for r in guardrails_are_rolled_out())
    yield from golden_image_is_built()
    yield from ((r, None) for r in developers_share())
    yield from ((r, None) for r in production_goes_wrong())
    yield from ((r, None) for r in loose_ends())
    # Tagged within the grace time, but told an hour and a half later.
    yield change_tags("09:09:30", DEVELOPMENT, EU, ben, "CreateTags", BENCH, OWNED), "10:35"


def guardrails_are_rolled_out():
    places = [(FACTORY, EU), (FACTORY, US), (PRODUCTION, EU), (PRODUCTION, US), (DEVELOPMENT, EU)]
    for minute, (account, region) in enumerate(places, 30):
        yield state(f"05:{minute}:05", account, region, guardrails, "audit-mode")
        yield criteria(f"05:{minute}:20", account, region, guardrails, *BASELINE)
        if (account, region) != (PRODUCTION, US):
            yield state(f"05:{minute}:35", account, region, guardrails, "enabled")
        yield block_public_access(f"05:{minute}:50", account, region, guardrails, "block-new-sharing")


def golden_image_is_built():
    builder, golden = identifier("i", "builder"), {"Approval": "golden"} | OWNED
    unit = {"organizationalUnitArn": ORGANIZATIONS + "ou/o-exampleorgid/ou-ab12-cdef3456"}
    yield launch("06:02:10", FACTORY, EU, pipeline, AMAZON_EU, builder), None
    yield create_image("06:20:44", FACTORY, EU, pipeline, builder, GOLDEN_EU, "golden-web-2026.03.17", golden,
                       OWNED), None
    yield terminate("06:22:03", FACTORY, EU, pipeline, builder), None
    yield share("06:25:00", FACTORY, EU, pipeline, GOLDEN_EU, add=unit), None
    # The copy is in use before its record arrives: a verdict on that launch has to wait for it.
    yield flat("06:30:12", FACTORY, US, "CopyImage", pipeline, {
        "sourceRegion": EU, "sourceImageId": GOLDEN_EU, "name": "golden-web-2026.03.17", "tagSpecificationSet": items(
            {"resourceType": "image", "tags": tags(golden)}, {"resourceType": "snapshot", "tags": tags(OWNED)}),
    }, {"imageId": GOLDEN_US}), "07:50"
    yield share("06:31:00", FACTORY, US, pipeline, GOLDEN_US, add=unit), "07:50"
    yield launch("07:01:00", PRODUCTION, US, scaling, GOLDEN_US, identifier("i", "web-us-1"), group="web",
                 template=identifier("lt", "web-us")), None
    for hour, count in ((7, 1), (8, 2), (9, 3)):
        yield launch(f"{hour:02}:12:40", PRODUCTION, EU, scaling, GOLDEN_EU, identifier("i", f"web-eu-{count}"),
                     template=identifier("lt", "web-eu"), group="web"), None
    yield terminate("11:30:00", PRODUCTION, EU, scaling, identifier("i", "web-eu-1")), None


def developers_share():
    # An image with none of the required tags goes to production, and from there into use, by way of a template.
    yield create_image("08:10:05", DEVELOPMENT, US, anna, identifier("i", "web-debug"), DEBUG, "web-debug")
    yield share("08:14:30", DEVELOPMENT, US, anna, DEBUG, add={"userId": PRODUCTION})
    template, instance = identifier("lt", "web-debug"), identifier("i", "web-debug-1")
    yield wrapped("09:20:00", PRODUCTION, US, "CreateLaunchTemplate", ben, {
        "LaunchTemplateName": "web-debug", "LaunchTemplateData": {"ImageId": DEBUG, "InstanceType": "m7i.large"},
    }, {"launchTemplate": {
        "launchTemplateId": template, "launchTemplateName": "web-debug", "defaultVersionNumber": 1,
        "latestVersionNumber": 1, "createTime": f"{DAY}T09:20:00Z"}})
    yield launch("09:24:10", PRODUCTION, US, ben, DEBUG, instance, template=template)
    yield terminate("15:40:00", PRODUCTION, US, ben, instance)

    # Another one gets its tags within the grace time (see `story`) and is lent to a stranger for a while.
    yield create_image("09:02:00", DEVELOPMENT, EU, ben, identifier("i", "bench"), BENCH, "bench-2026-03", None, OWNED)
    yield share("09:30:00", DEVELOPMENT, EU, contractor, BENCH, add={"userId": STRANGER})
    yield share("10:46:00", DEVELOPMENT, EU, contractor, BENCH, remove={"userId": STRANGER})
    yield share("10:05:00", FACTORY, US, pipeline, GOLDEN_US, add={"userId": PARTNER})
    yield share("10:06:00", FACTORY, US, support, GOLDEN_US, add={"userId": VENDOR})
    partner, foreign = (ORGANIZATIONS.replace("999900001111", owner) + f"organization/{organization}"
                        for owner, organization in ((PARTNER, "o-partnerorg"), ("666677778888", "o-strangerorg")))
    yield share("10:50:00", DEVELOPMENT, EU, ben, BENCH, add={"organizationArn": partner})
    yield share("10:54:00", DEVELOPMENT, EU, ben, BENCH, add={"organizationArn": foreign})

    # Six refused attempts; a dry run and a mistyped id are none.
    refused = ("Client.UnauthorizedOperation", "You are not authorized to perform this operation. User: "
               f"arn:aws:sts::{DEVELOPMENT}:assumed-role/developer/anna@example.com is not authorized to perform: "
               "ec2:ModifyImageAttribute with an explicit deny in a service control policy")
    for minute in (31, 34, 39, 44, 50, 58):
        yield share(f"10:{minute}:17", DEVELOPMENT, US, anna, DEBUG, add={"userId": STRANGER}, error=refused)
    yield share("10:59:00", DEVELOPMENT, US, anna, DEBUG, add={"userId": STRANGER}, mark="dry", error=(
        "Client.DryRunOperation", "Request would have succeeded, but DryRun flag is set."))
    yield share("10:59:40", DEVELOPMENT, US, anna, identifier("ami", "typo"), add={"group": "all"}, error=(
        "Client.InvalidAMIID.NotFound", "The image id does not exist"))

    # So the block is lifted and the image goes out to everybody for three quarters of an hour.
    yield block_public_access("11:00:30", DEVELOPMENT, US, anna, "unblocked")
    yield share("11:04:00", DEVELOPMENT, US, anna, DEBUG, add={"group": "all"})
    yield share("11:51:00", DEVELOPMENT, US, anna, DEBUG, remove={"group": "all"})
    yield block_public_access("12:05:00", DEVELOPMENT, US, guardrails, "block-new-sharing")


def production_goes_wrong():
    # Somebody who is no publisher takes the approval away; what starts before it is back is unapproved.
    yield change_tags("12:30:00", FACTORY, EU, support, "DeleteTags", GOLDEN_EU, {"Approval": "golden"})
    yield launch("12:41:00", PRODUCTION, EU, scaling, GOLDEN_EU, identifier("i", "web-eu-4"), group="web",
                 template=identifier("lt", "web-eu"))
    yield change_tags("12:50:00", FACTORY, EU, pipeline, "CreateTags", GOLDEN_EU, {"Approval": "golden"})
    yield launch("12:58:00", PRODUCTION, EU, scaling, GOLDEN_EU, identifier("i", "web-eu-5"), group="web",
                 template=identifier("lt", "web-eu"))

    # The guardrail is opened for a stranger, lowered, used, and put back.
    yield criteria("13:08:00", PRODUCTION, EU, break_glass, *BASELINE, STRANGER)
    yield state("13:10:00", PRODUCTION, EU, break_glass, "audit-mode")
    yield launch("13:25:00", PRODUCTION, EU, break_glass, COMMUNITY, identifier("i", "forensics"))
    yield criteria("16:58:00", PRODUCTION, EU, guardrails, *BASELINE)
    yield state("17:00:00", PRODUCTION, EU, guardrails, "enabled")


def loose_ends():
    yield state("14:15:00", DEVELOPMENT, EU, ben, "disabled")
    yield launch("14:30:00", DEVELOPMENT, EU, ben, GOLDEN_EU, identifier("i", "scratch"))
    yield launch("14:40:00", DEVELOPMENT, US, contractor, DENIED, identifier("i", "miner"))
    yield share("15:05:00", FACTORY, EU, marketplace, GOLDEN_EU, add={"userId": "333344445555"})
    yield flat("15:30:00", DEVELOPMENT, US, "ModifyImageAttribute", anna, {
        "reason": "requestParameters too large", "omitted": True, "originalSize": 418233})


def noise(chance):
    callers = {EU: batch, US: Caller("batch-runner", "nightly-us", address="192.0.2.61")}
    weights = {(FACTORY, EU): 2, (FACTORY, US): 1, (PRODUCTION, EU): 8, (PRODUCTION, US): 4, (DEVELOPMENT, EU): 3,
               (DEVELOPMENT, US): 3}
    for number in range(340):
        account, region = chance.choices(list(weights), list(weights.values()))[0]
        choice = chance.choices(list(EVERYDAY), list(EVERYDAY.values()))[0]
        second = chance.randrange(5 * 3600 + 900, 17 * 3600 + 900)
        at = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        yield everyday(choice, at, account, region, anna if choice == "ConsoleLogin" else callers[region], f"n{number}")


def minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:5])


def delivered(record, late):
    """The minute of the log file: hourly for each account and Region, a little apart from each other."""
    if late:
        return minutes(late) // 5 * 5
    apart = {FACTORY: 0, DEVELOPMENT: 5, PRODUCTION: 10}[record["recipientAccountId"]]
    ready = minutes(record["eventTime"][11:16]) + 5
    return -(-(ready - apart) // 60) * 60 + apart


def text(records, break_one):
    """One log file. `break_one` is the event id of a record that arrives with a cut-off literal."""
    written = [json.dumps(r, separators=(",", ":")) for r in records]
    for index, r in enumerate(records):
        if r["eventID"] == break_one:
            written[index] = written[index].replace('"readOnly":false', '"readOnly":fal')
    return '{"Records":[' + ",".join(written) + "]}"


def files():
    """Every log file of the day: path below the bucket, and content."""
    chance = random.Random(20260317)
    happening = list(story())
    broken = change_tags("09:41:00", DEVELOPMENT, US, anna, "CreateTags", DEBUG, {"Note": "do not use"})
    happening.append((broken, None))
    happening += [(r, None) for r in noise(chance)]

    slots = {}
    for record, late in happening:
        slot = (record["recipientAccountId"], record["awsRegion"], delivered(record, late))
        slots.setdefault(slot, []).append(record)
        # CloudTrail delivers at least once: now and then the next file has a record again.
        if record["eventName"] in ("ModifyImageAttribute", "RunInstances") and chance.random() < 0.25:
            slots.setdefault(slot[:2] + (slot[2] + 60,), []).append(record)

    for (account, region, minute), records in sorted(slots.items()):
        chance.shuffle(records)
        # ... and once a whole file comes a second time.
        copies = ("", "again") if (account, region, minute) == (DEVELOPMENT, US, minutes("11:05")) else ("",)
        for copy in copies:
            stamp = f"{DAY.replace('-', '')}T{minute // 60:02}{minute % 60:02}Z"
            suffix = token(f"{account}{region}{stamp}{copy}", 16)
            folder = f"AWSLogs/{account}/CloudTrail/{region}/{DAY.replace('-', '/')}"
            yield f"{folder}/{account}_CloudTrail_{region}_{stamp}_{suffix}.json.gz", text(records, broken["eventID"])


def main():
    trail, wanted = HERE / "trail", dict(files())
    found = {str(p.relative_to(trail)): p for p in trail.rglob("*.gz")}
    if sys.argv[1:] == ["--check"]:
        differing = sorted(wanted.keys() ^ found.keys()) + sorted(
            path for path in wanted.keys() & found.keys()
            if gzip.decompress(found[path].read_bytes()).decode() != wanted[path])
        for path in differing:
            print(f"not what make-trail.py writes: {path}", file=sys.stderr)
        sys.exit(1 if differing else 0)
    for path in found.keys() - wanted.keys():
        found[path].unlink()
    for path, content in wanted.items():
        (trail / path).parent.mkdir(parents=True, exist_ok=True)
        (trail / path).write_bytes(gzip.compress(content.encode(), compresslevel=9, mtime=0))
    print(f"{len(wanted)} files", file=sys.stderr)


main()
