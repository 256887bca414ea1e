; protected.asm - into protected mode, back for each BIOS call, and exceptions.
;
; Included by: stage2.asm

CODE32                  equ 08h
DATA32                  equ 10h
CODE16                  equ 18h
DATA16                  equ 20h

FLAT                    equ 0CF00h          ; 4 GiB in pages, 32-bit
SMALL                   equ 0000h           ; 64 KiB in bytes, 16-bit

%macro descriptor 2                         ; access, size flags; base 0
        dw      0FFFFh, 0                   ; limit, in bytes or pages; base
        db      0, %1                       ; base again; access
        db      (%2) >> 8, 0                ; size of the limit and of operands
%endmacro

        align   8, db 0
gdt:
        dq      0                           ; selector 0 is none
        descriptor ACCESS_CODE, FLAT
        descriptor ACCESS_DATA, FLAT
        descriptor ACCESS_CODE, SMALL
        descriptor ACCESS_DATA, SMALL
.end:
gdt_register:
        dw      gdt.end - gdt - 1
        dd      gdt
idt_register:
        dw      idt.end - idt - 1
        dd      idt
real_idt_register:
        dw      3FFh                        ; 256 vectors of four bytes, from 0
        dd      0

; ---------------------------------------------------------------------------
; enter_loader - leave real mode for good, but for BIOS calls
; ---------------------------------------------------------------------------
enter_loader:
        cli
        lgdt    [gdt_register]
        lidt    [idt_register]              ; from here on a fault is ours
        mov     eax, cr0
        or      al, CR0_PE
        mov     cr0, eax
        jmp     CODE32:.flat                ; CS is 16-bit until it is loaded

        bits 32
.flat:
        mov     eax, DATA32
        mov     ds, eax
        mov     es, eax
        mov     fs, eax
        mov     gs, eax
        mov     ss, eax
        mov     esp, LOADER_STACK_TOP
        cld
        mov     eax, LOADER_LOAD
        call    eax                         ; absolute: a near call counts from here
.returned:
        jmp     .returned                   ; the loader does not return

; ---------------------------------------------------------------------------
; bios_call - one BIOS call from protected mode, for the loader (cdecl, no
; arguments)
;
;   in      CALL_REGISTERS  interrupt number and registers (boot.rs, Registers)
;   out     CALL_REGISTERS  registers and FLAGS after the call
;   kills   EAX ECX EDX, as cdecl allows
;
; The BIOS sees IF = 1, DF = 0, a stack of 29 KiB, CF = 1 (a BIOS without the
; function may leave CF alone), FS = GS = 0. An INT 13h or INT 15h call that hangs
; comes back with CF = 1 and AH = STATUS_ABANDONED (watch.asm): E820h and AX=2401h hang
; on some BIOSes. Nothing it leaves in a register, segment, GDTR or IDTR survives into
; the loader.
; ---------------------------------------------------------------------------
bios_call:
        pushad
        mov     [.esp32], esp               ; BIOSes keep the low half at most
        jmp     CODE16:.code16              ; a selector of 64 KiB: PE is left from one
        bits 16
.code16:
        mov     ax, DATA16
        mov     ds, ax                      ; each limit becomes 64 KiB, which real mode
        mov     es, ax                      ;   keeps: not every BIOS stands 4 GiB
        mov     fs, ax
        mov     gs, ax
        mov     ss, ax
        mov     eax, cr0
        and     al, ~CR0_PE
        mov     cr0, eax
        jmp     0:.real                     ; CS is a selector still
.real:
        xor     ax, ax
        mov     ds, ax
        mov     fs, ax
        mov     gs, ax
        mov     ss, ax
        mov     esp, MBR_LOAD               ; the high half too: the BIOS may PUSHAD
        lidt    [real_idt_register]

        cmp     word [REGS + REGS_INT], REGS_FAR_JUMP ; no interrupt has that number
        je      .leave
        mov     al, [REGS + REGS_INT]
        mov     [.int + 1], al              ; INT takes its number from the code alone
        cmp     al, INT_DISK
        je      .watch
        cmp     al, INT_SYSTEM
        jne     .patched
.watch:
        mov     ax, .after                  ; where a call that hangs goes on
        call    watch_start
        mov     [watch_tick.sp], sp         ; with this stack
.patched:
        jmp     .fetched                    ; the 486 prefetches past a write
