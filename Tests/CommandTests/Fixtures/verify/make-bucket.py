#!/usr/bin/env python3
"""Writes buckets as CloudTrail leaves them, with digests signed by keys of its own: make-bucket.py FOLDER.

FOLDER/keys-*.json are what 'aws cloudtrail list-public-keys' would print, in the three forms there are. FOLDER/intact is a
bucket in which nothing is wrong, FOLDER/<case> a copy with one thing changed. In each, bucket/ is what was downloaded,
head-objects.json what 'aws s3api head-object' prints of each digest, and expected.jsonl what must be found: kind, path
(below bucket/, or a key of what is missing) and, where a time is concerned, missing_hours. What is signed and what is
changed stays the same from run to run; no package is needed.
"""
import base64
import copy
import datetime
import gzip
import hashlib
import json
import os
import random
import shutil
import sys

DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
BUCKET = "trail-bucket"
ACCOUNT, MEMBER, ORGANIZATION = "123456789012", "111122223333", "o-exampleorgid"
START = datetime.datetime(2026, 9, 1, 0, 29, 23)
HOUR = datetime.timedelta(hours=1)


# RSA (RFC 8017), with numbers alone: what signs here must not be what verifies.


def is_prime(number, chance):
    if any(number % small == 0 for small in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79)):
        return False
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(8):
        power = pow(chance.randrange(2, number - 1), odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True


def prime(bits, chance):
    while True:
        number = chance.getrandbits(bits) | 3 << bits - 2 | 1
        if number % 65537 != 1 and is_prime(number, chance):
            return number


def der(tag, content):
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def der_integer(number):
    return der(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


class Key:
    """A pair of keys, the same for the same seed."""

    def __init__(self, seed, first_day, days=30, bits=2048):
        chance = random.Random(f"amiwatch test key {seed}")
        self.p, self.q = prime(bits // 2, chance), prime(bits // 2, chance)
        self.n, self.e = self.p * self.q, 65537
        self.d = pow(self.e, -1, (self.p - 1) * (self.q - 1))
        self.der = der(0x30, der_integer(self.n) + der_integer(self.e))
        self.fingerprint = hashlib.md5(self.der).hexdigest()
        self.start = datetime.datetime(2026, 8, 31) + datetime.timedelta(days=first_day)
        self.end = self.start + datetime.timedelta(days=days)

    def sign(self, text):
        size = (self.n.bit_length() + 7) // 8
        told = DIGEST_INFO + hashlib.sha256(text).digest()
        block = int.from_bytes(b"\0\1" + b"\xff" * (size - len(told) - 3) + b"\0" + told, "big")
        low, high = pow(block, self.d % (self.p - 1), self.p), pow(block, self.d % (self.q - 1), self.q)
        number = high + (low - high) * pow(self.q, -1, self.p) % self.p * self.q
        return number.to_bytes(size, "big").hex()

    def listed(self, form):
        value = self.der
        if form == "sample":  # as the sample in AWS's documentation has it: a SubjectPublicKeyInfo, seconds as text
            rsa = der(0x30, bytes.fromhex("06092a864886f70d0101010500"))
            value = der(0x30, rsa + der(3, b"\0" + self.der))
        times = [time.replace(tzinfo=datetime.timezone.utc) for time in (self.start, self.end)]
        if form == "v2":
            zone = datetime.timezone(datetime.timedelta(hours=1))
            start, end = (time.astimezone(zone).isoformat() for time in times)
        elif form == "v1":
            start, end = (time.timestamp() for time in times)
        else:
            start, end = (str(int(time.timestamp())) for time in times)
        return {
            "Value": base64.b64encode(value).decode(),
            "ValidityStartTime": start,
            "ValidityEndTime": end,
            "Fingerprint": self.fingerprint,
        }


def iso(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def pack(data):
    return gzip.compress(data, mtime=0)


class Bucket:
    """Objects by their keys, and the metadata of digests."""

    def __init__(self):
        self.objects, self.metadata = {}, {}

    def write(self, folder):
        for key, data in self.objects.items():
            path = os.path.join(folder, "bucket", key)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)
        with open(os.path.join(folder, "head-objects.json"), "w") as file:
            json.dump({key: {"ContentType": "application/json", "Metadata": value} for key, value in self.metadata.items()}, file)


class Chain:
    """The digests of one trail in one account and Region, as CloudTrail would write them."""

    def __init__(self, bucket, key, account, region, trail="main", organization=None, prefix="", backfill=False, name=BUCKET):
        self.bucket, self.key, self.account, self.region, self.trail = bucket, key, account, region, trail
        self.owner = f"{organization}/{account}" if organization else account
        self.prefix, self.backfill, self.name = prefix, backfill, name
        self.previous, self.digests, self.logs = None, [], []

    def log(self, end, number, records=None):
        time = end - datetime.timedelta(minutes=7 * number + 5)
        unique = hashlib.sha256(f"{self.owner}{self.region}{self.trail}{time}{number}".encode()).hexdigest()[:16]
        key = (
            f"{self.prefix}AWSLogs/{self.owner}/CloudTrail/{self.region}/{time:%Y/%m/%d}/"
            f"{self.account}_CloudTrail_{self.region}_{time:%Y%m%dT%H%M}Z_{unique}.json.gz"
        )
        data = json.dumps({"Records": records or [record(self.account, self.region, time, f"{number} {self.trail}")]}).encode()
        self.bucket.objects[key] = pack(data)
        self.logs.append(key)
        return key

    def reference(self, key):
        data = gzip.decompress(self.bucket.objects[key])
        return {
            "s3Bucket": self.name,
            "s3Object": key,
            "hashValue": hashlib.sha256(data).hexdigest(),
            "hashAlgorithm": "SHA-256",
            "newestEventTime": None,
            "oldestEventTime": None,
        }

    def digest_key(self, end):
        suffix = "_backfill" if self.backfill else ""
        return (
            f"{self.prefix}AWSLogs/{self.owner}/CloudTrail-Digest/{self.region}/{end:%Y/%m/%d}/"
            f"{self.account}_CloudTrail-Digest_{self.region}_{self.trail}_us-east-1_{end:%Y%m%dT%H%M%SZ}{suffix}.json.gz"
        )

    def digest(self, end, logs, start=None, restart=False, key=None):
        """Signs a digest of these log files; gives its key."""
        signer = key or self.key
        name = self.digest_key(end)
        if restart:
            self.previous = None
        document = {
            "awsAccountId": self.account,
            "digestStartTime": iso(start or end - HOUR),
            "digestEndTime": iso(end),
            "digestS3Bucket": self.name,
            "digestS3Object": name,
            "digestPublicKeyFingerprint": signer.fingerprint,
            "digestSignatureAlgorithm": "SHA256withRSA",
            "newestEventTime": None,
            "oldestEventTime": None,
            "previousDigestS3Bucket": self.previous and self.previous["bucket"],
            "previousDigestS3Object": self.previous and self.previous["key"],
            "previousDigestHashValue": self.previous and self.previous["hash"],
            "previousDigestHashAlgorithm": self.previous and "SHA-256",
            "previousDigestSignature": self.previous and self.previous["signature"],
            "logFiles": [self.reference(log) for log in logs],
        }
        data = json.dumps(document, separators=(",", ":")).replace("/", "\\/").encode()
        told = hashlib.sha256(data).hexdigest()
        before = document["previousDigestSignature"] or "null"
        signature = signer.sign(f"{iso(end)}\n{self.name}/{name}\n{told}\n{before}".encode())
        self.bucket.objects[name] = pack(data)
        self.bucket.metadata[name] = {"signature": signature, "signature-algorithm": "SHA256withRSA"}
        if self.backfill:
            self.bucket.metadata[name]["backfill-generation-timestamp"] = iso(end + 6 * HOUR)
        self.previous = {"bucket": self.name, "key": name, "hash": told, "signature": signature}
        self.digests.append(name)
        return name

    def hours(self, first, count, logs=2, **options):
        for number in range(count):
            end = START + (first + number) * HOUR
            files = [] if number % 4 == 3 else [self.log(end, index) for index in range(logs)]
            self.digest(end, files, restart=options.get("restart", False) and number == 0)
        return self


def record(account, region, time, number):
    unique = hashlib.md5(f"{account}{region}{time}{number}".encode()).hexdigest()
    return {
        "eventVersion": "1.11",
        "eventTime": iso(time),
        "eventID": unique,
        "eventSource": "ec2.amazonaws.com",
        "eventName": "ModifyImageAttribute",
        "awsRegion": region,
        "recipientAccountId": account,
        "sourceIPAddress": "192.0.2.7",
        "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{account}:user/anna", "accountId": account},
        "requestParameters": {
            "imageId": f"ami-{unique[:17]}",
            "attributeType": "launchPermission",
            "launchPermission": {"add": {"items": [{"group": "all"}]}},
        },
        "responseElements": {"_return": True},
    }


def intact(keys):
    """A trail of an account in two Regions, another trail beside it, an organization's trail, a chain that began anew, and
    what was signed later."""
    first, second = keys[:2]
    bucket = Bucket()
    chains = {"main": Chain(bucket, first, ACCOUNT, "us-east-1").hours(1, 8)}
    chains["west"] = Chain(bucket, second, ACCOUNT, "eu-west-1").hours(1, 4)
    chains["other"] = Chain(bucket, first, ACCOUNT, "us-east-1", trail="other_trail").hours(3, 3, logs=1)
    chains["member"] = Chain(bucket, first, MEMBER, "us-east-1", organization=ORGANIZATION, trail="all").hours(1, 3)
    chains["restart"] = Chain(bucket, first, MEMBER, "us-west-2", organization=ORGANIZATION, trail="all").hours(1, 2)
    chains["restart"].hours(6, 2, restart=True)
    chains["backfill"] = Chain(bucket, second, ACCOUNT, "eu-west-1", backfill=True)
    for number in (1, 2, 4):  # only some hours are signed later
        end = START + number * HOUR
        chains["backfill"].digest(end, [chains["backfill"].log(end, 5)])
    return bucket, chains


def changed(data, before, after):
    plain = gzip.decompress(data)
    assert before in plain, before
    return pack(plain.replace(before, after))


def cases(keys):
    """Name, bucket, what must be found, and the options that differ: each as (name, bucket, findings, options)."""
    first, second, unlisted = keys
    plan, base = [], intact(keys)

    def case(name, change, **options):
        bucket, chains = copy.deepcopy(base)
        findings = change(bucket, chains)
        plan.append((name, bucket, findings, options))

    def found(kind, path, hours=None):
        return {"kind": kind, "path": path, **({"missing_hours": hours} if hours else {})}

    case("intact", lambda bucket, chains: [])

    def alter(bucket, chains):
        key = chains["main"].logs[4]
        bucket.objects[key] = changed(bucket.objects[key], b"user/anna", b"user/otto")
        return [found("log-altered", key)]

    case("log-altered", alter)

    def alter_newest(bucket, chains):
        key = chains["west"].logs[-1]
        bucket.objects[key] = changed(bucket.objects[key], b"user/anna", b"user/otto")
        return [found("log-altered", key)]

    case("log-altered-without-metadata", alter_newest, metadata=False)

    def alter_backfill(bucket, chains):
        key = chains["backfill"].logs[0]
        bucket.objects[key] = changed(bucket.objects[key], b"user/anna", b"user/otto")
        return [found("log-altered", key)]

    case("backfill-log-altered", alter_backfill)

    def damage(bucket, chains):
        key = chains["main"].logs[1]
        bucket.objects[key] = bucket.objects[key][:-20]
        return [found("log-damaged", key)]

    case("log-damaged", damage)

    def plain(bucket, chains):
        key = chains["main"].logs[1]
        bucket.objects[key] = gzip.decompress(bucket.objects[key])
        return [found("log-damaged", key)]

    case("log-not-compressed", plain)

    def trail(bucket, chains):
        key = chains["member"].logs[0]
        bucket.objects[key] += b"\0"
        return [found("log-trailing-bytes", key)]

    case("log-trailing-bytes", trail)

    def second_member(bucket, chains):
        key = chains["member"].logs[0]
        bucket.objects[key] += pack(b'{"Records":[]}')
        return [found("log-trailing-bytes", key)]

    case("log-second-member", second_member)

    def delete(bucket, chains):
        key = chains["west"].logs[0]
        del bucket.objects[key]
        return [found("log-missing", key)]

    case("log-missing", delete)

    def move(bucket, chains):
        key = chains["main"].logs[3]
        place = key.replace("2026/09/01", "2026/09/02")
        bucket.objects[place] = bucket.objects.pop(key)
        return [found("log-moved", place)]

    case("log-moved", move)

    def move_away(bucket, chains):
        key = chains["main"].logs[3]
        bucket.objects["elsewhere/kept.json.gz"] = bucket.objects.pop(key)
        return [found("log-moved", "elsewhere/kept.json.gz")]

    case("log-moved-out-of-the-tree", move_away)

    def add(bucket, chains):
        key = chains["main"].logs[3]
        place = key[: key.rindex("_")] + "_0123456789abcdef.json.gz"
        bucket.objects[place] = changed(bucket.objects[key], b"user/anna", b"user/otto")
        return [found("log-unnamed", place)]

    case("log-added", add)

    def add_copy(bucket, chains):
        key = chains["main"].logs[3]
        place = key[: key.rindex("_")] + "_0123456789abcdef.json.gz"
        bucket.objects[place] = bucket.objects[key]
        return [found("log-unnamed", place)]

    case("log-copied", add_copy)

    def alter_digest(bucket, chains):
        key = chains["main"].digests[3]
        bucket.objects[key] = changed(bucket.objects[key], b'"newestEventTime":null', b'"newestEventTime":"x"')
        return [found("digest-altered", key)]

    case("digest-altered", alter_digest)
    case("digest-altered-without-metadata", alter_digest, metadata=False)

    def alter_newest_digest(bucket, chains):
        key = chains["main"].digests[-1]
        bucket.objects[key] = changed(bucket.objects[key], b'"newestEventTime":null', b'"newestEventTime":"x"')
        return [found("digest-altered", key)]

    case("digest-altered-newest", alter_newest_digest)

    def rewrite(bucket, chains):
        """A record is changed, and the digest is made to fit."""
        log, key = chains["main"].logs[5], chains["main"].digests[2]
        before = hashlib.sha256(gzip.decompress(bucket.objects[log])).hexdigest()
        bucket.objects[log] = changed(bucket.objects[log], b"user/anna", b"user/otto")
        after = hashlib.sha256(gzip.decompress(bucket.objects[log])).hexdigest()
        bucket.objects[key] = changed(bucket.objects[key], before.encode(), after.encode())
        return [found("digest-altered", key)]

    case("log-and-digest-altered", rewrite)

    def forge_previous(bucket, chains):
        """The newest digest is made to name another signature of the one before."""
        key = chains["west"].digests[-1]
        signature = bucket.metadata[chains["west"].digests[-2]]["signature"]
        bucket.objects[key] = changed(bucket.objects[key], signature.encode(), signature[::-1].encode())
        return [found("digest-altered", key)]

    case("digest-altered-link-without-metadata", forge_previous, metadata=False)

    def forge_previous_hash(bucket, chains):
        """The newest digest is made to name another hash of the one before, whose signature still fits."""
        key = chains["west"].digests[-1]
        told = hashlib.sha256(gzip.decompress(bucket.objects[chains["west"].digests[-2]])).hexdigest()
        bucket.objects[key] = changed(bucket.objects[key], told.encode(), told[::-1].encode())
        return [found("digest-altered", key)]

    case("digest-altered-hash-without-metadata", forge_previous_hash, metadata=False)

    def alter_backfill_digest(bucket, chains):
        key = chains["backfill"].digests[1]
        bucket.objects[key] = changed(bucket.objects[key], b'"newestEventTime":null', b'"newestEventTime":"x"')
        return [found("digest-altered", key)]

    case("backfill-digest-altered", alter_backfill_digest)

    def damage_digest(bucket, chains):
        key = chains["main"].digests[4]
        bucket.objects[key] = bucket.objects[key][:-9]
        return [found("digest-damaged", key)]

    case("digest-damaged", damage_digest)

    def no_json(bucket, chains):
        key = chains["main"].digests[4]
        bucket.objects[key] = pack(b'{"digestStartTime":')
        return [found("digest-damaged", key)]

    case("digest-no-json", no_json)

    def deep(bucket, chains):
        key = chains["main"].digests[4]
        bucket.objects[key] = pack(b'{"logFiles":' + b"[" * 100000 + b"]" * 100000 + b"}")
        return [found("digest-damaged", key)]

    case("digest-nested", deep)

    def lacking(bucket, chains):
        key = chains["main"].digests[4]
        bucket.objects[key] = changed(bucket.objects[key], b'"digestPublicKeyFingerprint"', b'"digestFingerprint"')
        return [found("digest-damaged", key)]

    case("digest-incomplete", lacking)

    def digest_trail(bucket, chains):
        key = chains["main"].digests[4]
        bucket.objects[key] += b"more"
        return [found("digest-trailing-bytes", key)]

    case("digest-trailing-bytes", digest_trail)

    def bomb(bucket, chains):
        key = chains["main"].digests[4]
        bucket.objects[key] = pack(b" " * (80 << 20))
        return [found("digest-damaged", key)]

    case("digest-bomb", bomb)

    def move_digest(bucket, chains):
        key = chains["main"].digests[2]
        place = key.replace("T032923Z", "T032924Z")
        bucket.objects[place], bucket.metadata[place] = bucket.objects.pop(key), bucket.metadata.pop(key)
        return [found("digest-moved", place)]

    case("digest-moved", move_digest)

    def copy_digest(bucket, chains):
        key = chains["main"].digests[2]
        place = key.replace("T032923Z", "T035923Z")
        bucket.objects[place], bucket.metadata[place] = bucket.objects[key], bucket.metadata[key]
        return [found("digest-moved", place)]

    case("digest-copied", copy_digest)

    def hours(*numbers):
        return [iso(START + number * HOUR) for number in numbers]

    def delete_digest(bucket, chains):
        key = chains["main"].digests[3]
        del bucket.objects[key], bucket.metadata[key]
        return [found("digest-missing", key, hours(3))]

    case("digest-missing", delete_digest)
    case("digest-missing-without-metadata", delete_digest, metadata=False)

    def delete_run(bucket, chains):
        for key in chains["main"].digests[2:5]:
            del bucket.objects[key], bucket.metadata[key]
        return [found("digest-missing", chains["main"].digests[4], hours(2, 3, 4))]

    case("digests-missing", delete_run)

    def delete_run_and_logs(bucket, chains):
        for key in chains["main"].digests[2:5] + chains["main"].logs[4:8]:
            del bucket.objects[key]
            bucket.metadata.pop(key, None)
        return [found("digest-missing", chains["main"].digests[4], hours(2, 3, 4))]

    case("digests-and-logs-missing", delete_run_and_logs)

    def delete_oldest(bucket, chains):
        key = chains["west"].digests[0]
        del bucket.objects[key], bucket.metadata[key]
        return [found("digest-missing", key, hours(0))]

    case("digest-missing-oldest", delete_oldest)

    def delete_newest(bucket, chains):
        key = chains["member"].digests[-1]
        del bucket.objects[key]
        return [found("digest-missing", None, hours(2))]

    case("digest-missing-newest", delete_newest)

    def delete_newest_run(bucket, chains):
        for key in chains["main"].digests[3:]:
            del bucket.objects[key], bucket.metadata[key]
        for key in chains["other"].digests + chains["other"].logs:
            del bucket.objects[key]
            bucket.metadata.pop(key, None)
        return [found("digest-missing", None, hours(3, 4, 5, 6))]

    case("digests-missing-newest", delete_newest_run)

    def delete_backfill(bucket, chains):
        key = chains["backfill"].digests[1]
        del bucket.objects[key], bucket.metadata[key]
        return [found("digest-missing", key, hours(1))]

    case("backfill-digest-missing", delete_backfill)

    def delete_region(bucket, chains):
        for key in chains["west"].digests + chains["backfill"].digests:
            del bucket.objects[key], bucket.metadata[key]
        return [found("digests-absent", min(chains["west"].logs + chains["backfill"].logs))]

    case("digests-absent", delete_region)

    def add_digest(bucket, chains):
        """Not linked from anywhere: between two digests, with a signature that nobody knows."""
        key, place = chains["main"].digests[3], chains["main"].digests[3].replace("T042923Z", "T044023Z")
        body = changed(bucket.objects[key], b"T042923Z", b"T044023Z")
        body = changed(body, b"T04:29:23Z", b"T04:40:23Z")
        bucket.objects[place] = body
        return [found("digest-added", place)]

    case("digest-added", add_digest)

    def junk(bucket, chains):
        place = os.path.dirname(chains["main"].digests[3]) + "/notes.json.gz"
        bucket.objects[place] = pack(b"{}")
        return [found("digest-added", place)]

    case("digest-folder-junk", junk)

    def overlap(bucket, chains):
        chain = Chain(bucket, first, MEMBER, "eu-north-1", organization=ORGANIZATION, trail="all").hours(1, 2)
        end = START + 3 * HOUR
        key = chain.digest(end, [chain.log(end, 0)], start=end - 2 * HOUR)
        chain.hours(4, 1)
        return [found("digests-overlap", key)]

    case("digests-overlap", overlap)

    def apart(bucket, chains):
        chain = Chain(bucket, first, MEMBER, "eu-north-1", organization=ORGANIZATION, trail="all").hours(1, 2)
        end = START + 4 * HOUR
        key = chain.digest(end, [chain.log(end, 0)])
        chain.hours(5, 1)
        return [found("digests-apart", key)]

    case("digests-apart", apart)

    def backwards(bucket, chains):
        chain = Chain(bucket, first, MEMBER, "eu-north-1", organization=ORGANIZATION, trail="all")
        end = START + HOUR
        key = chain.digest(end, [], start=end)
        return [found("digest-times-wrong", key)]

    case("digest-times-wrong", backwards)

    def unknown_key(bucket, chains):
        chain = Chain(bucket, unlisted, MEMBER, "eu-north-1", organization=ORGANIZATION, trail="all").hours(1, 1)
        return [found("key-unknown", chain.digests[0])]

    case("key-unknown", unknown_key)

    def late_key(bucket, chains):
        chain = Chain(bucket, first, MEMBER, "eu-north-1", organization=ORGANIZATION, trail="all")
        end = START + 40 * 24 * HOUR
        key = chain.digest(end, [chain.log(end, 0)])
        return [found("key-outside-validity", key)]

    case("key-outside-validity", late_key)

    def wrong_metadata(bucket, chains):
        key, other = chains["main"].digests[2:4]
        bucket.metadata[key] = bucket.metadata[other]
        return [found("metadata-signature-wrong", key)]

    case("metadata-signature-wrong", wrong_metadata)

    def no_signature(bucket, chains):
        key = chains["main"].digests[2]
        bucket.metadata[key] = {"signature-algorithm": "SHA256withRSA"}
        return [found("metadata-incomplete", key)]

    case("metadata-incomplete", no_signature)

    def no_generation(bucket, chains):
        key = chains["backfill"].digests[1]
        bucket.metadata[key] = {name: value for name, value in bucket.metadata[key].items() if "backfill" not in name}
        return [found("metadata-incomplete", key)]

    case("backfill-metadata-incomplete", no_generation)

    def algorithm(bucket, chains):
        key = chains["main"].digests[-1]
        bucket.metadata[key] = {**bucket.metadata[key], "signature-algorithm": "MD5withRSA"}
        return [found("algorithm-unknown", key)]

    case("algorithm-unknown", algorithm)
    return plan


def main(folder):
    keys = [Key("first", 0), Key("second", 0), Key("unlisted", 0)]
    if os.path.exists(folder):
        shutil.rmtree(folder)
    os.makedirs(folder)
    first, second = keys[:2]
    lists = {
        "keys-v1.json": {"PublicKeyList": [key.listed("v1") for key in (first, second)]},
        "keys-v2.json": {"PublicKeyList": [first.listed("v2")]},
        "keys-v2-west.json": {"PublicKeyList": [second.listed("v2")]},
        "keys-sample.json": {"publicKeyList": [key.listed("sample") for key in (first, second)]},
        "keys-foreign.json": {"PublicKeyList": [keys[2].listed("v2")]},
    }
    for name, value in lists.items():
        with open(os.path.join(folder, name), "w") as file:
            json.dump(value, file)
    for name, bucket, findings, options in cases(keys):
        place = os.path.join(folder, name)
        bucket.write(place)
        with open(os.path.join(place, "expected.jsonl"), "w") as file:
            file.writelines(json.dumps(finding) + "\n" for finding in findings)
        with open(os.path.join(place, "options.json"), "w") as file:
            json.dump(options, file)


if __name__ == "__main__":
    main(sys.argv[1])
