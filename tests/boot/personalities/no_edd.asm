; no_edd.asm - option ROM: a BIOS of before 1995, whose INT 13h has no extensions.
;
; Entered by:  the BIOS, as rom.inc says
;
; Each refused call is traced as `x` on port E9h, so that a test knows that the ROM was in the way.

HOOKED                  equ 13h
EXTENSIONS              equ 41h             ; the first of them, and the one behind the last
EXTENSIONS_END          equ 4Ah
BAD_COMMAND             equ 01h

%include "rom.inc"

hook:
        cmp     ah, EXTENSIONS
        jb      .pass
        cmp     ah, EXTENSIONS_END
        jae     .pass
        mov     al, 'x'
        out     DEBUG_PORT, al
        mov     ah, BAD_COMMAND
        push    bp
        mov     bp, sp
        or      word [bp + 6], FLAGS_CF
        pop     bp
        iret
.pass:
        jmp     far [cs:previous]

        rom_end
