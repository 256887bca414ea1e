; int13_floppy.asm - a floppy answers INT 13h as a floppy drive.
;
; Defines: CYLINDERS and DRIVE_TYPE too (CMOS type of the drive); FLOPPIES, drives
; that there should be, with the RAM disk

%include "guest.inc"

%ifndef FLOPPIES
  %define FLOPPIES 1
%endif

VECTOR_1E               equ 1Eh * 4
BDA_EQUIPMENT           equ 410h
BDA_STATUS              equ 441h
LAST                    equ DISK_SECTORS - 1
DATA_LBA                equ GUEST_SECTORS + 3

main:
        cmp     byte [drive], 0
        must    e, "DL is 0"
        mov     ax, [BDA_EQUIPMENT]
        and     ax, 0C1h
        cmp     ax, 1 | (FLOPPIES - 1) << 6
        must    e, "the equipment word counts the floppy drives"
        call    asks
        call    tables
        call    bad_addresses
        call    every_sector
        call    writes
        jmp     pass

; What the drive says of itself.
asks:
        bios    1500h, 0, 0, 0, 0, "AH=15h"
        test    byte [out + REGISTERS.flags], FLAG_CF
        must    z, "AH=15h: CF"
        cmp     byte [out + REGISTERS.eax + 1], 2
        must    e, "AH=15h: a floppy with a change line"
        bios    1600h, 0, 0, 0, 0, "AH=16h"
        worked  "AH=16h: not changed"
        bios    0800h, 0, 0, 0, MAY_BX | MAY_CX | MAY_DX | MAY_DI | MAY_ES, "AH=08h"
        worked  "AH=08h"
        cmp     byte [out + REGISTERS.ebx], DRIVE_TYPE
        must    e, "AH=08h: BL is the drive type"
        cmp     byte [out + REGISTERS.ecx], TRACK_SECTORS
        must    e, "AH=08h: sectors of a track"
        cmp     byte [out + REGISTERS.ecx + 1], CYLINDERS - 1
        must    e, "AH=08h: cylinders"
        cmp     byte [out + REGISTERS.edx + 1], HEADS - 1
        must    e, "AH=08h: heads"
        cmp     byte [out + REGISTERS.edx], FLOPPIES
        must    e, "AH=08h: DL is the number of floppy drives"
        bios    4100h, 55AAh, 0, 0, MAY_BX | MAY_CX, "AH=41h"
        refused "AH=41h: floppies have no packets"
        cmp     word [out + REGISTERS.ebx], 55AAh
        must    e, "AH=41h: BX stays"
        bios    4800h, 0, 0, 0, 0, "AH=48h"
        refused "AH=48h: floppies have no packets"
%macro accepts 2
        bios    %1, 0, 1, 0, 0, %2
        worked  %2
%endmacro
        accepts 0000h, "AH=00h"
        accepts 0401h, "AH=04h"
        ret

; ES:DI of AH=08h and the vector of INT 1Eh lead to tables for this format.
tables:
        bios    0800h, 0, 0, 0, MAY_BX | MAY_CX | MAY_DX | MAY_DI | MAY_ES, "AH=08h"
        les     di, [VECTOR_1E]
        call    .table
        mov     es, [out + REGISTERS.es]
        mov     di, [out + REGISTERS.edi]
        call    .table
        push    cs
        pop     es
        ret
.table:
        cmp     byte [es:di + 3], 2
        must    e, "diskette parameters: 512 bytes to a sector"
        cmp     byte [es:di + 4], TRACK_SECTORS
        must    e, "diskette parameters: sectors of a track"
        ret

; Addresses outside the geometry: refused, and nothing transferred.
%macro no_read 4                            ; count, CX, DX, text
        call    poison
        bios    0200h | (%1), 0, %2, %3, 0, %4
        refused %4
        mov     esi, BUFFER
        mov     ecx, 4096
        call    is_poison
        must    e, {%4, ": nothing transferred"}
        mov     al, [out + REGISTERS.eax + 1]
        cmp     [BDA_STATUS], al
        must    e, {%4, ": the status is at 441h"}
        mov     [status], al
        bios    0100h, 0, 1, 0, 0, "AH=01h"
        mov     al, [status]
        cmp     [out + REGISTERS.eax + 1], al
        must    e, {%4, ": AH=01h tells the status again"}
%endmacro
status:         db 0

bad_addresses:
        no_read 1, 0, 0, "sector 0"
        no_read 1, TRACK_SECTORS + 1, 0, "a sector too many"
        no_read 1, 1, HEADS << 8, "a head too many"
        no_read 1, CYLINDERS << 8 | 1, 0, "a cylinder too many"
        bios    0201h, 0, 1, FLOPPIES, 0, "a floppy drive too many"
        refused "a floppy drive too many"
        ret

; Every sector, a track at a time, across a 64 KiB boundary, which no floppy controller could.
every_sector:
        mov     word [in + REGISTERS.es], BUFFER_SEGMENT + 0FE0h
        xor     ebp, ebp
.track:
        call    poison
        mov     eax, ebp
        call    to_chs
        mov     dl, 0
        mov     [last_cx], cx
        mov     [last_dx], dx
        bios    0200h | TRACK_SECTORS, 0, [last_cx], [last_dx], 0, "AH=02h"
        worked  "AH=02h"
        cmp     byte [out + REGISTERS.eax], TRACK_SECTORS
        must    e, "AH=02h: AL is the number of sectors"
        mov     esi, BUFFER + 0FE00h
        mov     ebx, ebp
        mov     ecx, TRACK_SECTORS
        call    is_disk
        must    e, "AH=02h: the bytes"
        mov     esi, BUFFER + 0FE00h + TRACK_SECTORS * 512
        mov     ecx, 512
        call    is_poison
        must    e, "AH=02h: nothing behind the sectors"
        add     ebp, TRACK_SECTORS
        cmp     ebp, DISK_SECTORS
        jb      .track
        mov     word [in + REGISTERS.es], BUFFER_SEGMENT
        ret

; A sector inverted, written, read back, and put back.
writes:
        mov     eax, DATA_LBA
        call    to_chs
        mov     dl, 0
        mov     [last_cx], cx
        mov     [last_dx], dx
        bios    0201h, 0, [last_cx], [last_dx], 0, "before a write"
        worked  "before a write"
        call    invert
        bios    0301h, 0, [last_cx], [last_dx], 0, "AH=03h"
        worked  "AH=03h"
        call    poison
        bios    0201h, 0, [last_cx], [last_dx], 0, "reading what was written"
        worked  "reading what was written"
        call    invert
        mov     esi, BUFFER
        mov     ebx, DATA_LBA
        mov     ecx, 1
        call    is_disk
        must    e, "reading what was written: the bytes"
        bios    0301h, 0, [last_cx], [last_dx], 0, "putting it back"
        worked  "putting it back"
        ret

invert:
        push    es
        mov     ax, BUFFER_SEGMENT
        mov     es, ax
        xor     di, di
        mov     cx, 128
.word:
        not     dword [es:di]
        add     di, 4
        loop    .word
        pop     es
        ret

last_cx:        dw 0
last_dx:        dw 0

%include "end.inc"
