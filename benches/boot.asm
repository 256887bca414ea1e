; boot.asm - the image that both loaders start: its first instructions say so, and at what time.
;
; Entered by:  a loader at 0000:7C00
; Says:        `BENCH ` and the time stamp counter in hex on port E9h

                cpu 586
                bits 16
                org 7C00h

start:
        rdtsc
        mov     ecx, eax
        mov     ebx, edx
        xor     ax, ax
        mov     ds, ax
        mov     si, text
        cld
.next:
        lodsb
        test    al, al
        jz      .said
        out     0E9h, al
        jmp     .next
.said:
        mov     eax, ebx
        call    hex
        mov     eax, ecx
        call    hex
        mov     al, 10
        out     0E9h, al
.halt:
        hlt
        jmp     .halt

; EAX as eight hex digits
hex:
        mov     di, 8
.digit:
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
        dec     di
        jnz     .digit
        ret

text:   db      "BENCH ", 0

        times 510 - ($ - $$) db 0
        dw      0AA55h
