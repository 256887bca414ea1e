; dos_kernel.asm - the file of a DOS that is made up: checks what the boot sector leaves to it, and says so.
;
; Entered by:  bootsectors/dos/dos.asm, 16-bit real mode, at SEGMENT:OFFSET
; Defines:     TITLE           what it is called
;              SEGMENT         where it is loaded
;              OFFSET          where it begins; 200h makes it begin with `MZ`, and `BJ` there
;              OWN_SEGMENT     where the boot sector is
;              DRIVE           the drive
;              SECTORS         sectors of the file
;              LOADED          sectors of it that must be in memory
;              MAKER           text in it, if any
;              WAIT_FOR_KEY    wait for a key before the end
;
; The documents that say so are named in docs/folders.md.

                cpu 386
                bits 16
                org 0

%defstr TITLE_TEXT TITLE
PATTERN                 equ 9E3779B1h
CODE_SECTORS            equ 2 + OFFSET / 512
DEBUG_PORT              equ 0E9h
EXIT_PORT               equ 0F4h
EXIT_PASS               equ 10h
EXIT_FAIL               equ 11h
VECTOR_DISKETTE         equ 1Eh * 4
ROOT                    equ 500h
ENTRY_LEN               equ 32
HIDDEN_SYSTEM           equ 7
SCRATCH                 equ 8000h           ; segment that the volume's first sector is read to

; must condition, "what" - ends the run unless the condition holds
%macro must 2
                j%+1    %%holds
                mov     si, %%text
                jmp     fail
%%text:         db      %2, 0
%%holds:
%endmacro

%if OFFSET
                db      "MZ"
                times OFFSET - ($ - $$) db 0
                db      "BJ"                ; INC DX, DEC DX
%endif
start:
                mov     [cs:saved_ax], ax
                mov     [cs:saved_bx], bx
                mov     [cs:saved_cx], cx
                mov     [cs:saved_dx], dx
                mov     [cs:saved_si], si
                mov     [cs:saved_di], di
                mov     [cs:saved_ds], ds
                mov     [cs:saved_bp], bp
                mov     [cs:saved_sp], sp
                pushf
                pop     word [cs:saved_flags]
                push    cs
                pop     ds
                mov     ax, cs
                cmp     ax, SEGMENT
                must    e, "CS"
                call    .here
.here:          pop     ax
                cmp     ax, .here
                must    e, "IP"
                test    word [saved_flags], 400h
                must    z, "DF"
                test    word [saved_flags], 200h
                must    nz, "IF"
                cmp     byte [saved_dx], DRIVE
                must    e, "DL"
                mov     ax, ss
                cmp     ax, OWN_SEGMENT
                must    e, "SS"
                mov     bp, [saved_bp]
                cmp     bp, 7C00h
                must    e, "BP"
                cmp     word [bp + 510], 0AA55h
                must    e, "SS:BP"

                movzx   eax, word [bp + 16h]
                movzx   ecx, byte [bp + 10h]
                mul     ecx
                movzx   ecx, word [bp + 0Eh]
                add     eax, ecx
                add     eax, [bp + 1Ch]
                movzx   ecx, word [bp + 11h]
                shr     cx, 4
                add     eax, ecx            ; first sector of data
                cmp     [bp - 4], eax
                must    e, "[BP - 4]"
%if OWN_SEGMENT
                cmp     byte [saved_bx], DRIVE
                must    e, "BL"
%else
                cmp     [saved_bx], ax
                must    e, "BX"
                shr     eax, 16
                cmp     [saved_ax], ax
                must    e, "AX"
