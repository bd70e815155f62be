#!/bin/sh
# Boots Debian's own kernel in QEMU, with a USB printer at the far end of a simulated USB bus, and runs our driver there.
# The kernel makes a real /dev/usb/lp0; this machine's files are shared with the guest, which cannot change them.
# Started by ./run soak printer-on-usb, which installs what it needs; more words name single tests.
set -eu
cd -- "$(dirname -- "$0")/../.."
say() { printf 'soak: %s\n' "$*" >&2; }
fail() { say "$*"; exit 2; }
[ "$(uname -m)" = x86_64 ] || fail "the guest is an amd64 one, and this machine is $(uname -m)"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/hallcall/kernel
tests="${*:-tests/soak/printer_on_usb.py}"
modules="virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci 9pnet 9pnet_virtio netfs fscache 9p
    usb-common usbcore udc-core configfs libcomposite usb_f_printer dummy_hcd usblp"

kernel() { # the newest that Debian has, unpacked and not installed
    package=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
    [ -n "$package" ] || fail "no kernel in Debian's package lists; bring them up to date with:  apt-get update"
    [ -e "$cache/$package" ] && return 0
    say "getting $package (70 MB, once)"
    rm -rf "$cache"
    mkdir -p "$cache/new"
    (cd "$cache/new" && apt-get download "$package" >/dev/null && dpkg-deb -x ./*.deb . && rm ./*.deb) ||
        fail "$package could not be fetched; is the network there?"
    mv "$cache/new" "$cache/$package"
}

first_program() { # all that the guest has of its own: busybox, the modules, and what to do with them
    there=$1
    mkdir -p "$there/bin" "$there/modules" "$there/proc" "$there/sys" "$there/dev" "$there/host"
    cp /usr/bin/busybox "$there/bin/"
    for module in $modules; do
        find "$cache/$package" -name "$module.ko*" -exec cp {} "$there/modules/" \;
    done
    find "$there/modules" -name '*.xz' -exec unxz {} +
    cat >"$there/init" <<TEXT
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in $(echo $modules); do [ ! -e /modules/\$module.ko ] || insmod /modules/\$module.ko; done
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=262144 host /host
for place in proc sys dev; do mount --bind /\$place /host/\$place; done
mount -t tmpfs tmp /host/tmp
mount -t configfs config /host/sys/kernel/config
mkdir -p /dev/shm
mount -t tmpfs shm /host/dev/shm
ip link set lo up
chroot /host /usr/bin/env -i HOME=/tmp PATH=/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8 \\
    sh -c 'cd "$PWD" && .venv/bin/python -m pytest -p no:cacheprovider -v --color=no $tests'
ended=\$?
[ \$ended -eq 0 ] || dmesg | tail -n 40
echo "guest ended with \$ended"
poweroff -f
TEXT
    chmod +x "$there/init"
}

kernel
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
first_program "$work/root"
(cd "$work/root" && find . | cpio --quiet -o -H newc | gzip -1) >"$work/initrd"
say "booting (a minute or two: the guest has no hardware help)"
timeout 900 qemu-system-x86_64 -accel tcg,thread=multi -cpu max -m 1024 -smp 2 -nographic -no-reboot -nodefaults -serial stdio \
    -kernel "$(find "$cache/$package/boot" -name 'vmlinuz-*')" -initrd "$work/initrd" \
    -append "console=ttyS0 quiet panic=-1 mitigations=off" \
    -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap </dev/null |
    tee "$work/said"
grep -q 'guest ended with 0' "$work/said" || fail "the printer on USB did not do what it should: see above"
