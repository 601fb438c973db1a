#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Finds the standard operators of which a node may mean something else in a later operator set than 13, by their schemas,
and compares with the table of lib/Export/ONNX/Opsets.cpp. Rows of the table that schemas do not show are allowed.

usage: opset_breaks.py Opsets.cpp
"""
import collections
import re
import sys

import onnx.defs

FIRST = 13


def breaks(old, new):
    gone = set(old.attributes) - set(new.attributes)
    defaults = any(old.attributes[a].default_value.SerializeToString() != new.attributes[a].default_value.SerializeToString()
                   for a in set(old.attributes) & set(new.attributes))  # fmt: skip
    required = any(a.required and (name not in old.attributes or not old.attributes[name].required)
                   for name, a in new.attributes.items())  # fmt: skip
    fewer = new.max_input < old.max_input or new.max_output < old.max_output or new.min_input > old.min_input
    return gone or defaults or required or fewer or new.deprecated


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        table = {(op, int(opset)) for op, opset in re.findall(r'\{"(\w+)", (\d+)\}', file.read())}
    schemas = collections.defaultdict(list)
    for schema in onnx.defs.get_all_schemas_with_history():
        if schema.domain == "":
            schemas[schema.name].append(schema)
    found = set()
    for name, versions in schemas.items():
        versions.sort(key=lambda s: s.since_version)
        later = [s for s in versions if s.since_version > FIRST]
        chain = [s for s in versions if s.since_version <= FIRST][-1:] + later
        found |= {(name, new.since_version) for old, new in zip(chain, chain[1:]) if breaks(old, new)}
    missing = sorted(found - table)
    if missing or len(found) < 10:
        sys.exit(f"the table lacks {missing}")
    print(f"{len(found)} changes are in the table")


if __name__ == "__main__":
    main()
