; stub.asm - the smallest boot image: says that it runs, and where, and ends well.
;
; Entered by:  a loader, at any segment; LOADED sectors
; Says:        `STUB ssss` on port E9h, the segment in hex
;
; Its last sector must have been loaded too: its last word is looked at.

                cpu 386
                bits 16
                org 0

start:
                mov     ax, cs
                mov     ds, ax
                mov     si, text
                cld
.next:
                lodsb
                test    al, al
                jz      .segment
                out     0E9h, al
                jmp     .next
.segment:
                mov     bx, cs
                mov     cx, 4
.digit:
                rol     bx, 4
                mov     al, bl
                and     al, 15
                cmp     al, 10
                jb      .decimal
                add     al, 'a' - '0' - 10
.decimal:
                add     al, '0'
                out     0E9h, al
                loop    .digit
                mov     al, 10
                out     0E9h, al
                cmp     word [LOADED * 512 - 2], 0D1D1h
                mov     al, 10h             ; pass
                je      .end
                inc     al
.end:
                out     0F4h, al
                hlt
                jmp     .end
text:           db      "STUB ", 0
                times LOADED * 512 - 2 - ($ - $$) db 0
                dw      0D1D1h
