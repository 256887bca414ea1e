; active.asm - which entry of the partition table is active.
;
; Included by: dos_mbr.asm, ram_mbr.asm      Mode: 16-bit real, DS = 0
;
; Not called: it goes on to .found with SI = the entry, or behind its end if none is
; active. The labels are those of the routine that it is included in.
;   kills   CX SI

        mov     si, table
        mov     cx, 4
.entry:
        test    byte [si], 80h              ; active
        jnz     .found
        add     si, 16
        loop    .entry
