# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Imports all models of a folder: import_all.py <lpc-translate> <file with the folder's name>
import glob
import os
import subprocess
import sys

with open(sys.argv[2]) as f:
    models = sorted(glob.glob(os.path.join(f.read().strip(), "*.onnx")))
good = 0
for model in models:
    result = subprocess.run([sys.argv[1], "--import-onnx", model], capture_output=True, text=True)
    good += result.returncode == 0 and "onnx.node" in result.stdout
    sys.stderr.write(result.stderr)
print(good, "of", len(models), "models import")
