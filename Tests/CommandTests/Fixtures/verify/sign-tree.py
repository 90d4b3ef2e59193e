#!/usr/bin/env python3
"""Signs the log files that lie below FOLDER/AWSLogs with digests of every hour, as CloudTrail would: sign-tree.py FOLDER.

Writes FOLDER/keys.json beside them. For measuring; what is verified for correctness is written by make-bucket.py.
"""
import datetime
import hashlib
import importlib.util
import json
import os
import sys
import zlib

place = os.path.join(os.path.dirname(os.path.abspath(__file__)), "make-bucket.py")
spec = importlib.util.spec_from_file_location("make_bucket", place)
make_bucket = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make_bucket)
HOUR = datetime.timedelta(hours=1)


class Disk:
    """A bucket on disk: what is written goes there, and nothing is kept."""

    def __init__(self, folder):
        self.folder, self.metadata, self.objects = folder, {}, self

    def __setitem__(self, key, data):
        path = os.path.join(self.folder, key)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)


class Signed(make_bucket.Chain):
    def reference(self, key):
        with open(os.path.join(self.bucket.folder, key), "rb") as file:
            data = zlib.decompress(file.read(), 31)
        return {"s3Bucket": self.name, "s3Object": key, "hashValue": hashlib.sha256(data).hexdigest(), "hashAlgorithm": "SHA-256"}


def main(folder):
    logs = {}
    for top, _, names in os.walk(os.path.join(folder, "AWSLogs")):
        for name in names:
            account, kind, region, time = name.split("_")[:4]
            if kind == "CloudTrail":
                time = datetime.datetime.strptime(time, "%Y%m%dT%H%MZ")
                logs.setdefault((account, region), []).append((time, os.path.relpath(os.path.join(top, name), folder)))
    first = min(time for files in logs.values() for time, _ in files)
    last = max(time for files in logs.values() for time, _ in files)
    start = first.replace(minute=0, second=0)
    key = make_bucket.Key("measured", 0)
    key.start, key.end = start - 24 * HOUR, last + 24 * 30 * HOUR
    with open(os.path.join(folder, "keys.json"), "w") as file:
        json.dump({"PublicKeyList": [key.listed("v2")]}, file)
    for (account, region), files in sorted(logs.items()):
        chain, end = Signed(Disk(folder), key, account, region), start + HOUR
        while end <= last + HOUR:
            chain.digest(end, [name for time, name in sorted(files) if end - HOUR <= time < end])
            end += HOUR


if __name__ == "__main__":
    main(sys.argv[1])
