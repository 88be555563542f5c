# shellcheck shell=bash
# What the steps of .ci share; to be sourced.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CI=true PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

# What is the same for every Python, and slow: a browser, benchmarks, clients in other languages.
readonly ONCE=(
    --ignore tests/page --ignore tests/test_benchmarks.py
    --ignore tests/clients/test_node.py --ignore tests/clients/test_php.py
    --ignore tests/clients/test_http_scripts.py --ignore tests/clients/test_generated.py
    --ignore tests/clients/test_trust.py --ignore tests/clients/test_fixed_hosts.py
    --ignore tests/clients/test_php_receiver.py
    --ignore tests/examples/test_other_languages.py --ignore tests/examples/test_browsers.py
    --deselect tests/clients/test_published_wsdl.py::test_dotnet
    --deselect tests/clients/test_tls.py::test_node_soap
)

readonly COUNTS=$PWD/.ci-counts

# What CI makes for itself, and may be thrown away at any time.
readonly CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/fake-every8d-ci

step() { printf '\n=== %s\n' "$*"; }
fail() { printf '%s: %s\n' "$0" "$*" >&2; exit 1; }
version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

# Runs pytest, and keeps its last line under a platform's name for the end of the run.
counted() {
    local platform=$1 log
    shift
    log=$(mktemp)
    "$@" 2>&1 | tee "$log"
    mkdir -p "$COUNTS"
    printf '%-32s %s\n' "$platform" "$(grep -a ' passed' "$log" | tail -1 | tr -d '=\r')" >>"$COUNTS/all"
    rm "$log"
}
