; memory.asm - every BIOS call that tells the memory agrees with the others, and none offers the RAM disk.
;
; Defines: BASE_LEFT, KiB of base memory that must be left; else 3 less than SeaBIOS leaves

%include "guest.inc"

%ifndef BASE_LEFT
  %define BASE_LEFT 636                     ; SeaBIOS takes one itself
%endif

LIST                    equ WORK            ; E820 entries, 20 bytes each
ENTRIES_MAX             equ 64
TABLE                   equ WORK + 780h     ; what AH=C7h fills in, 42 bytes
SMAP                    equ 534D4150h
MIB                     equ 100000h

main:
        call    ram_disk
        call    list
        call    low_memory
        call    no_ram_in_the_disk
        call    other_calls
        call    old_calls
        call    refusals
        jmp     pass

; Where the RAM disk is: MEMDISK's installation check.
ram_disk:
        mov     eax, 454D0800h
        mov     ecx, 444D0000h
        mov     edx, 53490080h
        mov     ebx, 3F4B0000h
        int     13h
        must    nc, "installation check: CF"
        shr     eax, 16
        cmp     ax, 4D21h
        must    e, "installation check: EAX"
        shr     ecx, 16
        cmp     cx, 4D45h
        must    e, "installation check: ECX"
        shr     edx, 16
        cmp     dx, 4944h
        must    e, "installation check: EDX"
        shr     ebx, 16
        cmp     bx, 4B53h
        must    e, "installation check: EBX"
        mov     eax, [es:di + 4]
        mov     [disk_start], eax
        mov     ecx, [es:di + 8]
        cmp     ecx, DISK_SECTORS
        must    e, "installation check: sectors"
        shl     ecx, 9
        add     eax, ecx
        mov     [disk_end], eax
        mov     ax, es                      ; the hook's segment
        mov     bx, [413h]
        shl     bx, 6
        cmp     ax, bx
        push    cs
        pop     es
        must    ae, "the hook is above the base memory that is left"
        ret

; Reads the whole E820 list; entries are ascending, do not overlap, and none is empty.
list:
        xor     ebx, ebx
        mov     di, LIST
        mov     dword [free_from], 0
        mov     dword [free_from + 4], 0
        mov     word [count], 0
.next:
        mov     eax, 0E820h
        mov     edx, SMAP
        mov     ecx, 20
        mov     ebp, 0F1F2F3F4h
        push    ds
        int     15h
        pop     ds
        must    nc, "E820h: CF"
        cmp     eax, SMAP
        must    e, "E820h: EAX"
        cmp     ecx, 20
        must    e, "E820h: ECX"
        cmp     ebp, 0F1F2F3F4h
        must    e, "E820h: EBP"
        mov     eax, [di + 8]
        or      eax, [di + 12]
        must    nz, "E820h: an empty entry"
        mov     eax, [di]
        mov     edx, [di + 4]
        sub     eax, [free_from]
        sbb     edx, [free_from + 4]
        must    nc, "E820h: entries overlap, or are not in order"
        mov     eax, [di]
        mov     edx, [di + 4]
        add     eax, [di + 8]
        adc     edx, [di + 12]
        mov     [free_from], eax
        mov     [free_from + 4], edx
        cmp     dword [di + 16], 0
        must    ne, "E820h: type 0"
        add     di, 20
        inc     word [count]
        cmp     word [count], ENTRIES_MAX
        must    b, "E820h: no end"
        test    ebx, ebx
        jnz     .next
        ret

; The first entry is RAM from 0 to the end that 0:413h and INT 12h tell.
low_memory:
        cmp     dword [LIST], 0
        must    e, "E820h: begins at 0"
        cmp     dword [LIST + 16], 1
        must    e, "E820h: RAM at 0"
        movzx   eax, word [413h]
        shl     eax, 10
        cmp     eax, [LIST + 8]
        must    e, "E820h: RAM at 0 ends where 0:413h says"
        int     12h
        cmp     ax, [413h]
        must    e, "INT 12h says what 0:413h says"
        cmp     word [413h], BASE_LEFT
        must    ae, "base memory: no more taken than it may be"
        ; What follows up to 640 KiB is reserved.
        mov     eax, [LIST + 20]
        cmp     eax, [LIST + 8]
        must    e, "E820h: nothing between the RAM at 0 and the next entry"
        cmp     dword [LIST + 36], 1
        must    ne, "E820h: the hook's memory is not RAM"
        ret

; No entry of type 1 reaches into the RAM disk, which begins above 1 MiB.
no_ram_in_the_disk:
        cmp     dword [disk_start], MIB
        must    ae, "the RAM disk is above 1 MiB"
        test    word [disk_start], 0FFFh
        must    z, "the RAM disk begins at a page"
        mov     si, LIST
        mov     cx, [count]
.entry:
        cmp     dword [si + 16], 1
        jne     .next
        cmp     dword [si + 4], 0
        jne     .next                       ; above 4 GiB
        mov     eax, [si]
        mov     [note], eax
        cmp     eax, [disk_end]
        jae     .next
        add     eax, [si + 8]
        jc      .next
        cmp     eax, [disk_start]
        must    be, "E820h: the RAM disk is offered as RAM"
.next:
        add     si, 20
        loop    .entry
        ret

; E801h, E881h and 88h against the list.
other_calls:
        ; The end of the RAM that begins at 1 MiB, and of that at 16 MiB.
        mov     si, LIST
        mov     cx, [count]
        mov     dword [end_1m], MIB
        mov     dword [end_16m], 16 * MIB
