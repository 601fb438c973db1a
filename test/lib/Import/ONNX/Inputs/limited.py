# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Runs a command that must fail in time and memory: limited.py <seconds> <MiB> <command...>
# Its messages go to stdout; the exit status is 0 if it failed with status 1 within both limits.
import resource
import subprocess
import sys
import time

seconds, mebibytes = float(sys.argv[1]), int(sys.argv[2])
start = time.monotonic()
result = subprocess.run(sys.argv[3:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
elapsed = time.monotonic() - start
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
sys.stdout.write(result.stderr.decode(errors="replace"))
if result.returncode != 1 or elapsed > seconds or peak > mebibytes:
    sys.exit(f"status {result.returncode}, {elapsed:.1f} s, {peak:.0f} MiB")
