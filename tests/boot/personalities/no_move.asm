; no_move.asm - option ROM: a BIOS whose INT 15h AH=87h fails, and does nothing.
;
; Defines: LIES, so that it reports success all the same
;
; Entered by:  the BIOS, far call to offset 3, before the boot
; Leaves to:   the BIOS, with INT 15h hooked
;
; Each refusal is traced as `m` on port E9h, so that a test knows that the ROM was
; in the way.

        cpu 386
        bits 16
        org 0

ROM_SECTORS             equ 1
VECTOR_15               equ 15h * 4
MOVE_BLOCK              equ 87h
DEBUG_PORT              equ 0E9h
FLAGS_CF                equ 0001h

        db      55h, 0AAh, ROM_SECTORS
init:
        push    ds
        push    eax
        xor     ax, ax
        mov     ds, ax
        mov     eax, [VECTOR_15]
        mov     [cs:previous], eax          ; the BIOS write-protects ROMs later
        mov     word [VECTOR_15], int15
        mov     [VECTOR_15 + 2], cs
        pop     eax
        pop     ds
        retf

int15:
        cmp     ah, MOVE_BLOCK
        je      .refuse
        jmp     far [cs:previous]
.refuse:
        mov     al, 'm'
        out     DEBUG_PORT, al
        mov     ah, 3                       ; A20 failed
        push    bp
        mov     bp, sp
%ifdef LIES
        and     word [bp + 6], ~FLAGS_CF
%else
        or      word [bp + 6], FLAGS_CF
%endif
        pop     bp
        iret

previous:
        dd      0
        times ROM_SECTORS * 512 - ($ - $$) db 0
