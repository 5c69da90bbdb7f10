#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test.sh - what ./test does: installs what is missing and passes the tests.
# What it may be told: tool/test.py --help.
set -euo pipefail
cd "$(dirname "$0")/.."

tool/install.sh build test
exec python3 tool/test.py "$@"
