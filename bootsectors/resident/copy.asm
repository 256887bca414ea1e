; copy.asm - move bytes between the RAM disk and the caller's buffer.
;
; Included by: resident.asm                  Mode: 16-bit real or V86, DS = CS

BIOS_MOVE_MAX           equ 8000h           ; bytes in one INT 15h AH=87h
PIECE_LEN               equ 32              ; on the private stack, which the BIOS needs too

; ---------------------------------------------------------------------------
; to_caller, from_caller - as copy_to_caller and copy_from_caller, around the
; resident part
;
; A guest may read over the top of base memory, which a ROM BIOS survives. Of a
; buffer that covers the resident part, the bytes there stay as they are; a write
; takes zeros for them.
;   in      as copy_to_caller; ECX is a multiple of PIECE_LEN
; ---------------------------------------------------------------------------
from_caller:
        mov     bx, copy_from_caller
        lea     eax, [edi + ecx]            ; the end of the caller's buffer
        cmp     eax, [VAR(RESIDENT)]
        jbe     copy_from_caller
        jmp     around_resident
to_caller:
        lea     eax, [edi + ecx]
        cmp     eax, [VAR(RESIDENT)]
        jbe     copy_to_caller
        mov     bx, copy_to_caller
        ; fall through

; around_resident - the buffer ends behind the first byte of the resident part
;   in      BX            copy_to_caller or copy_from_caller
around_resident:
        cmp     edi, [VAR(RESIDENT_END)]
        jae     .apart
        jecxz   .apart                      ; nothing has no end to come to

.piece:                                     ; ESI, EDI, ECX: what is left
        pushad                              ; FRAME without segments, for what comes back
        sub     sp, PIECE_LEN
        cmp     bx, copy_to_caller
        je      .move
        call    caller_piece                ; first into the stack, then to the disk
.move:
        movzx   edi, sp
        add     edi, [VAR(LINEAR)]
        push    dword PIECE_LEN             ; shorter than a move of 32 bits
        pop     ecx
        call    bx
        mov     di, sp                      ; registers back, above the piece
        mov     [di + PIECE_LEN + FRAME.eax + 1], ah
        mov     bx, [di + PIECE_LEN + FRAME.ebx]
        mov     edi, [di + PIECE_LEN + FRAME.edi]
        jc      .moved
        cmp     bx, copy_from_caller
        je      .moved                      ; CF = 0
        call    caller_piece                ; CF = 0
.moved:
        lea     sp, [esp + PIECE_LEN]       ; CF stays, as POPAD leaves it
        popad
        jc      .done
        add     esi, PIECE_LEN
        add     edi, PIECE_LEN
        sub     ecx, PIECE_LEN
        jnz     .piece
.done:
        ret
.apart:
        jmp     bx

; ---------------------------------------------------------------------------
; caller_piece - the bytes above the return address, to or from the caller's buffer at
; EDI; where that covers the resident part nothing is stored, and zeros are taken
;
;   in      BX            copy_to_caller: to the buffer; else from it
;   out     CF = 0
;   kills   AL CX EDX EDI BP ES
; ---------------------------------------------------------------------------
caller_piece:
        mov     bp, sp
        mov     edx, edi
        shr     edi, 4                      ; linear address to segment and offset
        mov     es, di
        mov     di, dx
        and     di, 0Fh
        mov     cx, PIECE_LEN
.byte:
        mov     al, 0                       ; what a write finds in the resident part
        cmp     edx, [VAR(RESIDENT)]
        jb      .apart
        cmp     edx, [VAR(RESIDENT_END)]
        jb      .keep
.apart:
        mov     al, [bp + 2]                ; above the return address
        cmp     bx, copy_to_caller
        je      .store
        mov     al, [es:di]
.keep:
        mov     [bp + 2], al
        jmp     .next
.store:
        mov     [es:di], al
.next:
        inc     bp
        inc     di
        inc     edx
        loop    .byte
        clc
        ret

