; witness.asm - a boot sector that looks whether a BIOS keeps what specifications promise.
;
; Entered by:  BIOS at 0000:7C00, DL = drive
; Defines:     OF_CALLS or OF_MEMORY
; Leaves to:   never: writes 10h (all was kept) or 11h to port F4h, and before that
;              the letter of what was not kept to port E9h
;
; OF_CALLS: one read by EDD (EDD 3.0; RBIL): S status, R registers, F flags,
; P packet or the bytes behind it, A A20, N calls through the vector.
; OF_MEMORY: INT 15h (ACPI 15.1; RBIL): E the map fails or does not end, O its
; order, Z no length, C the size, B base memory and 0:413h, X AX=E801h or AH=88h,
; A A20 by AX=2401h, K there is no keyboard controller.

        cpu 386
        bits 16
        org 7C00h

PATTERN                 equ 9E3779B1h
SMAP                    equ 534D4150h
BASE_KIB                equ 413h
KNOWN                   equ 0C0DE1234h
KBC_STATUS              equ 64h

        jmp     short start
        nop
        times 0x3E - ($ - $$) db 0

start:
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     esp, 7C00h
        sti
        cld
%ifdef OF_CALLS
        mov     [number], dl
        mov     eax, [13h * 4]
        mov     [previous], eax
        mov     word [13h * 4], counted
        mov     [13h * 4 + 2], cs
        mov     ah, 42h
        mov     si, packet
        mov     ebx, KNOWN
        mov     ecx, KNOWN
        mov     edi, KNOWN
        mov     ebp, KNOWN
        rol     edx, 16
        mov     dx, KNOWN >> 16
        rol     edx, 16
        mov     fs, bx
        mov     gs, bx
        int     13h
        mov     [cs:status], ah
        pushf
        pop     ax
        mov     [cs:flags], ax
        mov     dh, 'R'
        cmp     dl, [cs:number]
        jne     fail
        shr     edx, 16
        cmp     dx, KNOWN >> 16
        mov     dh, 'R'
        jne     fail
        cmp     esp, 7C00h
        jne     fail
        cmp     ebx, KNOWN
        jne     fail
        cmp     ecx, ebx
        jne     fail
        cmp     edi, ebx
        jne     fail
        cmp     ebp, ebx
        jne     fail
        cmp     si, packet
        jne     fail
        mov     ax, ds
        mov     cx, es
        or      ax, cx
        jnz     fail
        mov     ax, fs
        cmp     ax, bx
        jne     fail
        mov     ax, gs
        cmp     ax, bx
        jne     fail
        mov     dh, 'S'
        test    byte [flags], 1
        jnz     fail
        cmp     byte [status], 0
        jne     fail
        mov     dh, 'F'
        mov     ax, [flags]
        and     ax, 600h
        cmp     ax, 200h                    ; IF, and no DF
        jne     fail
        mov     dh, 'P'
        mov     si, packet
        mov     di, same
        mov     cx, same.end - same
        repe    cmpsb
        jne     fail
        mov     dh, 'N'
        cmp     byte [calls], 1
        jne     fail
        mov     dh, 'A'
        call    a20_is_on
        je      fail
        jmp     pass

counted:
        inc     byte [cs:calls]
        jmp     far [cs:previous]

number:         db 0
status:         db 0
calls:          db 0
flags:          dw 0
        align   4, db 0
previous:       dd 0
packet:         db 10h, 0, 1, 0
                dw 0, 1000h
                dq 1
                times 16 db 5Ah
same:           db 10h, 0, 1, 0
                dw 0, 1000h
                dq 1
                times 16 db 5Ah
.end:
%endif

%ifdef OF_MEMORY
        mov     dh, 'K'
        in      al, KBC_STATUS
        cmp     al, 0FFh
        je      fail
        mov     ax, 2401h
        int     15h
        mov     dh, 'A'
        jc      fail
        call    a20_is_on
        je      fail
        mov     ax, 0E801h
        int     15h
        mov     dh, 'X'
        jc      fail
        mov     ah, 88h
        clc
        int     15h
        mov     dh, 'X'
        jc      fail

        xor     ebx, ebx
        xor     ebp, ebp                    ; the end of the last range
        mov     byte [left], 64
.entry:
        mov     eax, 0E820h
        mov     edx, SMAP
        mov     ecx, 20
        mov     di, range
        mov     dword [behind], KNOWN
        int     15h
        mov     dh, 'E'
        jc      fail
        cmp     eax, SMAP
        jne     fail
        dec     byte [left]
        jz      fail
        mov     dh, 'C'
        cmp     ecx, 20
        jne     fail
        cmp     dword [behind], KNOWN
        jne     fail
        mov     dh, 'Z'
        mov     ecx, [range + 8]
        or      ecx, [range + 12]
        jz      fail
        mov     dh, 'O'
        cmp     dword [range + 4], 0
        jne     .next                       ; above 4 GiB
        mov     ecx, [range]
        cmp     ecx, ebp
        jb      fail
        add     ecx, [range + 8]
        jc      .next
        mov     ebp, ecx
        cmp     dword [range], 0
        jne     .next
        mov     dh, 'B'
        shr     ecx, 10
        cmp     cx, [BASE_KIB]
        jne     fail
.next:
        test    ebx, ebx
        jnz     .entry
        jmp     pass

left:           db 0
        align   4, db 0
range:          times 20 db 0
behind:         dd 0
%endif

pass:
        mov     al, 10h
        jmp     say
fail:
        mov     al, dh
        out     0E9h, al
        mov     al, 11h
say:
        out     0F4h, al
.halt:
        hlt
        jmp     .halt

; a20_is_on - ZF = 0 if so; kills AX CX FS GS
a20_is_on:
        mov     ax, 0FFFFh
        mov     fs, ax
        xor     ax, ax
        mov     gs, ax
        mov     ax, [gs:7DFEh]
        not     word [gs:7DFEh]
        mov     cx, [fs:7E0Eh]              ; the same word, 1 MiB higher
        not     word [gs:7DFEh]
        not     ax
        cmp     ax, cx
        ret

        times 510 - ($ - $$) db 0
        dw      0AA55h
