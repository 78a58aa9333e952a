#!/usr/bin/env bash
# Installs what only some tests need from the system:  bash scripts/system-packages.sh reader|chromium
# Debian and Ubuntu; elsewhere it names the packages. What is there already is left alone.
set -euo pipefail

case "${1:-}" in
  reader)
    # Ed25519 as libsodium verifies it, and AES-GCM: for test-vectors/reader/reader.py.
    present() { /usr/bin/python3 -c 'import nacl.bindings, cryptography' 2>/dev/null; }
    packages=(python3 python3-nacl python3-cryptography)
    ;;
  chromium)
    # For scripts/browser.mjs, scripts/consumers.mjs and bench/browser.mjs.
    present() { [ -x "${SEALCHART_CHROMIUM:-/usr/bin/chromium}" ]; }
    packages=(chromium)
    ;;
  *)
    echo 'usage: bash scripts/system-packages.sh reader|chromium' >&2
    exit 2
    ;;
esac

if present; then exit 0; fi
if ! command -v apt-get >/dev/null; then
  echo "please install: ${packages[*]}" >&2
  exit 1
fi
[ "$(id -u)" -eq 0 ] && as_root=() || as_root=(sudo)
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
present
