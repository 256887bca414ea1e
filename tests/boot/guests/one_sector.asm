; one_sector.asm - an image of one sector: it reads the rest of its disk, which is zeros.
;
; Entered by:  the loader at 0000:7C00
; Defines:     DRIVE

                cpu 386
                bits 16
                org 7C00h

BUFFER_SEGMENT          equ 1000h
SECTORS                 equ 17              ; of the first track, behind this one

start:
        cmp     dl, DRIVE
        jne     fail
        mov     ax, BUFFER_SEGMENT
        mov     es, ax
        xor     di, di
        mov     cx, 8000h
        mov     ax, 0D1D1h
        cld
        rep     stosw
        mov     ax, 0200h | SECTORS
        xor     bx, bx
        mov     cx, 2
        mov     dh, 0
        int     13h
        jc      fail
        cmp     al, SECTORS
        jne     fail
        xor     di, di
        mov     cx, SECTORS * 256
        xor     ax, ax
        repe    scasw
        jne     fail
        cmp     word [es:di], 0D1D1h        ; nothing behind them
        jne     fail
        mov     al, 10h
        out     0F4h, al
fail:
        mov     al, 11h
        out     0F4h, al
.halt:
        hlt
        jmp     .halt

        times 510 - ($ - $$) db 0
        dw      0AA55h
