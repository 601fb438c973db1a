# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Ends a command by a signal once a file exists, and demands that nothing of it stays.

usage: interrupted.py SIGNAL FOLDER TRIGGER COMMAND...

FOLDER/tmp is the command's temporary folder, FOLDER/out takes its outputs; TRIGGER is a pattern below FOLDER.
"""
import glob
import os
import shutil
import signal
import subprocess
import sys
import time

number = getattr(signal, sys.argv[1])
folder, trigger, command = sys.argv[2], sys.argv[3], sys.argv[4:]


def left():
    return [os.path.join(root, name) for root, _, names in os.walk(folder) for name in names] + glob.glob(f"{folder}/tmp/*")


def attempt():
    """True if the signal came in time."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("tmp", "out"):
        os.makedirs(os.path.join(folder, name))
    environment = {**os.environ, "TMPDIR": os.path.join(folder, "tmp")}
    # A test that runs in the background inherits an ignored SIGINT.
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
    while child.poll() is None:
        if glob.glob(os.path.join(folder, trigger)):
            child.send_signal(number)
            child.wait()
            break
    # The linker is a process of its own; it ends a moment later.
    for _ in range(1000):
        if child.returncode != -number or not left():
            break
        time.sleep(0.02)
    return child.returncode == -number


for _ in range(50):
    if attempt():
        break
else:
    sys.exit(f"the command never ended by {sys.argv[1]} after '{trigger}' had appeared")
if left():
    sys.exit(f"left behind: {left()}")
