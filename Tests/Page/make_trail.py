"""Writes a trail of many accounts, with names and tags that try to become markup, into one compressed file.

    python3 Tests/Page/make_trail.py ACCOUNTS FILE
"""
import gzip
import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Deploy" / "sample"))

from cloudtrail_shapes import (  # noqa: E402
    Caller, create_image, flat, identifier, items, permission, record, tags, wrapped)

REGIONS = ("eu-central-1", "us-east-1", "ap-southeast-2")
HOSTILE = (
    "<img src=x onerror=alert(1)>", "\"><script>alert(2)</script>", "javascript:alert(3)", "{{7*7}}${7*7}`id`",
    "\u202egpj.exe", "'><svg/onload=alert(4)>", "a" * 120, "\u2066left\u2069 \u200bzero", "</title><style>*{display:none}",
)
admin = Caller("platform-guardrails", "rollout")
developer = Caller("developer", "<b>mallory</b>@example.com")


def clock(second):
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def setting(at, account, region, value):
    name = "DisableAllowedImagesSettings" if value == "disabled" else "EnableAllowedImagesSettings"
    request = None if value == "disabled" else {"AllowedImagesSettingsState": value}
    return wrapped(at, account, region, name, admin, request, {"allowedImagesSettingsState": value})


def block(at, account, region, value):
    name = "DisableImageBlockPublicAccess" if value == "unblocked" else "EnableImageBlockPublicAccess"
    request = None if value == "unblocked" else {"ImageBlockPublicAccessState": value}
    return wrapped(at, account, region, name, admin, request, {"imageBlockPublicAccessState": value})


def records(accounts):
    """In the order of time: what each account's guardrails are, then images and with whom they are shared."""
    chance = random.Random(17)
    ids = [f"{300000000000 + 7919 * number:012}" for number in range(accounts)]
    for number, account in enumerate(ids):
        at = clock(6 * 3600 + number * 3)
        for region in REGIONS:
            yield setting(at, account, region, chance.choices(("enabled", "audit-mode", "disabled"), (90, 7, 3))[0])
            yield block(at, account, region, chance.choices(("block-new-sharing", "unblocked"), (95, 5))[0])
    for number in range(max(20, accounts // 5)):
        account = chance.choice(ids)
        at = clock(12 * 3600 + number * 5)
        image = identifier("ami", f"page-{number}")
        name = HOSTILE[number % len(HOSTILE)] if number % 10 == 0 else f"service-{number:05}"
        yield create_image(at, account, "eu-central-1", developer, identifier("i", image), image, name)
        yield flat(at, account, "eu-central-1", "CreateTags", developer, {
            "resourcesSet": items({"resourceId": image}), "tagSet": items(*tags({"Role": HOSTILE[number % len(HOSTILE)]}))},
            mark=str(number))
        # A few accounts get images of many others.
        others = {chance.choice(ids[:12]) if chance.random() < 0.6 else chance.choice(ids) for _ in range(2)}
        changes = [{"userId": other} for other in sorted(others - {account})]
        if number % 97 == 0:
            changes.append({"group": "all"})
        for other in changes:
            yield flat(clock(12 * 3600 + number * 5 + 1), account, "eu-central-1", "ModifyImageAttribute", developer,
                       permission(image, add=other), mark=f"{number}{other}")
    for number in range(accounts // 100):
        yield record(clock(20 * 3600 + number), ids[number * 100], "us-east-1", "cloudtrail.amazonaws.com", "StopLogging",
                     developer, {"name": "organization-trail"}, None)


def write(accounts, path):
    """Returns how many records there are."""
    all_records = list(records(accounts))
    with gzip.open(path, "wt", compresslevel=1) as file:
        json.dump({"Records": all_records}, file)
    return len(all_records)


if __name__ == "__main__":
    print(write(int(sys.argv[1]), sys.argv[2]), "records")
