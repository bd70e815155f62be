#!/bin/sh
# Two boxes in QEMU, by UEFI and GRUB, and their dispatcher's box (systemd-nspawn): a release from the laptop waits for
# the evening, then goes to the display and, when that one has confirmed it, to the kiosk; it is taken back from both; one
# whose kiosk breaks falls back by itself, and nobody else gets it. An hour, on a machine that does little else. Networks,
# mounts and all else are this run's own. Started by ./run soak update-over-network-in-qemu, which installs what it needs.
#   --cache DIR     where ./run image works; default .image
#   --keep DIR      a new folder for consoles and disks; left out: nothing stays of what went well
#   --windows       a counter box instead of the kiosk, for a machine too busy to draw an emulated one in time
#   --keys DIR --releases DIR   keys that the cache's image trusts, and the signed releases, made before
set -eu
cd -- "$(dirname -- "$0")/../.."
say() { printf 'soak: %s\n' "$*" >&2; }
fail() { say "$*"; exit 2; }
[ "$(id -u)" -eq 0 ] || fail "an image's files belong to root: start it as root"
cache=.image keep= keys= releases= windows=
while [ $# -gt 0 ]; do
    case $1 in
        --windows) windows=$1; shift; continue ;;
        --cache) cache=$2 ;;
        --keep) keep=$2 ;;
        --keys) keys=$2 ;;
        --releases) releases=$2 ;;
        *) fail "what is $1? There are --cache DIR, --keep DIR, --keys DIR, --releases DIR and --windows" ;;
    esac
    shift 2
done
if [ -n "$keep" ]; then mkdir "$keep"; work=$keep
else work=$(mktemp -d -p /var/tmp); fi # 8 GB; /tmp may be in memory
if [ -z "$keys" ]; then
    keys=$work/keys
    .venv/bin/python -m hallcall update key --to "$keys" --open >/dev/null
    say "the image, with a root shell on its serial console"
    .venv/bin/python -m hallcall image --arch amd64 --debug --cache "$cache" \
        --release-certificate "$keys/release-authority.crt"
fi
if PYTHONPATH=tests:. unshare --net --mount .venv/bin/python -m soak.update_over_network \
    --cache "$cache" --keys "$keys" --work "$work" $windows ${releases:+--releases "$releases"}; then
    [ -n "$keep" ] || rm -rf "$work"
else
    say "what it left is in $work (NAME/console.log, dispatcher/console.log)"
    exit 1
fi
