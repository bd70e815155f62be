#!/bin/sh
# A whole box in QEMU, by UEFI and GRUB: a good release comes by stick and is confirmed, the technician goes back, a
# release whose dispatcher breaks comes by stick and is given up by itself; numbers go on all the while. 25 minutes.
# Started by ./run soak update-in-qemu, which installs what it needs.
#   --cache DIR    where ./run image works; default .image
#   --keep DIR     a new folder for console, pictures and disk; left out: nothing stays
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
else work=$(mktemp -d -p /var/tmp); trap 'rm -rf "$work"' EXIT; fi # 6 GB; /tmp may be in memory
.venv/bin/python -m hallcall update key --to "$work/keys" --open >/dev/null
say "the image, with a root shell on its serial console"
.venv/bin/python -m hallcall image --arch amd64 --debug --cache "$cache" \
    --release-certificate "$work/keys/release-authority.crt"
say "the box; releases on sticks"
PYTHONPATH=tests .venv/bin/python -m soak.update_in_qemu --cache "$cache" --keys "$work/keys" --work "$work"
