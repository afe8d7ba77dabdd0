#!/usr/bin/env bash
# Runs in the activated environment; the Snakefile says where sevaxis lies.
set -euo pipefail
python -m pip install --quiet --no-deps -e "${SEVAXIS_SOURCE:?set by the Snakefile}"
