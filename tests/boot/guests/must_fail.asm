; must_fail.asm - the guest that has to fail, so that a harness which believes everything is noticed.

%include "guest.inc"

main:
        cmp     sp, 0
        must    e, "the stack pointer is zero"
        jmp     pass

%include "end.inc"
