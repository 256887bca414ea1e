; covers.asm - transfers whose buffer covers the resident part: all bytes around it are moved, those of the resident part
; stay, and everything works afterwards.
;
; Buffers end in it, cover all of it, begin in it, lie in it, and have odd
; addresses; by CHS, by packet, and by packet with a flat address. A write takes zeros
; for the bytes of the resident part.
;
; Defines: NUMBER      drive number; a CD has only packets, of blocks, and no writes
;          SPOIL       so that the guest changes a byte by itself and must fail: of the
;                      resident part's code (1), of its last bytes (2), or of what was
;                      read in front of it (3)

%include "guest.inc"

PACKET                  equ WORK
CODE_LEN                equ 2048            ; from the resident part's start: heads and code,
                                            ;   which nothing changes
TAIL_LEN                equ 128             ; up to its end: the E820 table and most of a record
KEPT_SEGMENT            equ 5000h           ; a copy of them
EBDA_SEGMENT            equ 5100h           ; and of what lies behind base memory
BASE_END                equ 0A0000h
%if NUMBER >= 0E0h
  %define BLOCK_SECTORS 4
  %define FIRST_BLOCK   (BOOT + GUEST_SECTORS / 4 + 1)
%else
  %define BLOCK_SECTORS 1
  %define FIRST_BLOCK   (GUEST_SECTORS + 20)
%endif
%define FIRST_SECTOR    (FIRST_BLOCK * BLOCK_SECTORS)

BY_CHS                  equ 0
BY_PACKET               equ 1
BY_FLAT_PACKET          equ 2

main:
        movzx   eax, word [413h]
        shl     eax, 10
        mov     [resident], eax
        movzx   eax, word [40Eh]
        shl     eax, 4
        mov     [behind], eax
        sub     eax, [resident]
        cmp     eax, 1024
        must    ae, "there is a resident part below the BIOS's own data"

        mov     ax, KEPT_SEGMENT
        mov     es, ax
        xor     di, di
        mov     eax, [resident]
        mov     cx, CODE_LEN
        call    store
        mov     eax, [behind]
        sub     eax, TAIL_LEN
        mov     cx, TAIL_LEN
        call    store
        mov     ax, EBDA_SEGMENT
        mov     es, ax
        xor     di, di
        mov     eax, [behind]
        mov     cx, BASE_END & 0FFFFh
        sub     cx, ax
        mov     [ebda_len], cx
        call    store
        push    cs
        pop     es
        cli                                 ; what lies behind is the BIOS's: nobody may use
                                            ;   it before it is put back
        and     word [in + REGISTERS.flags], ~FLAG_IF

        mov     bp, cases
.next:
        mov     eax, [resident]
        add     eax, [bp]
        mov     [buffer], eax
        mov     ax, [bp + 4]
        mov     [blocks], ax
        mov     ax, [bp + 6]
        mov     [way], ax
        push    bp
        call    read_case
%if NUMBER < 0E0h
        call    write_case
%endif
        pop     bp
        add     bp, 8
        cmp     bp, cases.end
        jb      .next
        jmp     pass

; distance of the buffer from the resident part's start, blocks, way
%macro case 3
        dd      %1
        dw      %2, %3
%endmacro
cases:
%if NUMBER >= 0E0h
        case    -1000h, 3, BY_PACKET        ; ends in it
        case    -800h, 3, BY_PACKET         ; covers it
        case    -7FFh, 3, BY_PACKET
        case    -1001h, 4, BY_FLAT_PACKET
        case    400h, 1, BY_PACKET          ; lies in it
        case    200h, 2, BY_FLAT_PACKET     ; begins in it
%else
        case    -800h, 8, BY_CHS
        case    -1000h, 16, BY_CHS
        case    -3FFh, 4, BY_CHS
        case    400h, 2, BY_CHS
        case    600h, 5, BY_CHS
  %if NUMBER >= 80h
        case    -0F000h, 128, BY_PACKET
        case    -1001h, 16, BY_PACKET
        case    -2, 7, BY_FLAT_PACKET
        case    301h, 5, BY_FLAT_PACKET
  %endif
