"""Environments with packages from PyPI, for what amiwatch is compared with and checked by: each is made once, under .build.

A script begins with `pypi.enter(NAME)`, and goes on with that environment's Python.

    python3 Tests/pypi.py NAME...       makes them beforehand
"""
import fcntl
import importlib.util
import os
import subprocess
import sys
import venv

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Versions are fixed where a newer one may find more, one day when nobody looks.
PACKAGES = {
    # What the tests compare with.
    "oracles": [
        [
            "awscli==1.46.3", "boto3==1.44.8", "moto[ec2,s3,server]==5.2.5", "principalmapper==1.1.5", "packaging", "pydot",
            "python-dateutil", "ocsf-json-schema==1.2.0", "py-ocsf-models==0.10.0", "jsonschema==4.26.0", "cefevent==0.5.6",
            "cefp==0.0.2", "pycef==1.11", "pysigma==0.11.23",
        ]
    ],
    # Schemas, metrics and the page; of the last package the page needs one file alone.
    "checks": [
        ["jsonschema", "pyyaml", "prometheus-client==0.22.1", "websocket-client"], ["--no-deps", "axe-playwright-python"],
    ],
    # checkov wants versions of its own.
    "deploy": [["checkov==3.3.30", "kubernetes-validate==1.37.0", "python-hcl2==8.1.4", "pyyaml==6.0.4"]],
}


def folder(name):
    return os.path.join(ROOT, ".build", f"{name}-venv")


def environment(name):
    """The Python of an environment, made if need be; None where PyPI cannot be reached. Whoever else wants it waits."""
    python = os.path.join(folder(name), "bin", "python")
    done = os.path.join(folder(name), "packages")
    os.makedirs(folder(name), exist_ok=True)
    with open(os.path.join(folder(name), "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(done) and open(done).read() == str(PACKAGES[name]):
            return python
        # To install pip takes longer than most packages.
        has_pip = importlib.util.find_spec("pip") is not None
        venv.create(folder(name), with_pip=not has_pip)
        pip = [sys.executable, "-m", "pip", "--python", python] if has_pip else [python, "-m", "pip"]
        for packages in PACKAGES[name]:
            if subprocess.run([*pip, "install", "-q", *packages], stdout=sys.stderr).returncode:
                return None
        with open(done, "w") as file:
            file.write(str(PACKAGES[name]))
    return python


def enter(name, otherwise=lambda: sys.exit(3)):
    """Starts this script again with the Python of an environment, unless it has it; `otherwise` where PyPI cannot be reached."""
    if sys.prefix == folder(name):
        return
    python = environment(name)
    if python is None:
        otherwise()
    os.execv(python, [python, *sys.argv])


if __name__ == "__main__":
    for wanted in sys.argv[1:]:
        environment(wanted)
