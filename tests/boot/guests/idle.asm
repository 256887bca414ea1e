; idle.asm - says that it runs, and stays, so that its memory can be looked at.

%include "guest.inc"

main:
        say     "IDLE"
.halt:
        hlt
        jmp     .halt

%include "end.inc"
