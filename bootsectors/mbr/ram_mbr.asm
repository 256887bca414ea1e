; ram_mbr.asm - sector 0 of the disk that the loader makes around a partition image.
;
; Entered by:  the hand-off, or a boot manager, 16-bit real mode, DL = drive
; Leaves to:   the active partition's first sector at 0000:7C00, DL = drive,
;              DS:SI -> its table entry, CS = DS = ES = SS = 0, SP = 7C00, IF = 1
;
;   linear        use
;   0x00000600    this sector, after it has moved itself here
;   0x00007C00    the partition's boot sector
;
; The loader writes the disk signature and the table. INT 13h is our own here, so
; one CHS or EDD read without retries is enough.

%include "assert.inc"
%include "bios.inc"
%include "layout.inc"

        cpu 386
        bits 16
MOVED                   equ 0600h
        org MOVED

start:
        cli
        xor     ax, ax
        mov     ss, ax
        mov     sp, MBR_LOAD
        mov     ds, ax
        mov     es, ax
        sti
        cld
        mov     si, MBR_LOAD
        mov     di, MOVED
        mov     cx, SECTOR_SIZE / 2
        rep movsw
        jmp     0:.moved                    ; CS = 0 too, and IP in the copy
.moved:
%include "mbr/active.asm"
        jmp     .failed
.found:
        push    si                          ; who starts a partition may read its entry
        push    dword 0                     ; disk address packet
        push    dword [si + 8]              ; its first sector
        push    es                          ; to 0:MBR_LOAD
        push    MBR_LOAD
        push    1                           ; one sector
        push    DAP_size
        mov     si, sp
        mov     ah, DISK_EXT_READ
        int     INT_DISK
        jc      .failed
        add     sp, DAP_size                ; the packet
        pop     si
        jmp     0:MBR_LOAD
.failed:
        int     INT_BOOT_FAILED             ; a boot manager may have more to try
.halt:
        hlt
        jmp     .halt

%include "mbr/table.asm"
