; no_edd.asm - option ROM: a BIOS of before 1995, whose INT 13h has no extensions.
;
; Entered by:  the BIOS, far call to offset 3, before the boot
; Leaves to:   the BIOS, with INT 13h hooked
;
; Each refused call is traced as `x` on port E9h, so that a test knows that the ROM was in the way.

        cpu 386
        bits 16
        org 0

ROM_SECTORS             equ 4
VECTOR_13               equ 13h * 4
DEBUG_PORT              equ 0E9h
FLAGS_CF                equ 0001h
EXTENSIONS              equ 41h             ; the first of them, and the one behind the last
EXTENSIONS_END          equ 4Ah
BAD_COMMAND             equ 01h

        db      55h, 0AAh, ROM_SECTORS
init:
        push    ds
        push    eax
        xor     ax, ax
        mov     ds, ax
        mov     eax, [VECTOR_13]
        mov     [cs:previous], eax          ; the BIOS write-protects ROMs later
        mov     word [VECTOR_13], int13
        mov     [VECTOR_13 + 2], cs
        pop     eax
        pop     ds
        retf

int13:
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

previous:       dd 0
        times ROM_SECTORS * 512 - ($ - $$) db 0
