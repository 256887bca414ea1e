; rough_video.asm - option ROM: a video BIOS that leaves a mess after every INT 10h call.
;
; Defines: MODE, the mode that is set in place of mode 3: 1 has 40 columns, 7 is monochrome
;          DEAF, the AH of a call that does nothing: 02h, which puts the cursor somewhere, or 08h, which reads
;          a cell
;
; Entered by:  the BIOS, far call to offset 3, before the boot
; Leaves to:   the BIOS, with INT 10h hooked
;
; After each call of the loader: A20 off, IF = 0 and DF = 1 in the caller's FLAGS; ESI, EDI, EBP, DS and ES are
; destroyed. The BIOS itself calls INT 10h too, before the boot, and the guest after it: for them it is as it
; should be. Each change of the mode is traced as `~` on port E9h, so that a test knows that the ROM was
; in the way.

        cpu 386
        bits 16
        org 0

ROM_SECTORS             equ 4
VECTOR_10               equ 10h * 4
TEXT_MODE               equ 0003h
PORT_92                 equ 92h
DEBUG_PORT              equ 0E9h
LOADERS_CALL            equ 7E40h           ; CALL_REGISTERS: the interrupt that the loader calls
FLAGS_IF                equ 0200h
FLAGS_DF                equ 0400h

        db      55h, 0AAh, ROM_SECTORS
init:
        push    ds
        push    eax
        xor     ax, ax
        mov     ds, ax
        mov     eax, [VECTOR_10]
        mov     [cs:previous], eax          ; the BIOS write-protects ROMs later
        mov     word [VECTOR_10], int10
        mov     [VECTOR_10 + 2], cs
        pop     eax
        pop     ds
        retf

; ---------------------------------------------------------------------------
; int10 - the vector: does what the BIOS does, or nearly so, and then the mess
; ---------------------------------------------------------------------------
int10:
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
        push    ax
        in      al, PORT_92
        and     al, 0FCh                    ; A20 off, and no reset
        out     PORT_92, al
        pop     ax
        mov     esi, 0DEADBEEFh
        mov     edi, esi
        mov     ebp, esi
        push    0D0D0h
        pop     ds
        push    0D1D1h
        pop     es
        iret

previous:       dd 0
        times ROM_SECTORS * 512 - ($ - $$) db 0
