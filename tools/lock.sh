#!/bin/sh
# Resolve setup.cfg into the lock files: exact versions with hashes, for every platform, no registry address.
#   requirements.txt        what an installed system needs
#   requirements-build.txt  what a source tree needs on top to build itself (extra "build")
#   requirements-dev.txt    all of it and the test tools (extras "build" and "test")
set -eu
cd "$(dirname "$0")/.."
uv="${1:-.venv/bin/uv}"
compile() {
    "$uv" pip compile --quiet --universal --generate-hashes --python-version 3.11 \
        --no-annotate --no-strip-extras --no-emit-index-url --custom-compile-command "make lock" "$@"
}
# The widest set first; the others may only pick from it, so that all three agree.
compile setup.cfg --extra build --extra test --output-file requirements-dev.txt
compile setup.cfg --constraint requirements-dev.txt --output-file requirements.txt
sed -n '/^build =/,/^[a-z]* =$/s/^    //p' setup.cfg |
    compile - --constraint requirements-dev.txt --output-file requirements-build.txt
