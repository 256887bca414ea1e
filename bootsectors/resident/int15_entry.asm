; int15_entry.asm - INT 15h: the memory that is left beside the RAM disk.
;
; Included by: resident.asm                  Mode: 16-bit real or V86, any CS
; Stack:       the caller's: 20 bytes above INT's own

; ---------------------------------------------------------------------------
; int15_entry - E820h, E801h, E881h and 88h from our tables, the rest as before
;
;   AX=E820h    EDX = "SMAP", ECX >= 20, EBX = 0 or what the last call gave
;               out: 20 bytes at ES:DI, EAX = "SMAP", ECX = 20, EBX = next, 0
;               with the last; CF = 1, AH = 86h when it is called wrong
;   AX=E801h    out: AX = CX = KiB from 1 to 16 MiB, BX = DX = 64 KiB above
;   AX=E881h    the same in 32 bits
;   AH=88h      out: AX = KiB from 1 MiB on
; ---------------------------------------------------------------------------
int15_entry:
        cmp     ah, 88h
        je      .fn_88
        cmp     ax, 0E820h
        je      .fn_e820
        cmp     ax, 0E801h
        je      .fn_e801
        cmp     ax, 0E881h
        je      .fn_e881
.chain:
        jmp     far [cs:mbft + MBFT_OLD_INT15]

.fn_88:
        mov     ax, [cs:mbft + MBFT_MEMORY_88]
        jmp     .ok

.fn_e881:
        mov     eax, [cs:mbft + MBFT_MEMORY_1M]
        mov     ebx, [cs:mbft + MBFT_MEMORY_16M]
        mov     ecx, eax
        mov     edx, ebx
        jmp     .ok
.fn_e801:
        mov     ax, [cs:mbft + MBFT_MEMORY_1M]
        mov     bx, [cs:mbft + MBFT_MEMORY_16M]
        mov     cx, ax
        mov     dx, bx
        jmp     .ok

.fn_e820:
        cmp     edx, SMAP
        jne     .chain
        cmp     ecx, E820_ENTRY_LEN
        jb      .wrong
        movzx   eax, byte [cs:mbft + VAR_E820_COUNT]
        cmp     ebx, eax
        jae     .wrong
        push    ds
        push    si
        push    di
        push    cs
        pop     ds
        imul    si, bx, E820_ENTRY_LEN
        add     si, resident_end            ; the table follows the image
        mov     cx, E820_ENTRY_LEN / 4
        cld
        rep movsd
        pop     di
        pop     si
        pop     ds
        mov     ecx, E820_ENTRY_LEN
        inc     ebx
        cmp     ebx, eax
        mov     eax, SMAP
        jb      .ok
        xor     ebx, ebx
.ok:
        push    bp
        mov     bp, sp
        and     word [bp + 2 + STACKED_FLAGS], ~FLAGS_CF
        pop     bp
        iret

.wrong:
        mov     ah, 86h
        push    bp
        mov     bp, sp
        or      word [bp + 2 + STACKED_FLAGS], FLAGS_CF
        pop     bp
        iret