%endif
                mov     al, [bp + 15h]
                cmp     [saved_cx + 1], al
                must    e, "CH"
                cmp     word [saved_di], 2
                must    e, "DI"

                xor     ax, ax
                mov     es, ax
                mov     eax, [es:VECTOR_DISKETTE]
                mov     bx, [saved_sp]
                cmp     word [ss:bx], VECTOR_DISKETTE
                must    e, "[SP]"
                cmp     word [ss:bx + 2], 0
                must    e, "[SP + 2]"
                cmp     [ss:bx + 4], eax
                must    e, "[SP + 4]"
                cmp     [saved_si], ax
                must    e, "SI"
                shr     eax, 16
                cmp     [saved_ds], ax
                must    e, "DS"

                mov     al, [es:ROOT + 11]
                and     al, HIDDEN_SYSTEM
                cmp     al, HIDDEN_SYSTEM
                must    e, "first file"
                cmp     word [es:ROOT + 26], 2
                must    e, "cluster 2"
%if SEGMENT != 60h && !OFFSET
                mov     al, [es:ROOT + ENTRY_LEN + 11]
                and     al, HIDDEN_SYSTEM
                cmp     al, HIDDEN_SYSTEM
                must    e, "second file"
%endif

                mov     eax, CODE_SECTORS
.sector:
                mov     bx, ax
                shl     bx, 5
                add     bx, SEGMENT
                mov     es, bx
                imul    ecx, eax, PATTERN
                cmp     [es:0], ecx
                must    e, "a sector is not in memory"
                not     ecx
                cmp     [es:508], ecx
                must    e, "a sector is not whole"
                inc     ax
                cmp     ax, LOADED
                jb      .sector

                mov     dl, DRIVE
                mov     ah, 8
                push    es
                push    bp
                int     13h
                pop     bp
                pop     es
                push    cs
                pop     ds
                must    nc, "AH=08h"
                and     cx, 3Fh
                cmp     cx, [bp + 18h]
                must    e, "sectors per track"
                movzx   ax, dh
                inc     ax
                cmp     ax, [bp + 1Ah]
                must    e, "heads"

                mov     eax, [bp + 1Ch]
                xor     edx, edx
                movzx   ecx, word [bp + 18h]
                div     ecx
                mov     bl, dl
                inc     bl
                xor     edx, edx
                movzx   ecx, word [bp + 1Ah]
                div     ecx
                mov     dh, dl
                mov     dl, DRIVE
                mov     ch, al              ; the first track or two: no cylinder above 255
                mov     cl, bl
                push    SCRATCH
                pop     es
                xor     bx, bx
                mov     ax, 0201h
                push    bp
                int     13h
                pop     bp
                push    cs
                pop     ds
                must    nc, "CHS read"
                mov     si, bp
                add     si, 27h             ; behind the drive number
                mov     di, 27h
                mov     cx, 510 - 27h
                cld
                push    ss
                pop     ds
                repe cmpsb
                push    cs
                pop     ds
                must    e, "CHS place"

                mov     si, passed
                call    print
%ifdef WAIT_FOR_KEY
                xor     ah, ah
                int     16h
%endif
                mov     al, EXIT_PASS
                out     EXIT_PORT, al
fail:
                push    si
                mov     si, failed
                call    print
                pop     si
                call    print
                mov     al, EXIT_FAIL
                out     EXIT_PORT, al
.halt:          hlt
                jmp     .halt

print:
                push    cs
                pop     ds
                cld
.letter:        lodsb
                test    al, al
                jz      .end
                out     DEBUG_PORT, al
                mov     ah, 0Eh
                mov     bx, 7
                int     10h
                jmp     .letter
.end:           ret

passed:         db      TITLE_TEXT, " runs", 13, 10, 0
failed:         db      "FAIL: ", 0
%ifdef MAKER
                db      MAKER
%endif
saved_ax:       dw      0
saved_bx:       dw      0
saved_cx:       dw      0
saved_dx:       dw      0
saved_si:       dw      0
saved_di:       dw      0
saved_ds:       dw      0
saved_bp:       dw      0
saved_sp:       dw      0
saved_flags:    dw      0

                times CODE_SECTORS * 512 - ($ - $$) db 0
%assign number CODE_SECTORS
%rep SECTORS - CODE_SECTORS
                dd      number * PATTERN & 0FFFFFFFFh
                times 504 db 0D1h
                dd      (number * PATTERN & 0FFFFFFFFh) ^ 0FFFFFFFFh
  %assign number number + 1
%endrep
