"""Matches six Sigma rules about images against a folder of CloudTrail files. One thread.

The matcher keeps no state: it tells that an image was shared, not with whom, and not whether it still is.
"""

import gzip
import pathlib
import sys

import orjson
from sigma.collection import SigmaCollection
from sigma_rule_matcher.matcher import RuleMatcher

text = pathlib.Path(__file__).with_name("sigma_rules.yml").read_text()
matchers = [(rule.title, RuleMatcher(rule)) for rule in SigmaCollection.from_yaml(text).rules]
counts = dict.fromkeys((title for title, _ in matchers), 0)
records = 0
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.json.gz")):
    with gzip.open(path) as file:
        document = orjson.loads(file.read())
    for record in document["Records"]:
        records += 1
        for title, matcher in matchers:
            if matcher.match(record):
                counts[title] += 1
print(records, counts)
