; state.asm - the state that the image is entered in, and what INT 13h leaves of the caller's own.
;
; Its own GDT and IDT register, 4 GB segment limits, interrupt flag, direction
; flag, and a stack with hardly any room. Limits are checked by Bochs; QEMU lets
; everything pass.
;
; Defines: NO_UNREAL, so that the limits are 64 KiB and the guest must fail

%include "guest.inc"

SMALL_STACK             equ 0E000h
STACK_ROOM              equ 32

main:
        mov     eax, [entry_esp]
        cmp     eax, 7C00h
        must    e, "entry: ESP is 7C00h"
        cmp     word [entry_ss], 0
        must    e, "entry: SS is 0"
        cmp     word [entry_cs], 0
        must    e, "entry: CS is 0"
        cmp     word [entry + REGISTERS.edx], 80h
        must    e, "entry: DX is the drive number"
        cmp     dword [entry + REGISTERS.eax], 0AA55h
        must    e, "entry: EAX is AA55h"
%macro zero_at_entry 1
        cmp     dword [entry + REGISTERS.%1], 0
        must    e, "entry: %1 is 0"
%endmacro
        zero_at_entry ebx
        zero_at_entry ecx
        zero_at_entry esi
        zero_at_entry edi
        zero_at_entry ebp
        cmp     word [entry + REGISTERS.es], 0
        must    e, "entry: ES is 0"
        cmp     word [entry + REGISTERS.ds], 0
        must    e, "entry: DS is 0"
        cmp     word [entry + REGISTERS.fs], 0
        must    e, "entry: FS is 0"
        cmp     word [entry + REGISTERS.gs], 0
        must    e, "entry: GS is 0"
        mov     ax, [entry + REGISTERS.flags]
        and     ax, FLAG_IF | FLAG_DF
        cmp     ax, FLAG_IF
        must    e, "entry: interrupts on, direction up"

        call    enable_a20
        call    descriptor_tables
        call    limits
        call    flags
        call    small_stack
        call    large_esp
        call    far_call
        jmp     pass

; A20 as the guests that need it switch it on: port 92h.
enable_a20:
        in      al, 92h
        or      al, 2
        and     al, 0FEh
        out     92h, al
        ret

; GDTR and IDTR are ours before and after.
descriptor_tables:
        cli
        lgdt    [our_gdtr]
        sidt    [idtr_before]
        sti
        call    read
        sgdt    [gdtr_after]
        sidt    [idtr_after]
        mov     eax, [our_gdtr + 2]
        xor     eax, [gdtr_after + 2]
        and     eax, 0FFFFFFh
        must    z, "GDTR: base"
        mov     ax, [our_gdtr]
        cmp     ax, [gdtr_after]
        must    e, "GDTR: limit"
        mov     eax, [idtr_before + 2]
        xor     eax, [idtr_after + 2]
        and     eax, 0FFFFFFh
        must    z, "IDTR: base"
        mov     ax, [idtr_before]
        cmp     ax, [idtr_after]
        must    e, "IDTR: limit"
        ret

; 4 GB limits in DS, ES, FS and GS live through a read.
limits:
        call    unreal
        call    touch                       ; or this guest proves nothing
        call    read_in_unreal
        call    touch
        call    read_in_unreal
        call    touch
        ret

; Reads with the segment registers as they are: loading one in real mode keeps its limit.
read_in_unreal:
        xor     ax, ax
        mov     ds, ax
        mov     ax, BUFFER_SEGMENT
        mov     es, ax
        mov     ax, 0201h
        xor     bx, bx
        mov     cx, 2
        mov     dx, 80h
        int     13h
        push    cs
        pop     ds
        must    nc, "a read in unreal mode"
        ret

; The interrupt flag comes back as it was, and the direction flag.
flags:
        mov     word [in + REGISTERS.flags], 2
        call    read
        mov     word [in + REGISTERS.flags], FLAG_IF | 0D7h
        call    read
        mov     word [in + REGISTERS.flags], FLAG_IF | FLAG_DF | 802h
        call    read
        mov     word [in + REGISTERS.flags], FLAG_IF | 2
        ret

; A caller that calls the vector with interrupts on, as a hook may, while the timer ticks at 9 kHz: an interrupt
; in protected mode would be the end.
far_call:
        mov     al, 34h
        out     43h, al
        mov     al, 80h
        out     40h, al
        mov     al, 0
        out     40h, al
        mov     bp, 300
.again:
        mov     ax, BUFFER_SEGMENT
        mov     es, ax
        mov     ax, 0240h
        xor     bx, bx
        mov     cx, 1
        mov     dx, 80h
        sti
        pushf
        call    far [13h * 4]
        must    nc, "a far call with interrupts on"
        dec     bp
        jnz     .again
        pushf
        pop     ax
        test    ax, FLAG_IF
        must    nz, "interrupts are on after a far call"
        push    cs
        pop     es
        ret

; A caller whose stack has hardly any room; the word below it must stay.
small_stack:
        mov     dword [SMALL_STACK - STACK_ROOM - 4], 0D1D1D1D1h
        mov     [saved_sp], sp
        cli
        mov     sp, SMALL_STACK
        mov     ax, BUFFER_SEGMENT
        mov     es, ax
        mov     ax, 0208h
        xor     bx, bx
        mov     cx, 2
        mov     dx, 80h
        int     13h
        mov     sp, [cs:saved_sp]
        sti
        push    cs
        pop     es
        must    nc, "a read with a small stack"
        cmp     dword [SMALL_STACK - STACK_ROOM - 4], 0D1D1D1D1h
        must    e, "INT 13h used more of the caller's stack than 32 bytes"
        ret

; A caller with something in the high half of ESP.
large_esp:
        or      esp, 0A5A50000h
        mov     ax, BUFFER_SEGMENT
        mov     es, ax
        mov     ax, 0201h
        xor     bx, bx
        mov     cx, 2
        mov     dx, 80h
        int     13h
        mov     eax, esp
        movzx   esp, sp
        push    cs
        pop     es
        must    nc, "a read with the high half of ESP in use"
        shr     eax, 16
        cmp     ax, 0A5A5h
        must    e, "the high half of ESP"
        ret

; A read by CHS whose bytes are compared.
read:
        call    poison
        bios    0208h, 0, 1 + 26, 80h, 0, "AH=02h"
        worked  "AH=02h"
        mov     esi, BUFFER
        mov     ebx, 26
        mov     ecx, 8
        call    is_disk
        must    e, "AH=02h: the bytes"
        ret

saved_sp:       dw 0
gdtr_after:     times 6 db 0
idtr_before:    times 6 db 0
idtr_after:     times 6 db 0

%include "unreal.inc"
%include "end.inc"
