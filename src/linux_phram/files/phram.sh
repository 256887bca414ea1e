#!/bin/sh
# Finds the RAM disks that a boot loader left (MEMDISK's table, as memdiskfind does) and makes block devices of them.
#
#   phram          loads the drivers: the first RAM disk becomes /dev/mtdblock0
#   phram --find   prints start,length of each RAM disk and does nothing else
#
# Exit status: 0 found, 1 no RAM disk, 2 it could not be looked for, or the drivers are missing.
# Needs a POSIX shell, dd, and one of od, hexdump and busybox; sometimes devmem.

HERE=/ramkey
LOW_END=655360 # A0000h: low memory ends here

say() {
	echo "ramkey: $*" 2>/dev/null >/dev/kmsg || echo "ramkey: $*" >&2
}

give_up() {
	say "$*"
	exit 2
}

# Sets DUMP to a command that prints its input as hexadecimal bytes, 16 to a line.
choose_dump() {
	for DUMP in dump_od dump_hexdump dump_busybox; do
		set -- $(echo A | $DUMP 2>/dev/null)
		if [ "$1" = 41 ] && [ "$2" = 0a ]; then return; fi
	done
	give_up "this initramfs has neither od nor hexdump nor busybox"
}
dump_od() { od -An -v -tx1; }
dump_hexdump() { hexdump -v -e '16/1 "%02x " "\n"'; }
dump_busybox() { busybox hexdump -v -e '16/1 "%02x " "\n"'; }

# Kernels answer a read of a page that holds any of the system's memory with zeros. Where low memory ends inside a
# page, that page must be mapped to be seen, which devmem does. Sets DEVMEM to it; empty if there is none.
choose_devmem() {
	for DEVMEM in devmem "busybox devmem" ""; do
		case $($DEVMEM 1040 32 2>/dev/null) in
		0x*) return ;;
		esac
	done
}

# bytes START COUNT: memory as hexadecimal bytes. Both are multiples of 16.
bytes() {
	if [ "$1" -lt $HIDDEN_END ] && [ -n "$DEVMEM" ]; then
		mapped "$1" "$2"
	else
		dd if="$MEM" bs=16 skip=$(($1 / 16)) count=$(($2 / 16)) 2>/dev/null | $DUMP
	fi
}

