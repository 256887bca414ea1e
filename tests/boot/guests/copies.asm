; copies.asm - how INT 13h copies: counts the moves that the BIOS is asked for, and compares the bytes.
;
; Defines: MOVES       1 if INT 15h AH=87h must be asked, 0 if it must not

%include "guest.inc"

MOVE_BLOCK              equ 87h

main:
        cli
        mov     eax, [15h * 4]
        mov     [old_int15], eax
        mov     word [15h * 4], int15
        mov     [15h * 4 + 2], cs
        sti
        call    poison
        bios    0201h + TRACK_SECTORS - 1, 0, 0101h, 80h, 0, "AH=02h"
        worked  "AH=02h"
        mov     esi, BUFFER
        mov     ebx, HEADS * TRACK_SECTORS
        mov     ecx, TRACK_SECTORS
        call    is_disk
        must    e, "AH=02h: the bytes"
        ; There and back.
        mov     word [WORK], 10h
        mov     word [WORK + 2], 100
        mov     dword [WORK + 4], BUFFER_SEGMENT << 16
        mov     dword [WORK + 8], DISK_SECTORS - 100
        mov     dword [WORK + 12], 0
        mov     word [in + REGISTERS.esi], WORK
        bios    4200h, 0, 0, 80h, 0, "AH=42h"
        worked  "AH=42h"
        bios    4300h, 0, 0, 80h, 0, "AH=43h"
        worked  "AH=43h"
        call    poison
        bios    4200h, 0, 0, 80h, 0, "AH=42h of what was written"
        worked  "AH=42h of what was written"
        mov     esi, BUFFER
        mov     ebx, DISK_SECTORS - 100
        mov     ecx, 100
        call    is_disk
        must    e, "AH=42h of what was written: the bytes"
        movzx   eax, word [moves]
        mov     [note], eax
%if MOVES
        cmp     ax, 0
        must    ne, "the BIOS was not asked to copy"
%else
        cmp     ax, 0
        must    e, "the BIOS was asked to copy"
%endif
        jmp     pass

int15:
        cmp     ah, MOVE_BLOCK
        jne     .chain
        inc     word [cs:moves]
.chain:
        jmp     far [cs:old_int15]

old_int15:      dd 0
moves:          dw 0

%include "end.inc"
