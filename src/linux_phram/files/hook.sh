# Read by the initramfs before it looks for its disks: see /ramkey/phram.
sh /ramkey/phram || :
