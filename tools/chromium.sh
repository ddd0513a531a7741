#!/bin/sh
# The browser tests need a real Chromium and Chinese fonts; install Debian's when they are missing.
set -eu
if [ -n "${CHROMIUM:-}" ]; then
    [ -x "$CHROMIUM" ] && exit 0
    echo "CHROMIUM=$CHROMIUM is not an executable file." >&2
    exit 1
fi
command -v chromium >/dev/null 2>&1 && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "The browser tests need Chromium: install it and set CHROMIUM to its path." >&2
    exit 1
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "The browser tests need Chromium: as root run 'apt-get install chromium fonts-noto-cjk'." >&2
        exit 1
    }
    as_root=sudo
fi
echo "Installing Chromium and Chinese fonts …"
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    chromium fonts-noto-cjk >/dev/null
