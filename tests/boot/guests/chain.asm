; chain.asm - a system that hooks INT 13h itself, as DOS does, and calls it from inside it.

%include "guest.inc"

VECTOR_13               equ 13h * 4

main:
        mov     eax, [VECTOR_13]
        mov     [previous], eax
        cli
        mov     word [VECTOR_13], hook
        mov     [VECTOR_13 + 2], cs
        sti
        call    read
        cmp     word [calls], 1
        must    e, "our hook was called once"

        ; From inside the hook, another call for the same drive.
        mov     byte [nest], 1
        call    read
        cmp     word [calls], 3
        must    e, "our hook was called twice more"
        cmp     byte [nested_failed], 0
        must    e, "the call from inside INT 13h"

        ; Interrupts arrive while it works: the clock must go on.
        mov     dword [ticks], 0
        mov     eax, [46Ch]
        mov     [ticks], eax
        mov     bp, 400
.busy:
        call    read
        dec     bp
        jnz     .busy
        sti
        mov     cx, 0FFFFh
.clock:
        mov     eax, [46Ch]
        cmp     eax, [ticks]
        jne     .moved
        out     80h, al                     ; about a microsecond
        out     80h, al
        loop    .clock
.moved:
        cmp     eax, [ticks]
        must    ne, "the clock goes on"
        jmp     pass

hook:
        inc     word [cs:calls]
        cmp     byte [cs:nest], 1
        jne     .chain
        mov     byte [cs:nest], 0
        pusha
        push    es
        push    word BUFFER_SEGMENT + 1000h
        pop     es
        mov     ax, 0201h
        xor     bx, bx
        mov     cx, 1 + 25
        mov     dx, 80h
        int     13h
        jnc     .fine
        mov     byte [cs:nested_failed], 1
.fine:
        pop     es
        popa
.chain:
        jmp     far [cs:previous]

read:
        call    poison
        bios    0204h, 0, 1 + 26, 80h, 0, "AH=02h"
        worked  "AH=02h"
        mov     esi, BUFFER
        mov     ebx, 26
        mov     ecx, 4
        call    is_disk
        must    e, "AH=02h: the bytes"
        ret

previous:       dd 0
calls:          dw 0
nest:           db 0
nested_failed:  db 0
ticks:          dd 0

%include "end.inc"
