; answers.asm - prints what INT 13h says of the RAM disk, a line for each call, to be compared with MEMDISK's answers.
;
; A line: the function, then AX BX CX DX and FLAGS after the call.

%include "guest.inc"

ANSWER                  equ WORK

main:
        mov     si, calls
.next:
        mov     ax, [si]
        cmp     ax, 0FFFFh
        je      .parameters
        mov     bx, [si + 2]
        mov     cx, [si + 4]
        mov     dl, [drive]
        mov     dh, 0
        call    ask
        add     si, 6
        jmp     .next

        ; The drive's parameters: 30 bytes of them.
.parameters:
        mov     di, ANSWER
        mov     cx, 40
        xor     ax, ax
        rep     stosw
        mov     word [ANSWER], 74
        mov     si, ANSWER
        mov     ax, 4800h
        xor     bx, bx
        xor     cx, cx
        mov     dl, [drive]
        mov     dh, 0
        call    ask
        mov     si, ANSWER
        mov     cx, 8
.words:
        lodsd
        call    print_hex
        mov     al, ' '
        out     DEBUG_PORT, al
        loop    .words
        mov     al, 10
        out     DEBUG_PORT, al
        jmp     pass

; A call with AX, BX, CX, DX, SI, and its line.
ask:
        pushad
        push    es
        mov     bp, ax
        push    word BUFFER_SEGMENT
        pop     es
        clc
        int     13h
        pushf
        pop     word [flags]
        push    cs
        pop     ds
        push    cs
        pop     es
        mov     [result], ax
        mov     [result + 2], bx
        mov     [result + 4], cx
        mov     [result + 6], dx
        and     word [flags], FLAG_CF
        mov     si, text_call
        movzx   eax, bp
        call    print_value
        mov     si, text_registers
        mov     eax, [result]
        call    print_value
        mov     si, text_space
        mov     eax, [result + 4]
        call    print_value
        mov     si, text_carry
        movzx   eax, word [flags]
        call    print_value
        mov     al, 10
        out     DEBUG_PORT, al
        pop     es
        popad
        ret

; AX, BX, CX of each call; DX is the drive.
calls:
        dw      0800h, 0, 0
        dw      1500h, 0, 0
        dw      4100h, 55AAh, 0
        dw      0000h, 0, 1
        dw      0201h, 0, 1
        dw      0401h, 0, 1
        dw      0501h, 0, 1
        dw      0C01h, 0, 1
        dw      1000h, 0, 1
        dw      1100h, 0, 1
        dw      1600h, 0, 1
        dw      0201h, 0, 0
        dw      7F00h, 0, 1
        dw      0FFFFh

result:         dq 0
flags:          dw 0
text_call:      db "call ", 0
text_registers: db " bx:ax ", 0
text_space:     db " dx:cx ", 0
text_carry:     db " cf ", 0

%include "end.inc"
