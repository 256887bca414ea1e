; rough.asm - option ROM: a BIOS that leaves a mess after every INT 13h call.
;
; Entered by:  the BIOS, as rom.inc says
;
; After each call: A20 off, IF = 0 and DF = 1 in the caller's FLAGS, and after a
; successful read also ESI, EDI, EBP and DS destroyed. All of these were seen in
; the field (docs/quirks.md). Each call is traced as `r` on port E9h, so that a
; test knows that the ROM was in the way.

HOOKED                  equ 13h

%include "rom.inc"

; ---------------------------------------------------------------------------
; hook - the vector: does what the BIOS does, and then the mess
; ---------------------------------------------------------------------------
hook:
        push    ax
        mov     al, 'r'
        out     DEBUG_PORT, al
        pop     ax
        pushf
        call    far [cs:previous]
        push    bp
        mov     bp, sp
        jc      .error
        and     word [bp + 6], ~FLAGS_CF
        jmp     .flags
.error:
        or      word [bp + 6], FLAGS_CF
.flags:
        and     word [bp + 6], ~FLAGS_IF
        or      word [bp + 6], FLAGS_DF
        pop     bp
        a20_off
        cmp     ah, 0                       ; the address packet call or a CHS read
        jne     .done
        mov     esi, 0DEADBEEFh
        mov     edi, esi
        mov     ebp, esi
        push    0D0D0h
        pop     ds
.done:
        iret

        rom_end