; ---------------------------------------------------------------------------
; copy_to_caller, copy_from_caller
;
;   in      ESI           linear address in the RAM disk
;           EDI           linear address of the caller's buffer
;           ECX           bytes, a multiple of 512; may be 0
;   out     CF = 0        done
;           CF = 1        AH = status
;   kills   EAX EBX ECX EDX ESI EDI ES
;
; In real mode: protected mode for the length of the copy, with interrupts off.
; GDTR is put back, IDTR is not touched; DS and ES keep the 4 GiB limits that they
; get, because a caller in unreal mode had them and no other caller can tell. CS,
; SS, FS and GS are not loaded, so their hidden parts are the caller's throughout.
; In V86 mode (PE = 1) the monitor does it: INT 15h AH=87h. So does the BIOS with
; COPY_INT15, for machines on which our own switch fails.
; ---------------------------------------------------------------------------
copy_from_caller:
        xchg    esi, edi                    ; from here on the target is in EDI
copy_to_caller:
        cmp     byte [VAR(COPY)], COPY_INT15
        je      copy_by_bios
        smsw    ax                          ; MOV from CR0 would fault in V86 mode
        test    al, CR0_PE
        jnz     copy_by_bios

        o32 sgdt [caller_gdt]               ; without O32 its base loses 8 bits
.again:
        mov     edx, [VAR(GDT_BASE)]
        o32 lgdt [own_gdt_register]
        mov     eax, cr0
        or      al, CR0_PE
        mov     cr0, eax
        jmp     .flat                       ; a 486 has prefetched
.flat:
        mov     bx, FLAT_DATA
        mov     ds, bx                      ; descriptors of 4 GiB stay in DS and ES
        mov     es, bx
        inc     word [edx + A20_WORD]       ; the same word 1 MiB higher: A20 is off
        mov     bx, [edx + A20_WORD + 100000h]
        cmp     bx, [edx + A20_WORD]
        jne     .a20_on
        inc     word [edx + A20_WORD]       ; equal by chance? then not twice
        mov     bx, [edx + A20_WORD + 100000h]
        cmp     bx, [edx + A20_WORD]
        je      .moved
.a20_on:
        shr     ecx, 2                      ; a multiple of 32 bytes: no rest
        a32 rep movsd
.moved:                                     ; ECX = 0, or A20 is off and nothing was moved
        and     al, ~CR0_PE
        mov     cr0, eax
        jmp     .real
.real:
        push    cs
        pop     ds
        o32 lgdt [caller_gdt]
        jecxz   .done                       ; all was moved
        inc     byte [a20_was_off]
        cmp     byte [a20_was_off], A20_TRIES
        ja      .no_a20
        mov     al, 1
        call    a20_switch
        jmp     .again
.done:
        cmp     byte [a20_was_off], 0       ; CF = 0
        jne     .put_back
        ret
.no_a20:
        mov     byte [a20_was_off], 0
        mov     ah, STATUS_NO_DRIVE
        stc
        ret

.put_back:
        mov     byte [a20_was_off], 0
        cmp     byte [VAR(A20_METHOD)], 0
        jne     .known
        mov     al, [a20_turn]              ; this method works: the same one back
        mov     [VAR(A20_METHOD)], al
.known:
        mov     al, 0
        call    a20_switch
        clc
        ret

; ---------------------------------------------------------------------------
; copy_by_bios - as above, through INT 15h AH=87h
;
; The vector of now is called, not the old one: a V86 monitor watches that. Its
; carry is believed, and interrupts are off again after it.
; ---------------------------------------------------------------------------
copy_by_bios:
        jecxz   .done
        mov     ebx, BIOS_MOVE_MAX
        cmp     ecx, ebx
        jae     .sized
        mov     ebx, ecx
.sized:
        pushad
        push    cs
        pop     es
        mov     eax, esi                    ; the source, then the target
        mov     di, move_source
        call    .address
        mov     eax, [esp + FRAME.edi]
        mov     di, move_target
        call    .address
        mov     cx, bx
        shr     cx, 1                       ; words
        mov     si, move_gdt
        mov     ah, SYS_MOVE_BLOCK
        int     INT_SYSTEM
        cli                                 ; a BIOS switches them on
        push    cs
        pop     ds
        popad
        jc      .failed
        add     esi, ebx
        add     edi, ebx
        sub     ecx, ebx
        jmp     copy_by_bios
.failed:
        mov     ah, STATUS_CONTROLLER       ; AH=87h has other codes than INT 13h
        stc
        ret
.done:
        clc
        ret

; .address - EAX into the base of the descriptor at DI
.address:
        mov     [di + 2], ax
        shr     eax, 16
        mov     [di + 4], al
        mov     [di + 7], ah
        ret
