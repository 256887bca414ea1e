; no_move.asm - option ROM: a BIOS whose INT 15h AH=87h fails, and does nothing.
;
; Entered by:  the BIOS, as rom.inc says
;
; Defines: LIES, so that it reports success all the same
;
; Each refusal is traced as `m` on port E9h, so that a test knows that the ROM was
; in the way.

HOOKED                  equ 15h
MOVE_BLOCK              equ 87h

%include "rom.inc"

hook:
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

        rom_end