.fetched:
        mov     eax, [REGS + REGS_EAX]
        mov     ebx, [REGS + REGS_EBX]
        mov     ecx, [REGS + REGS_ECX]
        mov     edx, [REGS + REGS_EDX]
        mov     esi, [REGS + REGS_ESI]
        mov     edi, [REGS + REGS_EDI]
        mov     ebp, [REGS + REGS_EBP]
        mov     es, [REGS + REGS_ES]        ; DS last: REGS is read by it
        mov     ds, [REGS + REGS_DS]
        sti
        stc                                 ; a call that nobody answers is an error
.int:
        int     0                           ; the number is written above
.after:
        cli
        cld
        push    ds
        push    cs
        pop     ds                          ; DS = 0
        pop     word [REGS + REGS_DS]
        mov     [REGS + REGS_ES], es
        pushf                               ; after MOV and PUSH, which change no flag
        pop     word [REGS + REGS_FLAGS]
        mov     [REGS + REGS_EAX], eax
        mov     [REGS + REGS_EBX], ebx
        mov     [REGS + REGS_ECX], ecx
        mov     [REGS + REGS_EDX], edx
        mov     [REGS + REGS_ESI], esi
        mov     [REGS + REGS_EDI], edi
        mov     [REGS + REGS_EBP], ebp
        mov     al, [REGS + REGS_INT]       ; the same calls as above
        cmp     al, INT_DISK
        je      .watched
        cmp     al, INT_SYSTEM
        jne     .unwatched
.watched:
        call    watch_end
.unwatched:

        lgdt    [gdt_register]              ; some BIOSes move blocks by a GDT of theirs
        lidt    [idt_register]
        mov     eax, cr0
        or      al, CR0_PE
        mov     cr0, eax
        jmp     CODE32:.back
        bits 32
.back:
        mov     eax, DATA32
        mov     ds, eax
        mov     es, eax
        mov     fs, eax
        mov     gs, eax
        mov     ss, eax
        mov     esp, [.esp32]               ; what the loader has there
        popad
        ret

        bits 16
.leave:                                     ; to the hand-off routine, for good
        mov     ecx, [REGS + REGS_ECX]
        mov     edx, [REGS + REGS_EDX]
        mov     edi, [REGS + REGS_EDI]
        mov     es, [REGS + REGS_ES]
        jmp     far [REGS + REGS_TARGET]    ; in real mode, IF = 0

.esp32:         dd 0

; ---------------------------------------------------------------------------
; exceptions - a fault of the loader: show its number and address, and stop
;
; Each vector calls `exception`; the return address tells which one it was.
; ---------------------------------------------------------------------------
EXCEPTIONS              equ 32
WITH_ERROR_CODE         equ 0002_7D00h      ; 8, 10-14 and 17

        bits 32
vectors:
%rep EXCEPTIONS
        call    exception                   ; five bytes each
%endrep
exception:
        pop     eax                         ; behind the CALL of the vector
        sub     eax, vectors + 5
        xor     edx, edx
        mov     ecx, 5
        div     ecx                         ; EAX = number
        mov     ecx, WITH_ERROR_CODE
        bt      ecx, eax                    ; has it an error code above its EIP?
        jnc     .no_code
        add     esp, 4
.no_code:
        mov     [.number], al               ; registers do not come through print
        mov     ebx, [esp]                  ; EIP
        jmp     CODE16:.code16              ; as in bios_call, but for good
        bits 16
.code16:
        mov     ax, DATA16
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     eax, cr0
        and     al, ~CR0_PE
        mov     cr0, eax
        jmp     0:.real
.real:
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, MBR_LOAD                ; nothing of the loader is needed again
        lidt    [real_idt_register]
        sti
        push    ebx                         ; some BIOSes lose it
        mov     ax, 3                       ; text mode: else it would stand within the loader's page
        int     INT_VIDEO
        pop     ebx
        mov     si, text_exception
        call    print
        mov     al, [.number]
        call    print_byte
        mov     si, text_at
        call    print
        mov     eax, ebx
        call    print_dword
        jmp     stop
.number:        db 0

        align   8, db 0
idt:
%assign n 0
%rep EXCEPTIONS
        ; offset, selector, interrupt gate; the offset's high half is 0
        dw      STAGE2_LOAD + (vectors - $$) + 5 * n, CODE32, 8E00h, 0
  %assign n n + 1
%endrep
.end:
