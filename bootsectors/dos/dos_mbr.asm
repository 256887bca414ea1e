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
        mov     si, sp                      ; = MBR_LOAD
        mov     di, MOVED
        mov     cx, SECTOR_SIZE / 2
        rep movsw
        jmp     0:.moved                    ; CS = 0 too, and IP in the copy
.moved:
        mov     bp, sp                      ; locals below the stack's first word
        push    dx                          ; DRIVE
%include "mbr/active.asm"
        mov     si, no_active
        jmp     failed
.found:
        push    si                          ; who starts a partition may read its entry
        push    es                          ; AH=08h may set ES:DI
        mov     ah, DISK_PARAMETERS
        xor     di, di                      ; some BIOSes want ES:DI zero
        int     INT_DISK
        mov     bp, MBR_LOAD                ; not every BIOS keeps it
        pop     es
        pop     si
        mov     al, 1                       ; whatever failed: no division by zero
        jc      .told
        and     cl, 3Fh                     ; above them are bits of the cylinder
        jz      .told
        mov     al, cl
.told:
        xor     ah, ah
        push    ax                          ; sectors per track
        movzx   ax, dh                      ; the last head
        inc     ax
        push    ax                          ; heads
        mov     eax, [si + 8]               ; first sector of the partition
        push    MBR_LOAD >> 4
        pop     es                          ; sector_read reads to ES:0
        call    sector_read
        jc      .unreadable
        cmp     word [MBR_LOAD + SECTOR_SIZE - 2], BOOT_MAGIC ; else it would run into anything
        jne     .unreadable
        add     sp, LOCALS - 2              ; all but DRIVE
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
        mov     bx, 7                       ; page 0; grey, where the mode has colours
        int     INT_VIDEO
        jmp     failed
.halt:
        hlt
        jmp     .halt

%include "sector_read.asm"

no_active:      db "No active partition", 0
no_disk:        db "Disk error", 0

%include "mbr/table.asm"
