; table.asm - the end of a sector 0: the partition table, which somebody fills in.
;
; Included by: dos_mbr.asm, ram_mbr.asm, last

        assert_room SECTOR0_DISK_SIGNATURE
        times SECTOR0_TABLE - ($ - $$) db 0
        assert_at "partition_table", SECTOR0_TABLE
table:
        times 64 db 0
        assert_at "magic", SECTOR0_MAGIC
        dw BOOT_MAGIC
