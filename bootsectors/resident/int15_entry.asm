; int15_entry.asm - INT 15h: the memory that is left beside the RAM disk.
;
; Included by: resident.asm                  Mode: 16-bit real or V86, any CS
; Stack:       the caller's: 20 bytes above INT's own

MEMORY_TABLE_LEN        equ 42              ; of AH=C7h, with its length word

; ---------------------------------------------------------------------------
; int15_entry - the size of memory from our tables, the rest as before
;
;   AX=E820h    EDX = "SMAP", ECX >= 20, EBX = 0 or what the last call gave; its
;               high half is not looked at, as in SeaBIOS and Bochs
;               out: 20 bytes at ES:DI, EAX = "SMAP", ECX = 20, EBX = next, 0
;               with the last; CF = 1, AH = 86h when it is called wrong
;   AX=E801h    out: AX = CX = KiB from 1 to 16 MiB, BX = DX = 64 KiB above
;   AX=E881h    the same in 32 bits
;   AH=88h      out: AX = KiB from 1 MiB on
;   AH=8Ah      out: DX:AX = KiB from 1 MiB on (Phoenix)
;   AX=DA88h    out: CL:BX = KiB from 1 MiB on, AX = 0 (AMI)
;   AH=C7h      out: the table at DS:SI (PS/2): from 1 and from 16 MiB on
; Every one of them, though some BIOSes have it and some not: one that was passed on
; would tell of the memory that the RAM disks lie in.
; ---------------------------------------------------------------------------
int15_entry:
        cmp     ah, 88h
        je      .fn_88
        cmp     ah, 8Ah
        je      .fn_8a
        cmp     ah, 0C7h
        je      .fn_c7
        cmp     ax, 0DA88h
        je      .fn_da88
        cmp     ax, 0E820h
        je      .fn_e820
        cmp     ax, 0E801h
        je      .fn_e801
        cmp     ax, 0E881h
        je      .fn_e881
.chain:
        jmp     far [cs:VAR(OLD_INT15)]

.fn_88:
        mov     ax, [cs:VAR(MEMORY_88)]     ; as much as 16 bits hold
        jmp     .ok

.fn_8a:
        mov     ax, [cs:VAR(MEMORY_KIB)]
        mov     dx, [cs:VAR(MEMORY_KIB) + 2]
        jmp     .ok
.fn_da88:
        mov     bx, [cs:VAR(MEMORY_KIB)]
        mov     cl, [cs:VAR(MEMORY_KIB) + 2] ; 24 bits are all that the call has
        xor     ax, ax
        jmp     .ok

.fn_c7:
        push    es
        pushad
        push    ds                          ; STOS writes by ES
        pop     es
        mov     di, si
        cld
        mov     ax, MEMORY_TABLE_LEN - 2    ; its own word does not count
        stosw
        mov     eax, [cs:VAR(MEMORY_1M)]
        mov     ebx, [cs:VAR(MEMORY_16M)]
        shl     ebx, 6                      ; KiB
        mov     cx, 4                       ; local, system, cacheable, and where
.pair:                                      ;   the memory ends
        stosd
        xchg    eax, ebx
        stosd
        xchg    eax, ebx
        loop    .pair
        xor     eax, eax
        stosd                               ; no free segment
        stosd
        popad
        pop     es
        jmp     .ok

.fn_e881:
        mov     eax, [cs:VAR(MEMORY_1M)]
        mov     ebx, [cs:VAR(MEMORY_16M)]
        mov     ecx, eax                    ; configured memory is what there is
        mov     edx, ebx
        jmp     .ok
.fn_e801:
        mov     ax, [cs:VAR(MEMORY_1M)]
        mov     bx, [cs:VAR(MEMORY_16M)]
        mov     cx, ax
        mov     dx, bx
        jmp     .ok

.fn_e820:
        cmp     edx, SMAP
        jne     .chain
        cmp     ecx, E820_ENTRY_LEN         ; who has room for less cannot be answered
        jb      .wrong
        test    bh, bh                      ; no entry has a number above 255
        jnz     .wrong
        cmp     bl, [cs:VAR(E820_COUNT)]
        jae     .wrong
        push    ds
        push    si
        push    di
        push    cs
        pop     ds
        imul    si, bx, E820_STORED_LEN     ; stored without bytes that are always 0
        add     si, [VAR(E820)]
        cld
        movsd                               ; 48 bits of address
        movsw                               ; no address has more: its last 16 are 0
        xor     eax, eax
        stosw
        movsd                               ; 40 of length
        lodsb                               ; the highest byte of the length
        stosd
        lodsb                               ; 8 of kind
        stosd
        pop     di
        pop     si
        pop     ds
        mov     ecx, E820_ENTRY_LEN
        inc     ebx                         ; the next one; 0 behind the last
        mov     eax, SMAP
        cmp     bl, [cs:VAR(E820_COUNT)]
        jb      .ok
        xor     ebx, ebx
.ok:
        push    bp
        mov     bp, sp                      ; the flags that IRET gives back
        and     word [bp + 2 + STACKED_FLAGS], ~FLAGS_CF
        pop     bp
        iret

.wrong:
        mov     ah, 86h
        jmp     set_carry
