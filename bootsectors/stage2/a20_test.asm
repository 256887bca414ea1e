; a20_test.asm - is memory above 1 MiB there, or does it wrap?
;
; Included by: stage2.asm                   Mode: 16-bit real, DS = ES = 0

; ---------------------------------------------------------------------------
; a20_test - compares a word below 1 MiB with the one 1 MiB above it
;
;   out     AL = 1        A20 is on
;           AL = 0        the two are the same word
;   kills   AX CX
; ---------------------------------------------------------------------------
a20_test:
        push    fs
        mov     ax, 0FFFFh
        mov     fs, ax
        mov     cx, 8                       ; the line may be slow to settle
.again:
        inc     word [.word]
        mov     ax, [fs:.word + 10h]        ; FFFF:x+10h is 1 MiB + x
        out     80h, al                     ; about 1 us, and the write reaches memory
        cmp     ax, [.word]
        mov     al, 1
        jne     .done
        loop    .again
        mov     al, 0
.done:
        pop     fs
        ret
.word:          dw 0