.entry:
        cmp     dword [si + 16], 1
        jne     .next
        cmp     dword [si + 4], 0
        jne     .next
        mov     eax, [si]
        mov     edx, eax
        add     edx, [si + 8]
        cmp     eax, MIB
        ja      .not_1m
        cmp     edx, MIB
        jbe     .not_1m
        mov     [end_1m], edx
.not_1m:
        cmp     eax, 16 * MIB
        ja      .next
        cmp     edx, 16 * MIB
        jbe     .next
        mov     [end_16m], edx
.next:
        add     si, 20
        loop    .entry

        mov     eax, [end_1m]
        cmp     eax, 16 * MIB
        jbe     .below
        mov     eax, 16 * MIB
.below:
        sub     eax, MIB
        shr     eax, 10
        mov     [want_1m], eax
        mov     eax, [end_16m]
        sub     eax, 16 * MIB
        shr     eax, 16
        mov     [want_16m], eax

        mov     ax, 0E801h
        xor     bx, bx
        xor     cx, cx
        xor     dx, dx
        int     15h
        must    nc, "E801h: CF"
        cmp     ax, cx
        must    e, "E801h: AX is CX"
        cmp     bx, dx
        must    e, "E801h: BX is DX"
        movzx   eax, ax
        mov     [note], eax
        cmp     eax, [want_1m]
        must    e, "E801h: KiB above 1 MiB"
        movzx   ebx, bx
        mov     [note], ebx
        cmp     ebx, [want_16m]
        must    e, "E801h: 64 KiB units above 16 MiB"

        mov     ax, 0E881h
        xor     ebx, ebx
        xor     ecx, ecx
        xor     edx, edx
        int     15h
        must    nc, "E881h: CF"
        mov     [note], eax
        cmp     eax, [want_1m]
        must    e, "E881h: KiB above 1 MiB"
        mov     [note], ebx
        cmp     ebx, [want_16m]
        must    e, "E881h: 64 KiB units above 16 MiB"

        mov     ax, 8800h
        int     15h
        must    nc, "AH=88h: CF"
        movzx   eax, ax
        mov     [note], eax
        mov     ebx, [want_1m]
        cmp     ebx, 15 * 1024
        jb      .want_88
        mov     ecx, [end_16m]
        sub     ecx, 16 * MIB
        shr     ecx, 10
        add     ebx, ecx
        cmp     ebx, 0FFFFh
        jbe     .want_88
        mov     ebx, 0FFFFh
.want_88:
        cmp     eax, ebx
        must    be, "AH=88h: not more than there is"
        add     eax, 64                     ; E801h counts in 64 KiB
        cmp     eax, ebx
        jae     .done
        cmp     eax, 15 * 1024 + 64         ; a BIOS may stop at 16 or 64 MiB
        must    ae, "AH=88h: what there is, or 15 MiB"
.done:
        ret

; The calls of Phoenix, AMI and PS/2 BIOSes, which an old HIMEM asks.
old_calls:
        mov     eax, [end_1m]
        sub     eax, MIB
        shr     eax, 10
        mov     [want_kib], eax
        mov     ax, 8A00h
        mov     dx, 0D1D1h
        int     15h
        must    nc, "AH=8Ah: CF"
        shl     edx, 16
        mov     dx, ax
        mov     [note], edx
        call    is_wanted
        must    nc, "AH=8Ah: KiB above 1 MiB up to the first gap"

        mov     ax, 0DA88h
        mov     bx, 0D1D1h
        mov     cx, 0D1D1h
        int     15h
        must    nc, "AX=DA88h: CF"
        test    ax, ax
        must    z, "AX=DA88h: AX"
        cmp     ch, 0D1h
        must    e, "AX=DA88h: CH"
        movzx   ecx, cl
        shl     ecx, 16
        mov     cx, bx
        mov     [note], ecx
        mov     edx, ecx
        call    is_wanted
        must    nc, "AX=DA88h: KiB above 1 MiB up to the first gap"

        mov     di, TABLE
        mov     cx, 24
        mov     ax, 0D1D1h
        rep     stosw
        mov     si, TABLE
        mov     ax, 0C700h
        int     15h
        must    nc, "AH=C7h: CF"
        cmp     si, TABLE
        must    e, "AH=C7h: SI"
        cmp     word [TABLE], 40
        must    e, "AH=C7h: bytes that follow"
        mov     ebx, [want_16m]
        shl     ebx, 6                      ; KiB
        mov     eax, [want_1m]
        mov     cx, 4                       ; local, system, cacheable, and where it ends
        mov     di, TABLE + 2
.pair:
        mov     [note], di
        scasd
        must    e, "AH=C7h: KiB above 1 MiB"
        xchg    eax, ebx
        scasd
        must    e, "AH=C7h: KiB above 16 MiB"
        xchg    eax, ebx
        loop    .pair
        cmp     word [TABLE + 42], 0D1D1h
        must    e, "AH=C7h: more than the table"
        ret

; CF = 0: EDX is [want_kib], or less by a part of 64 KiB, in which it may be counted.
is_wanted:
        mov     eax, [want_kib]
        sub     eax, edx
        jc      .done
        cmp     eax, 64
        cmc
.done:
        ret

; Calls that make no sense are refused or passed on, and come back.
refusals:
        mov     eax, 0E820h
        mov     edx, SMAP
        mov     ecx, 19
        xor     ebx, ebx
        mov     di, WORK + 0F00h - 20
        int     15h
        must    c, "E820h with room for 19 bytes"
        mov     ax, 0C0FFh
        int     15h                         ; whatever it says, it comes back
        ret

disk_start:     dd 0
disk_end:       dd 0
free_from:      dq 0
count:          dw 0
end_1m:         dd 0
end_16m:        dd 0
want_1m:        dd 0
want_16m:       dd 0
want_kib:       dd 0

%include "end.inc"
