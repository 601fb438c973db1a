#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Installs what is missing, then configures and builds lpc. Safe to run again: it does only what is left to do.
#
# usage: tools/dev/setup.sh [--preset release|dev|asan-ubsan] [--jobs N] [--target T]... [--no-build]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

preset=release
jobs=$(nproc)
build=yes
targets=()
while [ $# -gt 0 ]; do
  case "$1" in
    --preset) preset=${2:?--preset needs a name}; shift 2 ;;
    --jobs) jobs=${2:?--jobs needs a number}; shift 2 ;;
    --target) targets+=("${2:?--target needs a name}"); shift 2 ;;
    --no-build) build=no; shift ;;
    -h|--help) sed -n '3,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "setup.sh: unknown argument '$1' (try --help)" >&2; exit 2 ;;
  esac
done

say() { echo "setup: $*" >&2; }

# -- Debian packages ----------------------------------------------------------
missing=()
while read -r package; do
  status=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
  [ "${status:0:2}" = ii ] || missing+=("$package")
done < <(grep -vE '^[[:space:]]*(#|$)' tools/dev/packages.txt)

if [ ${#missing[@]} -gt 0 ]; then
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      say "these packages are missing and there is no sudo; install them as root, then run this again"
      exit 1
    fi
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -q >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}" >&2
fi

# -- Python packages, in a virtual environment of Debian's interpreter -----------
python=.venv/bin/python
[ -x "$python" ] || /usr/bin/python3 -m venv .venv
if ! "$python" - tools/dev/requirements.txt <<'PY'
import importlib.metadata, sys
for line in open(sys.argv[1]):
    name, _, version = line.split("#")[0].strip().partition("==")
    try:
        if name and importlib.metadata.version(name) != version:
            sys.exit(1)
    except importlib.metadata.PackageNotFoundError:
        sys.exit(1)
PY
then
  say "installing the Python packages of tools/dev/requirements.txt into .venv"
  "$python" -m pip install --disable-pip-version-check -q -r tools/dev/requirements.txt >&2
fi

# -- build ----------------------------------------------------------------------
[ "$build" = yes ] || exit 0
dir=build/$preset
if [ ! -f "$dir/build.ninja" ]; then
  launcher=()
  if command -v ccache >/dev/null; then
    launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  say "configuring $dir"
  cmake --preset "$preset" "${launcher[@]}" >&2
fi
say "building $dir"
ninja -C "$dir" -j "$jobs" "${targets[@]}" >&2
