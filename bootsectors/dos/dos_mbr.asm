; dos_mbr.asm - sector 0 of the disk that is made of a folder: starts the active partition.
;
; Entered by:  the BIOS, 16-bit real mode, at linear 7C00, DL = drive
; Leaves to:   the active partition's first sector at 0000:7C00, DL = drive,
;              DS:SI -> its table entry, CS = DS = ES = SS = 0, SP = 7C00, IF = 1
;
;   linear        use
;   0x00000600    this sector, after it has moved itself here
;   0x00007C00    the partition's boot sector
;
; The geometry for CHS is what the drive itself tells.

%include "assert.inc"
%include "bios.inc"
%include "layout.inc"

        cpu 386
        bits 16
MOVED                   equ 0600h
        org MOVED

%define DRIVE           [bp - 2]
%define TRACK_SECTORS   [bp - 4]
%define HEADS           [bp - 6]
LOCALS                  equ 6

start:
        cli
        cld
        xor     ax, ax
        mov     ss, ax
        mov     sp, MBR_LOAD
        mov     ds, ax
        mov     es, ax
        sti
        mov     si, sp
        mov     di, MOVED
        mov     cx, SECTOR_SIZE / 2
        rep movsw
        jmp     0:.moved
.moved:
        mov     bp, sp
        push    dx
        mov     si, table
        mov     cx, 4
.entry:
        test    byte [si], 80h
        jnz     .found
        add     si, 16
        loop    .entry
        mov     si, no_active
        jmp     failed
.found:
        push    si
        push    es
        mov     ah, DISK_PARAMETERS
        xor     di, di                      ; some BIOSes want ES:DI zero
        int     INT_DISK
        mov     bp, MBR_LOAD
        pop     es
        pop     si
        mov     al, 1                       ; whatever failed: no division by zero
        jc      .told
        and     cl, 3Fh
        jz      .told
        mov     al, cl
.told:
        xor     ah, ah
        push    ax                          ; sectors per track
        movzx   ax, dh
        inc     ax
        push    ax                          ; heads
        mov     eax, [si + 8]
        push    MBR_LOAD >> 4
        pop     es
        call    sector_read
        jc      .unreadable
        cmp     word [MBR_LOAD + SECTOR_SIZE - 2], BOOT_MAGIC
        jne     .unreadable
        add     sp, LOCALS - 2
        pop     dx
        xor     ax, ax
        mov     es, ax
        jmp     0:MBR_LOAD
.unreadable:
        mov     si, no_disk
failed:
        lodsb
        test    al, al
        jz      .halt
        mov     ah, VIDEO_TELETYPE
        mov     bx, 7
        int     INT_VIDEO
        jmp     failed
.halt:
        hlt
        jmp     .halt

%include "sector_read.asm"

no_active:      db "No active partition", 0
no_disk:        db "Disk error", 0

        assert_room SECTOR0_DISK_SIGNATURE
        times SECTOR0_TABLE - ($ - $$) db 0
        assert_at "partition_table", SECTOR0_TABLE
table:
        times 64 db 0
        assert_at "magic", SECTOR0_MAGIC
        dw BOOT_MAGIC
