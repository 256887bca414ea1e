; hand_off.asm - from the loader to what is booted; lies in the private stack.
;
; Included by: resident.asm

; ---------------------------------------------------------------------------
; hand_off - boot
;
; Entered by:  the loader, 16-bit real mode, CS = this segment, SS = 0,
;              SP = MBR_LOAD, IF = 0
; In:          CL = 0 when A20 was off at power-on
; Leaves to:   VAR_BOOT_TARGET, EAX = BOOT_MAGIC, EDX = VAR_BOOT_DRIVE, the other
;              registers and all data segments 0, SP = MBR_LOAD, IF = 1, A20 as the
;              machine had it
;
; Boot sectors read to ES:BX without setting ES, and come up where the BIOS leaves it
; 0 (docs/quirks.md): so the PnP structure, which ES:DI may name, is left to be found
; by a scan.
;
; Wipes what the boot chain used below LOW_MEMORY_END, so that nobody finds a
; signature of ours that is no longer true; then brings in the boot sector, or
; the boot image of a CD, which may lie anywhere in what was wiped.
; ---------------------------------------------------------------------------
HAND_OFF_STACK          equ 320             ; for itself, the copy and a BIOS that moves A20

stack:
%if stack != move_gdt + 32
  %error "the last descriptors of move_gdt lie on the stack"
%endif
hand_off:
        mov     ax, cs
        mov     ds, ax
        mov     ss, ax                      ; a boot image may go where SP was
        mov     esp, stack_top
        push    cx
        cld
        xor     eax, eax
        mov     bx, REAL_STACK >> 4
.paragraph:                                 ; 16 bytes at a time, up to LOW_MEMORY_END
        mov     es, bx
        xor     di, di
        mov     cx, 4
        rep stosd
        inc     bx
        cmp     bx, LOW_MEMORY_END >> 4
        jb      .paragraph

        mov     esi, [VAR(BOOT_SOURCE)]
        mov     ecx, [VAR(BOOT_BYTES)]
        movzx   edi, word [VAR(BOOT_TARGET) + 2]
        shl     edi, 4
        movzx   eax, word [VAR(BOOT_TARGET)]
        add     edi, eax
        push    word [VAR(COPY)]
        mov     byte [VAR(COPY)], COPY_DIRECT
        call    copy_to_caller              ; the loader has used A20: it cannot fail
        pop     ax
        mov     [VAR(COPY)], al
        pop     cx
        test    cl, cl
        jnz     .a20_stays
        mov     al, 0
        call    a20_switch
.a20_stays:
        xor     ebx, ebx
        xor     ecx, ecx
        xor     esi, esi
        xor     edi, edi
        xor     ebp, ebp
        movzx   edx, byte [VAR(BOOT_DRIVE)]
        mov     eax, BOOT_MAGIC
        mov     ds, bx
        mov     es, bx
        mov     fs, bx
        mov     gs, bx
        mov     ss, bx
        mov     esp, MBR_LOAD
        sti
        jmp     far [cs:VAR(BOOT_TARGET)]
        assert_room stack - $$ + RESIDENT_STACK_LEN - HAND_OFF_STACK
; A copy around the resident part, which has a piece and three sets of registers on the
; stack, leaves the BIOS no less.
%if RESIDENT_STACK_LEN - 16 - PIECE_LEN - 3 * FRAME_size - 12 < HAND_OFF_STACK
  %error "the private stack is too small for a copy by the BIOS"
%endif
        times RESIDENT_STACK_LEN - ($ - stack) db 0
stack_top:
core_end:
