; a20.asm - INT 13h while A20 is off: the RAM disk lies above 1 MiB all the same, and A20 stays as the caller had it.

%include "guest.inc"

PORT_92                 equ 92h

main:
        call    a20_is_on
        must    nz, "A20 is on at entry, as the BIOS had it"
        in      al, PORT_92
        and     al, 0FCh                    ; off, and no reset
        out     PORT_92, al
        call    a20_is_on
        must    z, "A20 can be switched off, or this guest proves nothing"

        call    poison
        bios    0220h, 0, 0, 80h, 0, "AH=02h of sector 0"
        refused "AH=02h of sector 0"
        mov     eax, 30
        call    to_chs
        mov     [chs], cx
        mov     [head], dh
        bios    0220h, 0, [chs], [head_drive], 0, "AH=02h"
        worked  "AH=02h"
        mov     esi, BUFFER
        mov     ebx, 30
        mov     ecx, 20h
        call    is_disk
        must    e, "AH=02h: the bytes"
        call    a20_is_on
        must    z, "A20 is off again after a read"

        bios    0301h, 0, [chs], [head_drive], 0, "AH=03h"
        worked  "AH=03h"
        call    a20_is_on
        must    z, "A20 is off again after a write"
        jmp     pass

; a20_is_on - ZF = 0 when memory does not wrap at 1 MiB; kills AX CX
a20_is_on:
        push    fs
        mov     ax, 0FFFFh
        mov     fs, ax
        mov     cx, 1000
.again:
        inc     word [word_below]
        mov     ax, [fs:word_below + 10h]
        cmp     ax, [word_below]
        jne     .done
        loop    .again
        cmp     ax, ax
.done:
        pop     fs
        ret

                align 2, db 0
word_below:     dw 0
chs:            dw 0
head_drive:     db 80h
head:           db 0

%include "end.inc"
