; ends.asm - a disk of one sector of code: its last sector is read, by CHS and by EDD, and compared.
;
; Entered by:  the loader at 0000:7C00, DL = 80h
; Defines:     HEADS, TRACK_SECTORS, CYLINDERS
;
; Each doubleword of the last sector is its own number, times a constant.

                cpu 386
                bits 16
                org 7C00h

PATTERN                 equ 9E3779B1h
BUFFER_SEGMENT          equ 1000h
LAST_LBA                equ HEADS * TRACK_SECTORS * CYLINDERS - 1

start:
        xor     ax, ax
        mov     ds, ax
        mov     ss, ax
        mov     sp, 7C00h
        cld
        mov     ax, BUFFER_SEGMENT
        mov     es, ax
        mov     ax, 0201h
        xor     bx, bx
        mov     cx, ((CYLINDERS - 1) & 0FFh) << 8 | ((CYLINDERS - 1) >> 8) << 6 | TRACK_SECTORS
        mov     dx, (HEADS - 1) << 8 | 80h
        int     13h
        jc      fail
        call    compare
        jne     fail
        mov     byte [es:0], 0
        mov     ah, 42h
        mov     dl, 80h
        mov     si, packet
        int     13h
        jc      fail
        call    compare
        jne     fail
        mov     al, 10h
        jmp     say
fail:
        mov     al, 11h
say:
        out     0F4h, al
.halt:
        hlt
        jmp     .halt

; compare - ZF = whether the buffer holds the last sector
compare:
        mov     eax, LAST_LBA * 128 * PATTERN & 0FFFFFFFFh
        xor     di, di
        mov     cx, 128
.word:
        scasd
        jne     .done
        add     eax, PATTERN
        loop    .word
        cmp     ax, ax
.done:
        ret

        align   4, db 0
packet:         db 10h, 0, 1, 0
                dw 0, BUFFER_SEGMENT
                dq LAST_LBA

        times 510 - ($ - $$) db 0
        dw      0AA55h
