"""Runs end-to-end tests for what they note and don't judge (harness.note)."""
import json
import os
import subprocess
import sys

import common

FOLDER = os.path.join(common.TOP, "tests", "e2e")


def run_tests(program, *names):
    """What those tests of one program noted: a dictionary for each note. They must pass."""
    with common.folder() as folder:
        path = os.path.join(folder, "figures")
        run = subprocess.run(
            [sys.executable, os.path.join(FOLDER, program), *names], check=False, timeout=600,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "PITETHERD": common.PITETHERD, "PITETHER": common.PITETHER,
                 "READ_PATTERN": common.READ_PATTERN, "FIGURES": path})
        if run.returncode:
            raise SystemExit(f"{program} failed:\n{run.stdout}")
        with open(path, encoding="ascii") as file:
            return [json.loads(line) for line in file]
