#!/bin/sh
# The Raspberry Pi's image, from its card to a number given, on QEMU's arm64 board. What stands in for the Pi's firmware is
# QEMU, which starts the kernel of slot A with the command line of its folder. Ten minutes, and the image's own time.
# Started by ./run soak pi-in-qemu, which installs what it needs.
#   --cache DIR    where ./run image works; default .image
#   --keep DIR     a new folder for console and card; left out: nothing stays
set -eu
cd -- "$(dirname -- "$0")/../.."
say() { printf 'soak: %s\n' "$*" >&2; }
fail() { say "$*"; exit 2; }
[ "$(id -u)" -eq 0 ] || fail "an image's files belong to root: start it as root"
cache=.image keep=
while [ $# -gt 0 ]; do
    case $1 in
        --cache) cache=$2 ;;
        --keep) keep=$2 ;;
        *) fail "what is $1? There are --cache DIR and --keep DIR" ;;
    esac
    shift 2
done
if [ -n "$keep" ]; then mkdir "$keep"; work=$keep
else work=$(mktemp -d -p /var/tmp); trap 'rm -rf "$work"' EXIT; fi # /tmp may be in memory
say "the image, with a root shell on its serial console"
.venv/bin/python -m hallcall image --arch arm64 --debug --cache "$cache"
PYTHONPATH=tests .venv/bin/python -m soak.pi_in_qemu --image "$cache/hallcall-arm64-debug.img" \
    --slot "$cache/parts-arm64-debug/boot/A" --work "$work"
