; disc_answers.asm - prints what a CD's calls answer, a line for each, to be compared with MEMDISK's answers.
;
; A line: the function, AX and CF after the call, and the bytes that it filled in.
;
; Defines: NUMBER      number that was booted from

%include "guest.inc"

ANSWER                  equ WORK

main:
        mov     si, calls
.next:
        cmp     word [si], 0
        je      pass
        lodsw
        mov     [function], ax
        lodsw
        mov     [number], ax
        lodsw
        mov     [bytes], ax
        push    si
        mov     di, ANSWER
        mov     cx, 40
        xor     ax, ax
        rep     stosw
        mov     ax, [bytes]
        mov     [ANSWER], ax                ; the room, for AH=48h
        mov     si, ANSWER
        mov     bx, 55AAh
        xor     cx, cx
        mov     dx, [number]
        mov     ax, [function]
        int     13h
        pushf
        pop     word [flags]
        push    cs
        pop     ds
        push    cs
        pop     es
        mov     [result], ax
        mov     si, text_call
        movzx   eax, word [function]
        call    print_value
        mov     si, text_space
        movzx   eax, word [number]
        call    print_value
        movzx   eax, word [result]
        call    print_value
        movzx   eax, word [flags]
        and     al, FLAG_CF
        mov     ah, 0
        call    print_value
        mov     cx, [bytes]
        mov     di, ANSWER
        jcxz    .line
.byte:
        mov     al, ' '
        out     DEBUG_PORT, al
        mov     al, [di]
        inc     di
        call    print_byte
        loop    .byte
.line:
        mov     al, 10
        out     DEBUG_PORT, al
        pop     si
        jmp     .next

; AL as two hex digits; kills AX.
print_byte:
        push    ax
        shr     al, 4
        call    .digit
        pop     ax
        and     al, 15
.digit:
        cmp     al, 10
        jb      .decimal
        add     al, 'a' - '0' - 10
.decimal:
        add     al, '0'
        out     DEBUG_PORT, al
        ret

; Function, number, bytes of the answer.
calls:
        dw      4B01h, NUMBER, 19
        dw      4B01h, 7Fh, 19
        dw      4800h, 0E0h, 30
        dw      4100h, 0E0h, 0
        dw      0800h, 0E0h, 0
        dw      1500h, 0E0h, 0
        dw      4500h, 0E0h, 0
        dw      4600h, 0E0h, 0
        dw      4900h, 0E0h, 0
        dw      7F00h, 0E0h, 0
        dw      0

function:       dw 0
number:         dw 0
bytes:          dw 0
result:         dw 0
flags:          dw 0
text_call:      db "call ", 0
text_space:     db " ", 0

%include "end.inc"
