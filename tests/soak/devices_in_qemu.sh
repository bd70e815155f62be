#!/bin/sh
# Boots a box in QEMU, with adapters on a simulated USB bus, and pulls and plugs them: does each node reach just its own
# ports, by names that stay, and does a neighbour notice? What containers cannot enforce, a real kernel does here.
# Started by ./run soak devices, which installs what it needs. The root is that of ./run image --arch amd64.
set -eu
cd -- "$(dirname -- "$0")/../.."
say() { printf 'soak: %s\n' "$*" >&2; }
fail() { say "$*"; exit 2; }
[ "$(id -u)" -eq 0 ] || fail "the root of an image belongs to root: start it as root"
root=${1:-.image/root-amd64}
[ -d "$root/usr/lib/hallcall/boot" ] || fail "$root is no root of an image; make one:  ./run image --arch amd64"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say "the box: $root with the code of today"
cp -a "$root" "$work/root"
systemd/install --box "$work/root"
for folder in broker counter display hallcall hardware keeper kiosk registrar web; do
    rm -rf "$work/root/opt/hallcall/lib/$folder"
    cp -R "$folder" "$work/root/opt/hallcall/lib/"
done
cp tests/soak/devices_in_guest.py "$work/root/usr/lib/hallcall/probe.py"
cat >"$work/root/usr/lib/systemd/system/probe.service" <<'TEXT'
[Unit]
Description=Looks at units and devices from inside
[Service]
Type=exec
ExecStart=/usr/bin/python3 /usr/lib/hallcall/probe.py
StandardOutput=file:/dev/ttyS1
StandardError=file:/dev/ttyS1
TEXT
ln -s ../probe.service "$work/root/usr/lib/systemd/system/multi-user.target.wants/probe.service"
rm -f "$work/root/usr/lib/systemd/system/hallcall-join.service" # it has joined
rm -rf "$work/root/var" && mkdir "$work/root/var"
mksquashfs "$work/root" "$work/root.squashfs" -quiet -no-progress -comp lz4 -noappend
.venv/bin/python tests/soak/devices_in_qemu.py "$work"
