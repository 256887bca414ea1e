; drives.asm - every drive of a set has its own number, its own bytes, and takes writes as it was told to; no other number
; answers, and none waits.
;
; Sector 30 of every disk and floppy, and block 30 of every CD, begins with a tag.
;
; Defines: DRIVES      words in threes: number, low half of the tag, WRITES_* (ANY for drives that are not written to)
;          DISKS       hard disks that there should be
;          FLOPPIES    floppy drives that there should be

%include "guest.inc"

ANY                     equ 0
WRITES_KEPT             equ 1
WRITES_REFUSED          equ 2
WRITES_DROPPED          equ 3

BDA_EQUIPMENT           equ 410h
BDA_DISKS               equ 475h
BDA_TICKS               equ 46Ch
TICKS_MAX               equ 182             ; ten seconds for one call: also a busy machine is done by then
FIRST_CD                equ 0D0h
TAG_SECTOR              equ 30
BLOCK_LEN               equ 2048
CHANGE                  equ 5A5Ah
WRITE_PROTECTED         equ 3

packet                  equ WORK

main:
        cmp     byte [BDA_DISKS], DISKS
        must    e, "the number of hard disks at 475h"
        mov     al, [BDA_EQUIPMENT]
        mov     ah, 0
        test    al, 1
        jz      .counted
        mov     ah, al
        shr     ah, 6
        inc     ah
.counted:
        mov     al, ah
        cmp     al, FLOPPIES
        must    e, "the number of floppy drives at 410h"

        mov     word [number], 0
.number:
        mov     eax, [BDA_TICKS]
        mov     [ticks], eax
        movzx   eax, word [number]
        mov     [note], eax
        call    find
        jc      .absent
        call    look
        call    write
        jmp     .next
.absent:
        bios    0201h, 0, TAG_SECTOR + 1, [number], 0, "AH=02h of a drive that is not there"
        refused "AH=02h of a drive that is not there"
        bios    1500h, 0, 0, [number], MAY_CX | MAY_DX, "AH=15h of a drive that is not there"
        cmp     byte [out + REGISTERS.eax + 1], 3
        must    ne, "AH=15h of a drive that is not there"
.next:
        movzx   eax, word [number]
        mov     [note], eax
        mov     eax, [BDA_TICKS]
        sub     eax, [ticks]
        cmp     eax, TICKS_MAX
        must    be, "the drive waits"
        mov     ax, [number]
        inc     ax
        cmp     ax, 4
        jne     .disks
        mov     ax, 80h
.disks:
        cmp     ax, 90h
        jne     .discs
        mov     ax, FIRST_CD
.discs:
        mov     [number], ax
        cmp     ax, 0E2h
        jb      .number
        cmp     word [left], 0
        must    e, "a drive was not found"
        jmp     pass

; Is [number] one of the drives? CF = 0: SI = its entry.
find:
        mov     si, drives
.entry:
        cmp     si, drives.end
        jae     .none
        lodsw
        cmp     ax, [number]
        je      .found
        add     si, 4
        jmp     .entry
.none:
        stc
        ret
.found:
        sub     si, 2
        dec     word [left]
        clc
        ret

; SI = entry: what the drive says of itself, and its tag.
look:
        mov     [current], si
        ; Where sector 30 is: on a disk of 63 sectors a track, or on a floppy of 18.
        mov     ax, [number]
        mov     [dx_of_tag], ax
        mov     word [cx_of_tag], TAG_SECTOR + 1
        test    al, 80h
        jnz     .placed
        mov     byte [dx_of_tag + 1], 1
        mov     word [cx_of_tag], TAG_SECTOR + 1 - 18
.placed:
        cmp     word [number], FIRST_CD
        jae     .tag
        bios    0800h, 0, 0, [number], MAY_BX | MAY_CX | MAY_DX | MAY_DI | MAY_ES, "AH=08h"
        worked  "AH=08h"
        mov     al, DISKS
        test    word [number], 80h
        jnz     .count
        mov     al, FLOPPIES
.count:
        cmp     [out + REGISTERS.edx], al
        must    e, "AH=08h: DL is the number of drives"
        bios    1500h, 0, 0, [number], MAY_CX | MAY_DX, "AH=15h"
        mov     al, [out + REGISTERS.eax + 1]
        test    word [number], 80h
        jz      .floppy
        cmp     al, 3
        must    e, "AH=15h: a hard disk"
        jmp     .tag
.floppy:
        dec     al
        cmp     al, 1
        must    be, "AH=15h: a floppy drive"
.tag:
        call    read_tag
        mov     bx, [current]
        mov     ax, [es:0]
        cmp     ax, [bx + 2]
        push    cs
        pop     es
        must    e, "the drive has another's bytes"
        ret

; The sector with the tag to the buffer; out ES = BUFFER_SEGMENT.
read_tag:
        call    poison
        cmp     word [number], FIRST_CD
        jae     .cd
        bios    0201h, 0, [cx_of_tag], [dx_of_tag], 0, "AH=02h"
        worked  "AH=02h"
        jmp     .done
.cd:
        call    cd_packet
        bios    4200h, 0, 0, [number], 0, "AH=42h"
        worked  "AH=42h"
.done:
        mov     ax, BUFFER_SEGMENT
        mov     es, ax
        ret

; The packet for the CD's block.
cd_packet:
        mov     dword [packet], 00010010h
        mov     dword [packet + 4], BUFFER_SEGMENT << 16
        mov     dword [packet + 8], TAG_SECTOR
        mov     dword [packet + 12], 0
        mov     word [in + REGISTERS.esi], packet
        ret

; Writes a changed tag, and looks at what became of it.
write:
        mov     bx, [current]
        mov     al, [bx + 4]
        mov     [policy], al
        cmp     al, ANY
        je      .done
        call    read_tag
        xor     word [es:0], CHANGE
        push    cs
        pop     es
        cmp     word [number], FIRST_CD
        jae     .cd
        bios    0301h, 0, [cx_of_tag], [dx_of_tag], 0, "AH=03h"
        jmp     .written
.cd:
        call    cd_packet
        bios    4300h, 0, 0, [number], 0, "AH=43h"
.written:
        cmp     byte [policy], WRITES_REFUSED
        je      .refused
        worked  "a write"
        jmp     .again
.refused:
        refused "a write that should be refused"
        cmp     byte [out + REGISTERS.eax + 1], WRITE_PROTECTED
        must    e, "a write that should be refused: AH=03h"
.again:
        call    read_tag
        mov     bx, [current]
        mov     ax, [bx + 2]
        cmp     byte [policy], WRITES_KEPT
        jne     .compare
        xor     ax, CHANGE
.compare:
        cmp     ax, [es:0]
        push    cs
        pop     es
        must    e, "what became of a write"
.done:
        ret

drives:         dw DRIVES
.end:
left:           dw (drives.end - drives) / 6
number:         dw 0
current:        dw 0
policy:         db 0
ticks:          dd 0
cx_of_tag:      dw 0
dx_of_tag:      dw 0

%include "end.inc"