%endif
.end:

; One read.
read_case:
        mov     eax, BUFFER                 ; what it must bring
        call    prepare
        mov     byte [function], 2
        call    transfer
        must    nc, "reading to a harmless place"
        mov     esi, BUFFER
        mov     ebx, FIRST_SECTOR
        movzx   ecx, word [blocks]
        imul    ecx, ecx, BLOCK_SECTORS
        call    is_disk
        must    e, "reading to a harmless place: the bytes"

        call    fill                        ; around the resident part
        mov     eax, [buffer]
        call    prepare
        call    transfer
        pushf
%ifdef SPOIL
  %if SPOIL == 3
        mov     eax, [resident]
        sub     eax, 10h
        shr     eax, 4
        mov     fs, ax
        inc     byte [fs:0Fh]
  %endif
%endif
        call    is_read
        setne   [wrong]
        call    put_back
        popf
        must    nc, "reading over the resident part"
        cmp     byte [wrong], 0
        must    e, "reading over the resident part: the bytes around it"
        call    code_is_kept
        ret

%if NUMBER < 0E0h
; One write, of a pattern; then it is read to a harmless place, and the disk is put back.
write_case:
        mov     eax, BUFFER                 ; the disk's own sectors
        call    prepare
        mov     byte [function], 2
        call    transfer
        call    fill
        mov     eax, [buffer]
        call    prepare
        mov     byte [function], 3
        call    transfer
        must    nc, "writing from over the resident part"
        mov     eax, WRITTEN
        call    prepare
        mov     byte [function], 2
        call    transfer
        must    nc, "reading what was written"
        call    is_written
        setne   [wrong]
        call    put_back
        mov     eax, BUFFER
        call    prepare
        mov     byte [function], 3
        call    transfer
        must    nc, "putting the disk back"
        cmp     byte [wrong], 0
        must    e, "writing from over the resident part: the bytes"
        call    code_is_kept
        ret
WRITTEN                 equ 30000h

; is_written - WRITTEN has the bytes of the buffer, and zeros for the resident part's
;   out     ZF = 1        yes
is_written:
        mov     edx, [buffer]
        mov     edi, WRITTEN
        call    bytes_of_case
.byte:
        call    load
        cmp     edx, [resident]
        jb      .around
        cmp     edx, [behind]
        jae     .around
        mov     al, 0
.around:
        mov     ah, al
        xchg    edx, edi
        call    load
        xchg    edx, edi
        cmp     al, ah
        jne     .done
        inc     edx
        inc     edi
        cmp     edx, BASE_END               ; ZF = 1 when all that is memory is compared
        je      .done
        dec     ecx
        jnz     .byte
.done:
        ret
%endif

; is_read - the buffer has the bytes of BUFFER around the resident part
;   out     ZF = 1        yes
is_read:
        mov     edx, [buffer]
        mov     edi, BUFFER
        call    bytes_of_case
.byte:
        cmp     edx, [resident]
        jb      .around
        cmp     edx, [behind]
        jb      .next
.around:
        call    load
        mov     ah, al
        xchg    edx, edi
        call    load
        xchg    edx, edi
        cmp     al, ah
        jne     .done
.next:
        inc     edx
        inc     edi
        cmp     edx, BASE_END
        je      .done
        dec     ecx
        jnz     .byte
.done:
        ret

; bytes_of_case - ECX = bytes of the transfer
bytes_of_case:
        movzx   ecx, word [blocks]
        imul    ecx, ecx, BLOCK_SECTORS * 512
        ret

; load - AL = the byte at linear EDX; kills BX, FS
load:
        mov     ebx, edx
        shr     ebx, 4
        mov     fs, bx
        mov     bx, dx
        and     bx, 15
        mov     al, [fs:bx]
        ret

; fill - a pattern into the buffer, but for the resident part; kills EAX BX ECX EDX FS
fill:
        mov     edx, [buffer]
        call    bytes_of_case
