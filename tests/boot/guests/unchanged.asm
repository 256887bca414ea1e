; unchanged.asm - what the machine is in when a call comes, it is in when the call returns: every function of INT 13h
; for our drive, and every function of INT 15h that we answer.
;
; The caller has a GDT and an IDT of its own, paging off, limits of 4 GiB in DS, ES, FS and GS, a value in the high
; half of ESP, and a CR0 bit (TS) that means something to it. Limits are checked by Bochs; QEMU lets everything pass.
;
; Defines: SPOIL, so that the guest changes its GDT by itself and must fail

%include "guest.inc"

OWN_IDT                 equ 50000h
CR0_TS                  equ 8

main:
        in      al, 92h                     ; A20, for `touch`
        or      al, 2
        and     al, 0FEh
        out     92h, al
        call    unreal
        call    own_idt

        ; the sector that writes put back
        mov     ax, 0201h
        call    load_registers
        int     13h
        call    check
        must    nc, "the first read"

        mov     byte [function], 0
.next:
        mov     ah, [function]
        mov     al, 1
        cmp     ah, 45h                     ; lock: what is asked
        jne     .asked
        mov     al, 2
.asked:
        call    load_registers
        int     13h
        call    check
        inc     byte [function]
        jnz     .next

        mov     si, memory_functions
.memory:
        lodsw
        test    ax, ax
        jz      .done
        push    si
        call    load_registers
        mov     edx, 534D4150h
        mov     ecx, 20
        xor     ebx, ebx
        mov     si, WORK + 256              ; the table of AH=C7h
        int     15h
        pop     si
        call    check
        jmp     .memory
.done:
        cli
        lidt    [bios_idtr]
        clts
        sti
        jmp     pass

memory_functions:
        dw      0E820h, 0E801h, 0E881h, 8800h, 8A00h, 0DA88h, 0C700h, 0

; AX stays; everything that a function of INT 13h may want is sound: CHS 0/0/2 and LBA 1 are the same sector.
load_registers:
        push    ax
        mov     ax, BUFFER_SEGMENT
        mov     es, ax
        mov     byte [WORK], 16             ; disk address packet, or room for AH=48h
        mov     byte [WORK + 1], 0
        mov     word [WORK + 2], 1
        mov     word [WORK + 4], 0
        mov     word [WORK + 6], BUFFER_SEGMENT
        mov     dword [WORK + 8], 1
        mov     dword [WORK + 12], 0
        pop     ax
        cmp     ah, 48h
        jne     .packet
        mov     word [WORK], 30
.packet:
        xor     bx, bx
        cmp     ah, 41h
        jne     .buffer
        mov     bx, 55AAh
.buffer:
        mov     cx, 2
        mov     dx, 80h
        mov     si, WORK
        xor     di, di
        and     esp, 0FFFFh
        or      esp, 0A5A50000h
        mov     bp, 0F50Fh
        mov     fs, [fs_value]
        mov     gs, [gs_value]
        ret

; Everything but the registers that hold results; CF comes back.
check:
        pushf
        push    cs
        pop     ds
        mov     eax, esp
        shr     eax, 16
        cmp     ax, 0A5A5h
        must    e, "the high half of ESP"
        movzx   esp, sp
        cmp     bp, 0F50Fh
        must    e, "BP"
        mov     ax, fs
        cmp     ax, [fs_value]
        must    e, "FS"
        mov     ax, gs
        cmp     ax, [gs_value]
        must    e, "GS"
        mov     eax, cr0
        and     eax, 80000000h | CR0_TS | 1
        cmp     eax, CR0_TS
        must    e, "CR0: no paging, no protected mode, TS"
%ifdef SPOIL
        lgdt    [bios_idtr]
%endif
        sgdt    [after]
        mov     eax, [our_gdtr + 2]
        xor     eax, [after + 2]
        and     eax, 0FFFFFFh
        must    z, "GDTR: base"
        mov     ax, [our_gdtr]
        cmp     ax, [after]
        must    e, "GDTR: limit"
        sidt    [after]
        mov     eax, [after + 2]
        and     eax, 0FFFFFFh
        cmp     eax, OWN_IDT
        must    e, "IDTR: base"
        cmp     word [after], 3FFh
        must    e, "IDTR: limit"
        pushf
        pop     ax
        test    ax, FLAG_IF
        must    nz, "interrupts are on"
        call    touch
        xor     ax, ax
        mov     es, ax
        popf
        ret

; A copy of the interrupt table somewhere else; what is written to the old one afterwards means nothing.
own_idt:
        cli
        mov     ax, OWN_IDT / 16
        mov     es, ax
        xor     si, si
        xor     di, di
        mov     cx, 200h
        rep movsw
        mov     word [es:13 * 4], fault
        mov     word [es:13 * 4 + 2], cs
        lidt    [our_idtr]
        mov     eax, cr0
        or      al, CR0_TS
        mov     cr0, eax
        xor     ax, ax
        mov     es, ax
        sti
        ret

function:       db 0
fs_value:       dw 1357h
gs_value:       dw 2468h
our_idtr:       dw 3FFh
                dd OWN_IDT
bios_idtr:      dw 3FFh
                dd 0
after:          times 6 db 0

%include "unreal.inc"
%include "end.inc"
