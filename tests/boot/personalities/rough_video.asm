; rough_video.asm - option ROM: a video BIOS that leaves a mess after every INT 10h call.
;
; Entered by:  the BIOS, as rom.inc says
;
; Defines: MODE, the mode that is set in place of mode 3: 1 has 40 columns, 7 is monochrome
;          DEAF, the AH of a call that does nothing: 02h, which puts the cursor somewhere, or 08h, which reads
;          a cell
;
; After each call of the loader: A20 off, IF = 0 and DF = 1 in the caller's FLAGS; ESI, EDI, EBP, DS and ES are
; destroyed. The BIOS itself calls INT 10h too, before the boot, and the guest after it: for them it is as it
; should be. Each change of the mode is traced as `~` on port E9h, so that a test knows that the ROM was
; in the way.

HOOKED                  equ 10h
TEXT_MODE               equ 0003h
LOADERS_CALL            equ 7E40h           ; CALL_REGISTERS: the interrupt that the loader calls

%include "rom.inc"

; ---------------------------------------------------------------------------
; hook - the vector: does what the BIOS does, or nearly so, and then the mess
; ---------------------------------------------------------------------------
hook:
        push    ds
        push    word 0
        pop     ds
        cmp     word [LOADERS_CALL], 10h
        pop     ds
        je      .loader
        jmp     far [cs:previous]
.loader:
        cmp     ax, TEXT_MODE
        jne     .other
        mov     al, '~'
        out     DEBUG_PORT, al
        mov     ax, MODE
.other:
%ifdef DEAF
        cmp     ah, DEAF
        je      .mess
%endif
        pushf
        call    far [cs:previous]
.mess:
        mov     bp, sp
        and     word [bp + 4], ~FLAGS_IF
        or      word [bp + 4], FLAGS_DF
        a20_off
        mov     esi, 0DEADBEEFh
        mov     edi, esi
        mov     ebp, esi
        push    0D0D0h
        pop     ds
        push    0D1D1h
        pop     es
        iret

        rom_end