.byte:
        cmp     edx, [resident]
        jb      .around
        cmp     edx, [behind]
        jb      .next
        cmp     edx, BASE_END
        jae     .done
.around:
        mov     ebx, edx
        shr     ebx, 4
        mov     fs, bx
        mov     bx, dx
        and     bx, 15
        mov     al, dl
        xor     al, dh
        or      al, 80h                     ; never 0
        mov     [fs:bx], al
.next:
        inc     edx
        dec     ecx
        jnz     .byte
.done:
        ret

; put_back - what lies behind base memory; FLAGS kept
put_back:
        pushf
        push    ds
        mov     cx, [ebda_len]
        mov     eax, [behind]
        shr     eax, 4
        mov     es, ax
        xor     di, di
        mov     ax, EBDA_SEGMENT
        mov     ds, ax
        xor     si, si
        rep     movsb
        pop     ds
        push    cs
        pop     es
        popf
        ret

; code_is_kept - fails unless the resident part's heads and code are what they were
code_is_kept:
%ifdef SPOIL
        mov     eax, [resident]
  %if SPOIL == 2
        mov     eax, [behind]
        sub     eax, 100h + 10h
  %endif
        shr     eax, 4
        mov     es, ax
  %if SPOIL < 3
        inc     byte [es:100h]
  %endif
%endif
        mov     eax, [resident]
        shr     eax, 4
        mov     es, ax
        xor     di, di
        push    ds
        mov     ax, KEPT_SEGMENT
        mov     ds, ax
        xor     si, si
        mov     cx, CODE_LEN
        repe    cmpsb
        jne     .done
        mov     eax, [cs:behind]
        sub     eax, TAIL_LEN
        shr     eax, 4
        mov     es, ax
        xor     di, di
        mov     cx, TAIL_LEN
        repe    cmpsb
.done:
        pop     ds
        push    cs
        pop     es
        must    e, "the resident part: heads and code, or the drive's record and the E820 table"
        ret

; store - CX bytes from linear EAX, a multiple of 16, to ES:DI
store:
        push    ds
        shr     eax, 4
        mov     ds, ax
        xor     si, si
        rep     movsb
        pop     ds
        ret

; prepare - EAX = linear address of the buffer for `transfer`
prepare:
        mov     [target], eax
        ret

; transfer - function 2 or 3 by [way], [blocks] blocks from FIRST_BLOCK; out CF
transfer:
        mov     eax, [target]
        mov     ebx, eax
        shr     eax, 4
        and     bx, 15                      ; AX:BX
        cmp     word [way], BY_CHS
        je      .chs
        mov     word [PACKET], 16
        mov     [PACKET + 4], bx
        mov     [PACKET + 6], ax
        cmp     word [way], BY_PACKET
        je      .packet
        mov     word [PACKET], 24
        mov     dword [PACKET + 4], -1
        mov     eax, [target]
        mov     [PACKET + 16], eax
        mov     dword [PACKET + 20], 0
.packet:
        mov     ax, [blocks]
        mov     [PACKET + 2], ax
        mov     dword [PACKET + 8], FIRST_BLOCK
        mov     dword [PACKET + 12], 0
        mov     si, PACKET
        mov     ah, [function]
        add     ah, 40h
        mov     al, 0
        mov     dl, NUMBER
        int     13h
        ret
.chs:
        push    es
        mov     es, ax
        push    bx
        mov     eax, FIRST_SECTOR
        call    to_chs
        pop     bx
        mov     dl, NUMBER
        mov     ah, [function]
        mov     al, [blocks]
        int     13h
        pop     es
        ret

                align 4, db 0
resident:       dd 0                        ; linear address of the resident part
behind:         dd 0                        ; and one past its end
buffer:         dd 0
target:         dd 0
blocks:         dw 0
way:            dw 0
ebda_len:       dw 0
function:       db 0
wrong:          db 0

%include "end.inc"
