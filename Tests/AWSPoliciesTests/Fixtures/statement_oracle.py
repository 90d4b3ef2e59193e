#!/usr/bin/env python3
"""What principalmapper says of statements: lines of {"statement", "action", "resource", "context"} in, 0 or 1 a line out.

Needs PyPI's principalmapper: makes itself an environment under .build, and ends with status 3 where PyPI cannot be reached.
"""
import collections
import collections.abc
import json
import os
import subprocess
import sys
import venv

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))
ENVIRONMENT = os.path.join(ROOT, ".build", "principalmapper-venv")
PACKAGES = ["principalmapper==1.1.5", "botocore", "packaging", "pydot", "python-dateutil"]

# Since Python 3.10 these are in collections.abc alone, which principalmapper does not know.
for name in ("Mapping", "MutableMapping"):
    setattr(collections, name, getattr(collections.abc, name))

try:
    from principalmapper.common import Policy
    from principalmapper.querying.local_policy_simulation import policy_has_matching_statement
    from principalmapper.util.case_insensitive_dict import CaseInsensitiveDict
except ImportError as error:
    python = os.path.join(ENVIRONMENT, "bin", "python")
    if sys.prefix == ENVIRONMENT:
        sys.exit(f"principalmapper: installing it did not help: {error}")
    if not os.path.exists(python):
        venv.create(ENVIRONMENT, with_pip=True)
    if subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], stdout=sys.stderr).returncode:
        sys.exit(3)
    os.execv(python, [python, *sys.argv])

with open(sys.argv[1], encoding="utf-8") as file:
    for line in file:
        case = json.loads(line)
        policy = Policy("arn:aws:iam::111122223333:policy/p", "p", {"Version": "2012-10-17", "Statement": [case["statement"]]})
        context = CaseInsensitiveDict(case["context"])
        effect = case["statement"]["Effect"]
        print(int(policy_has_matching_statement(policy, effect, case["action"], case["resource"], context)))
