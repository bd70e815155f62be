#!/bin/sh
# Boots a box's image in QEMU, by UEFI and GRUB, beside a dispatcher's box of the same image (systemd-nspawn): it joins
# with its clock in 2020, draws the kiosk's page, prints a slip for a finger, loses and finds its keypad, panics twice.
# Networks, mounts and all else are this run's own. Started by ./run soak image-in-qemu, which installs what it needs.
#   image_in_qemu.sh [WHERE TO PUT PICTURES]
set -eu
cd -- "$(dirname -- "$0")/../.."
say() { printf 'soak: %s\n' "$*" >&2; }
fail() { say "$*"; exit 2; }
[ "$(id -u)" -eq 0 ] || fail "the root of an image belongs to root: start it as root"
[ "$(uname -m)" = x86_64 ] || fail "the box is a PC, and this machine is $(uname -m)"
image=.image/hallcall-amd64-debug.img
[ -e "$image" ] || fail "$image is not there; its console is needed:  ./run image --arch amd64 --debug"
[ -d .image/root-amd64-debug ] || fail ".image/root-amd64-debug is not there; make it:  ./run image --arch amd64 --debug"
work=$(mktemp -d)
pictures=${1:-$work/pictures}
mkdir -p "$pictures"
# what a failed run leaves tells why
if PYTHONPATH=tests:. unshare --net --mount .venv/bin/python -m soak.image_in_qemu \
    "$work" "$image" .image/root-amd64-debug "$pictures"; then
    [ -n "${1-}" ] || say "pictures: none were asked for; name a folder to keep them"
    rm -rf "$work"
else
    say "what it left is in $work (console.log, chronyd.log, dispatcher/console.log)"
    exit 1
fi
