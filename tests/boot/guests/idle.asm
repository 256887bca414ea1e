; idle.asm - says that it runs, and stays, so that its memory can be looked at. First it keeps the memory map that
; INT 15h AX=E820h tells: what a kernel would know.
;
; Defines: LETTER, to tell it from its like
;
;   0x0000F000    WORK: number of entries, 4 bytes
;   0x0000F004    the entries, 20 bytes each

%include "guest.inc"

SMAP                    equ 534D4150h
ENTRY_LEN               equ 20
ENTRIES_MAX             equ 90

main:
        mov     dword [WORK], 0
        mov     di, WORK + 4
        xor     ebx, ebx
.entry:
        mov     eax, 0E820h
        mov     edx, SMAP
        mov     ecx, ENTRY_LEN
        push    di
        int     15h
        pop     di
        jc      .told
        cmp     eax, SMAP
        jne     .told
        inc     dword [WORK]
        add     di, ENTRY_LEN
        cmp     dword [WORK], ENTRIES_MAX
        je      .told
        test    ebx, ebx
        jnz     .entry
.told:
        say     "IDLE"
%ifdef LETTER
        mov     al, LETTER
        out     DEBUG_PORT, al
        mov     al, 10
        out     DEBUG_PORT, al
%endif
.halt:
        hlt
        jmp     .halt

%include "end.inc"
