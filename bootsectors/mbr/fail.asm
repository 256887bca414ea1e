; fail.asm - the end of a boot of which nothing is in memory but this: a letter, and
;            the status of the last call that failed.
;
; Included by: sector0.asm, disc.asm        Mode: 16-bit real, CS = DS = SS = 0,
;                                           BP = BOOT_INFO
; Needs:       `name`, a zero-terminated text that ends with the letter

fail:
        mov     si, name
.print:
        lodsb
        test    al, al
        jz      .code
        call    print
        jmp     .print
.code:
        mov     al, [bp + STATUS]
        aam     16                          ; AH = high digit, AL = low digit
        xchg    al, ah
        call    print_digit
        xchg    al, ah
        call    print_digit
        int     INT_BOOT_FAILED
.halt:
        hlt
        jmp     .halt

; print_digit - AL, 0 to 15, as a hex digit; falls into print
print_digit:
        cmp     al, 10
        sbb     al, 69h                     ; 0-9 become 96h-9Fh, A-F A1h-A6h
        das                                 ; and these '0'-'9' and 'A'-'F'

; print - AL on the screen; keeps all registers
print:
        pusha
        mov     ah, VIDEO_TELETYPE
        mov     bx, 7
        int     INT_VIDEO
        popa
        ret
