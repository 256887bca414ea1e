; rough.asm - option ROM: a BIOS that leaves a mess after every INT 13h call.
;
; Entered by:  the BIOS, far call to offset 3, before the boot
; Leaves to:   the BIOS, with INT 13h hooked
;
; After each call: A20 off, IF = 0 and DF = 1 in the caller's FLAGS, and after a
; successful read also ESI, EDI, EBP and DS destroyed. All of these were seen in
; the field (docs/quirks.md). Each call is traced as `r` on port E9h, so that a
; test knows that the ROM was in the way.

        cpu 386
        bits 16
        org 0

ROM_SECTORS             equ 4
VECTOR_13               equ 13h * 4
PORT_92                 equ 92h
DEBUG_PORT              equ 0E9h
FLAGS_CF                equ 0001h
FLAGS_IF                equ 0200h
FLAGS_DF                equ 0400h

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

; ---------------------------------------------------------------------------
; int13 - the vector: does what the BIOS does, and then the mess
; ---------------------------------------------------------------------------
int13:
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
        push    ax
        in      al, PORT_92
        and     al, 0FCh                    ; A20 off, and no reset
        out     PORT_92, al
        pop     ax
        cmp     ah, 0                       ; the address packet call or a CHS read
        jne     .done
        mov     esi, 0DEADBEEFh
        mov     edi, esi
        mov     ebp, esi
        push    0D0D0h
        pop     ds
.done:
        iret

previous:       dd 0
        times ROM_SECTORS * 512 - ($ - $$) db 0
