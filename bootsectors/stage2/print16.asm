; print16.asm - text on the screen, from real mode.
;
; Included by: stage2.asm                   Mode: 16-bit real, DS = 0

; print - the zero-terminated text at DS:SI; kills AX, SI
print:
        lodsb
        test    al, al
        jz      .done
        call    print_char
        jmp     print
.done:
        ret

; print_decimal - EAX as decimal digits; kills EAX ECX EDX
print_decimal:
        xor     ecx, ecx                    ; DIV takes all of ECX
        push    cx                          ; a zero ends the digits
        mov     cl, 10
.digit:
        xor     edx, edx
        div     ecx
        add     dl, '0'
        push    dx                          ; the last digit comes first
        test    eax, eax
        jnz     .digit
.print:
        pop     ax
        test    al, al
        jz      .done
        call    print_char
        jmp     .print
.done:
        ret

; print_dword - EAX as eight hex digits; kills nothing
print_dword:
        ror     eax, 16                     ; the high word first
        call    print_word
        ror     eax, 16                     ; as it was
; print_word - AX as four hex digits; kills nothing
print_word:
        xchg    al, ah                      ; and on to the low word
        call    print_byte
        xchg    al, ah                      ; and on to the low byte
; print_byte - AL as two hex digits; kills nothing
print_byte:
        push    ax
        ror     al, 4                       ; as it was
        call    print_digit
        ror     al, 4
        call    print_digit
        pop     ax
        ret

; print_digit - low four bits of AL as a hex digit; kills nothing
print_digit:
        push    ax
        and     al, 0Fh
        cmp     al, 10
        sbb     al, 69h                     ; 0-9 become 96h-9Fh, A-F A1h-A6h
        das                                 ; and these '0'-'9' and 'A'-'F'
        call    print_char
        pop     ax
        ret

; print_char - AL on the screen and the debug port; kills nothing
print_char:
        out     DEBUG_PORT, al
        pushad                              ; BIOSes spoil BP, and some more
        push    ds
        push    es
        mov     ah, VIDEO_TELETYPE
        mov     bx, 7                       ; page 0; grey, where the mode has colours
        int     INT_VIDEO
        pop     es
        pop     ds
        popad
        ret
