#!/bin/sh
# For initramfs without a hook of its own: with `rdinit=/ramkey/init` on the kernel's command line this runs first,
# finds the RAM disks, and leaves to the initramfs' own /init as if it had never been there.

mounted=
mounts() {
	mkdir -p "$2"
	if mount -t "$1" "$1" "$2" 2>/dev/null; then mounted="$2 $mounted"; fi
}

[ -e /proc/iomem ] || mounts proc /proc
[ -d /sys/module ] || mounts sysfs /sys
[ -c /dev/mem ] || mounts devtmpfs /dev
sh /ramkey/phram
for folder in $mounted; do umount "$folder"; done
exec /init "$@"
