#!/usr/bin/env python3
"""What principalmapper says of statements: lines of {"statement", "action", "resource", "context"} in, 0 or 1 a line out.

Ends with status 3 where PyPI cannot be reached.
"""
import collections
import collections.abc
import json
import os
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))
sys.path.append(os.path.join(ROOT, "Tests"))

import pypi  # noqa: E402

pypi.enter("oracles")

# Since Python 3.10 these are in collections.abc alone, which principalmapper does not know.
for name in ("Mapping", "MutableMapping"):
    setattr(collections, name, getattr(collections.abc, name))

from principalmapper.common import Policy  # noqa: E402
from principalmapper.querying.local_policy_simulation import policy_has_matching_statement  # noqa: E402
from principalmapper.util.case_insensitive_dict import CaseInsensitiveDict  # noqa: E402

with open(sys.argv[1], encoding="utf-8") as file:
    for line in file:
        case = json.loads(line)
        policy = Policy("arn:aws:iam::111122223333:policy/p", "p", {"Version": "2012-10-17", "Statement": [case["statement"]]})
        context = CaseInsensitiveDict(case["context"])
        effect = case["statement"]["Effect"]
        print(int(policy_has_matching_statement(policy, effect, case["action"], case["resource"], context)))
