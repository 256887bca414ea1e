; segment.asm - a CD's boot image at a load segment of its own: called there, and all of it is there and no more.
;
; Entered by:  the loader at SEGMENT:0000, DL = E0h
; Defines:     SEGMENT     load segment of the catalogue; 7C0h where that has 0
;              SECTORS     sectors of 512 bytes that are loaded

                cpu 386
                bits 16
                org 0

DEBUG_PORT              equ 0E9h
EXIT_PORT               equ 0F4h
EXIT_PASS               equ 10h
EXIT_FAIL               equ 11h
LAST_WORD               equ 0C0DE5E65h

start:
        mov     ax, cs
        cmp     ax, SEGMENT
        mov     al, 's'
        jne     fail
        call    .here
.here:
        pop     bx
        cmp     bx, .here
        mov     al, 'i'
        jne     fail
        cmp     dl, 0E0h
        mov     al, 'd'
        jne     fail
        mov     ax, ss
        or      ax, ax
        mov     al, 'S'
        jnz     fail
        cmp     dword [cs:SECTORS * 512 - 4], LAST_WORD
        mov     al, 'e'
        jne     fail
        ; What follows in the image has the same word at its end.
        cmp     dword [cs:SECTORS * 512 + 508], LAST_WORD
        mov     al, 'm'
        je      fail
        mov     al, 'P'
        out     DEBUG_PORT, al
        mov     al, EXIT_PASS
        jmp     leave
fail:
        out     DEBUG_PORT, al
        mov     al, EXIT_FAIL
leave:
        out     EXIT_PORT, al
.halt:
        hlt
        jmp     .halt

        times SECTORS * 512 - 4 - ($ - $$) db 0
        dd      LAST_WORD
        times 508 db 0
        dd      LAST_WORD
