; idle.asm - says that it runs, and stays, so that its memory can be looked at.
;
; Defines: LETTER, to tell it from its like

%include "guest.inc"

main:
        say     "IDLE"
%ifdef LETTER
        mov     al, LETTER
        out     DEBUG_PORT, al
        mov     al, 10
        out     DEBUG_PORT, al
%endif
.halt:
        hlt
        jmp     .halt

%include "end.inc"