# The same by devmem, which prints a word as 0x5446426D.
mapped() {
	at=$1
	while [ $at -lt $(($1 + $2)) ]; do
		word=$($DEVMEM $at 32)
		word=${word#0x}
		tail=${word#??}
		last=${tail#??}
		echo "${last#??} ${last%??} ${tail%????} ${word%??????}"
		at=$((at + 4))
	done
}

# Sets RAM_END to where low memory that belongs to the system ends.
find_low_memory_end() {
	end=0
	while read -r range colon name; do
		[ "$name" = "System RAM" ] || continue
		first=$(without_zeros "${range%-*}")
		last=$(without_zeros "${range#*-}")
		# Longer numbers are far above low memory, and may be too long for the shell.
		[ ${#first} -le 5 ] || continue
		[ $((0x${first:-0})) -lt $LOW_END ] || continue
		if [ ${#last} -le 5 ]; then end=$((0x$last + 1)); else end=$LOW_END; fi
		[ $end -le $LOW_END ] || end=$LOW_END
	done </proc/iomem
	RAM_END=$end
}

without_zeros() {
	text=$1
	while [ "${text#0}" != "$text" ]; do text=${text#0}; done
	echo "$text"
}

# Prints the address of each paragraph from $1 to the end of low memory that begins with mBFT.
signatures() {
	at=$1
	if [ -n "$DEVMEM" ]; then
		while [ $at -lt $HIDDEN_END ]; do
			case $($DEVMEM $at 32) in
			0x5446426[dD]) echo $at ;;
			esac
			at=$((at + 16))
		done
	fi
	[ $at -lt $LOW_END ] || return
	bytes $at $((LOW_END - at)) | {
		while read -r line; do
			case $line in
			"6d 42 46 54 "*) echo "$at" ;;
			esac
			at=$((at + 16))
		done
	}
}

# examine ADDRESS BYTE...: prints start,length if the bytes are a sound table.
examine() {
	room=$((LOW_END - $1))
	shift
	length=$((0x$8$7$6$5))
	[ $length -ge 66 ] && [ $length -le $room ] && [ $length -le $# ] || return
	information=$((0x${42}${41}))
	[ $length -eq $((information + 40)) ] || return
	shift_by=9
	# Tables of version 3.70 and older end before this byte.
	if [ $information -ge 28 ] && [ "${68}" != 00 ]; then shift_by=$((0x${68})); fi
	start=0x${48}${47}${46}${45}
	sectors=$((0x${52}${51}${50}${49}))
	sum=0
	while [ $length -gt 0 ]; do
		sum=$((sum + 0x$1))
		shift
		length=$((length - 1))
	done
	[ $((sum % 256)) -eq 0 ] || return
	printf '%s,0x%x\n' "$start" $((sectors << shift_by))
}

# Prints start,length of each RAM disk.
find_disks() {
	find_low_memory_end
	[ $RAM_END -gt 0 ] || give_up "/proc/iomem shows no memory"
	HIDDEN_END=0
	# The word at 413h of the BIOS data area counts low memory in KiB.
	set -- $(bytes 1040 16)
	from=$((0x$5$4 * 1024))
	page=$((RAM_END / 4096 * 4096))
	[ $from -ge $page ] || from=$page
	[ $from -ge 65536 ] && [ $from -lt $LOW_END ] || return 0
	if [ $page -lt $RAM_END ] && [ $from -lt $((page + 4096)) ]; then
		HIDDEN_END=$((page + 4096))
		choose_devmem
		[ -n "$DEVMEM" ] || say "there is no devmem to see the page at $page; the RAM disk may be missed"
	fi
	for at in $(signatures $from); do
		count=$((LOW_END - at))
		[ $count -le 80 ] || count=80
		examine "$at" $(bytes "$at" $count)
	done
	return 0
}

# load MODULE [PARAMETER]: loads a module of the initramfs, or one that lies beside this script.
load() {
	[ -d "/sys/module/$1" ] && return
	modprobe "$@" 2>/dev/null
	[ -d "/sys/module/$1" ] && return
	read -r release </proc/sys/kernel/osrelease
	for file in "$HERE/modules/$release/$1.ko"*; do
		if [ -f "$file" ]; then
			shift
			insmod "$file" "$@"
			return
		fi
	done
	return 1
}

# is_there NAME: whether such a memory device exists.
is_there() {
	while read -r device size page label; do
		if [ "$label" = "\"$1\"" ]; then return; fi
	done </proc/mtd
	return 1
}

# add NAME START LENGTH: makes a RAM disk a memory device.
add() {
	# Its length must be a multiple of the erase size, which is a page unless a fourth number says otherwise.
	erase=4096
	while [ $erase -gt 512 ] && [ $(($3 % erase)) -ne 0 ]; do erase=$((erase / 2)); done
	if [ $erase -ne 4096 ]; then set -- "$1" "$2" "$3,$erase" "$3"; fi
	# Kernels before 5.18 do not know the fourth number, and do not compare.
	for length in "$3" "${4:-$3}"; do
		parameter="$1,$2,$length"
		if [ ! -d /sys/module/phram ]; then
			load phram "phram=$parameter" 2>/dev/null
		elif [ -w /sys/module/phram/parameters/phram ]; then
			echo "$parameter" >/sys/module/phram/parameters/phram
		fi 2>/dev/null
		if is_there "$1"; then return; fi
	done
	return 1
}

MEM=/dev/mem
if [ ! -c $MEM ]; then
	MEM=$HERE/mem
	[ -c $MEM ] || mknod $MEM c 1 1 || give_up "there is no /dev/mem"
fi
choose_dump
disks=$(find_disks) || exit 2
[ -n "$disks" ] || exit 1
if [ "$1" = --find ]; then
	echo "$disks"
	exit 0
fi
for module in mtd mtd_blkdevs mtdblock; do
	load $module || give_up "the module $module is missing; ramkey phram --modules adds it"
done
number=0
for disk in $disks; do
	name=memdisk
	[ $number -eq 0 ] || name=memdisk$number
	if is_there "$name"; then
		say "$name is there already"
	elif add "$name" "${disk%,*}" $((${disk#*,})); then
		say "the RAM disk at $disk is $name"
	else
		give_up "phram does not take the RAM disk at $disk; on a 32-bit system a larger vmalloc= may help"
	fi
	number=$((number + 1))
done
# Where nothing makes device nodes yet.
[ -b /dev/mtdblock0 ] || mknod /dev/mtdblock0 b 31 0
