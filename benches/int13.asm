; int13.asm - how long INT 13h takes to read from a RAM disk.
;
; Entered by:  a loader at 0000:7C00, DL = drive
; Says:        for each way to read a line `INT13 ww nnnnnnnn tttttttt` on port E9h: sectors in a call (w, with
;              bit 7 set for EDD), calls (n), ticks of the PIT (t, 1193182 a second); all in hex. At the end `DONE`

                cpu 386
                bits 16
                org 7C00h

SECTORS_MAX     equ 127
BUFFER          equ 2000h                   ; segment
TICKS           equ 46Ch                    ; BIOS data area: 65536 PIT ticks each
EDGE            equ 1000                    ; too near to a change of TICKS to be sure

start:
        xor     ax, ax
        mov     ds, ax
        mov     ss, ax
        mov     sp, 7C00h
        mov     [drive], dl
        cld
        sti
        mov     si, ways
.way:
        lodsb
        test    al, al
        jz      .done
        mov     [way], al
        lodsw
        mov     [calls], ax
        push    si
        call    now
        mov     [begin], eax
        mov     cx, [calls]
.call:
        push    cx
        call    read
        pop     cx
        jc      failed
        loop    .call
        call    now
        sub     eax, [begin]
        push    eax
        mov     si, text_line
        call    print
        movzx   eax, byte [way]
        mov     cx, 2
        ror     eax, 8
        call    hex
        movzx   eax, word [calls]
        call    word_and_space
        pop     eax
        call    word_and_space
        mov     al, 10
        out     0E9h, al
        pop     si
        jmp     .way
.done:
        mov     si, text_done
        call    print
.halt:
        hlt
        jmp     .halt
failed:
        mov     si, text_failed
        call    print
        jmp     start.halt

; read - `way` sectors from LBA 16 on to BUFFER; CF = 1 on failure
read:
        mov     al, [way]
        mov     dl, [drive]
        test    al, 80h
        jnz     .edd
        mov     ah, 2
        mov     bx, BUFFER
        mov     es, bx
        xor     bx, bx
        mov     cx, 1                       ; cylinder 0, sector 1
        mov     dh, 1
        int     13h
        ret
.edd:
        and     ax, 7Fh
        mov     [packet.count], ax
        mov     si, packet
        mov     ah, 42h
        int     13h
        ret

; now - EAX = PIT ticks since midnight, of 32 bits
now:
        mov     ebx, [TICKS]
        cli
        mov     al, 0                       ; latch counter 0
        out     43h, al
        in      al, 40h
        mov     ah, al
        in      al, 40h
        xchg    al, ah
        sti
        cmp     ebx, [TICKS]
        jne     now
        cmp     ax, EDGE
        jb      now
        cmp     ax, 0FFFFh - EDGE
        ja      now
        neg     ax                          ; it counts down
        shl     ebx, 16
        mov     bx, ax
        mov     eax, ebx
        ret

; word_and_space - a space, then EAX as eight hex digits
word_and_space:
        push    eax
        mov     al, ' '
        out     0E9h, al
        pop     eax
        mov     cx, 8
; hex - the highest CX hex digits of EAX
hex:
        rol     eax, 4
        push    eax
        and     al, 15
        cmp     al, 10
        jb      .decimal
        add     al, 'a' - '0' - 10
.decimal:
        add     al, '0'
        out     0E9h, al
        pop     eax
        loop    hex
        ret

; ---------------------------------------------------------------------------
; print - a text on port E9h
;
;   in      DS:SI         text, 0 at its end
;   kills   AL SI
; ---------------------------------------------------------------------------
print:
        lodsb
        test    al, al
        jz      .end
        out     0E9h, al
        jmp     print
.end:
        ret

; sectors in a call, calls
ways:
        db      1
        dw      2000
        db      8
        dw      1000
        db      63
        dw      1000
        db      80h | 1
        dw      2000
        db      80h | 8
        dw      1000
        db      80h | 63
        dw      1000
        db      80h | SECTORS_MAX
        dw      1000
        db      0

text_line:      db "INT13 ", 0
text_done:      db "DONE", 10, 0
text_failed:    db "FAILED", 10, 0
begin:          dd 0
calls:          dw 0
drive:          db 0
way:            db 0
packet:
                db 16, 0
.count:         dw 0
                dw 0, BUFFER
                dq 16

                times 510 - ($ - $$) db 0
                dw 0AA55h
