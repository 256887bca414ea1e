; tables.asm - what drivers read, what the loader fills in, and the stack.
;
; Included by: resident.asm, last

FLAT_DATA               equ 8

        align   8, db 0
own_gdt:
        dq      0
        dw      0FFFFh, 0                   ; FLAT_DATA: base 0, 4 GiB
        db      0, ACCESS_DATA_BIOS, 0CFh, 0
own_gdt_end:
caller_gdt:
        times 6 db 0

move_gdt:                                   ; for INT 15h AH=87h
        times 16 db 0
move_source:
        dw      0FFFFh, 0
        db      0, ACCESS_DATA_BIOS, 0, 0
move_target:
        dw      0FFFFh, 0
        db      0, ACCESS_DATA_BIOS, 0, 0
        times 16 db 0

        align   4, db 0
caller_esp:     dd 0
caller_ss:      dw 0
a20_word:       dw 0
busy:           db 0                        ; a call for our drive is in progress
depth:          db 0                        ; calls in progress that we passed on
a20_was_off:    db 0
a20_turn:       db 0
move_status:    db 0
command_line:   db 0

        align   16, db 0
mbft:
        db      0, 0, 0, 0                  ; "mBFT", written last: a copy of this file
                                            ;   in memory must not look installed
        dd      MBFT_LEN
        db      1                           ; revision
        db      0                           ; checksum
        db      "MEMDSK"
        db      "Syslinux"
        dd      0, 0, 0
        dd      0                           ; linear address of the safe hook
.mdi:
        dw      MBFT_LEN - MBFT_MDI
        dw      MEMDISK_VERSION
        dd      0, 0                        ; address and sectors of the disk
        dw      command_line, 0             ; segment is filled in
        dd      0, 0                        ; INT 13h and INT 15h before us
        dw      0                           ; base memory before us
        db      0FFh                        ; boot loader: none that has a number
        db      0                           ; sector shift: 9
        dw      0                           ; diskette parameter table
%if $ - mbft != MBFT_LEN
  %error "the MDI must end where the mBFT does"
%endif
        times MBFT_DPT - ($ - mbft) db 0
.dpt:                                       ; as MEMDISK's; the loader fills in four bytes
        db      0DFh, 02h, 25h, 02h, 18, 12h, 0FFh, 6Ch, 0F6h, 0Fh, 05h, 79, 4
        times MBFT_VARIABLES - ($ - mbft) db 0
        db      0FFh                        ; VAR_STICK_DRIVE: none
        db      0, 0, 0, 0, 0
%if $ - mbft != VAR_HAND_OFF
  %error "the variables must be where resident.rs says"
%endif
        dw      hand_off
        db      0                           ; VAR_A20_METHOD
        times VAR_LINEAR - ($ - mbft) db 0
        dd      0                           ; VAR_LINEAR
own_gdt_register:
        dw      own_gdt_end - own_gdt - 1
%if $ - mbft != VAR_GDT_BASE
  %error "the variables must be where resident.rs says"
%endif
        dd      own_gdt                     ; VAR_GDT_BASE
        dw      0                           ; VAR_SEGMENT
        times 192 - ($ - mbft) db 0         ; spare: some BIOSes write past tables

; ---------------------------------------------------------------------------
; hand_off - from the loader to the image's first sector; lies in the stack
;
; Entered by:  the loader, 16-bit real mode, CS = this segment, SS = 0,
;              SP = MBR_LOAD, IF = 0
; In:          DL = drive, ES:DI = PnP structure or 0:0, the sector at MBR_LOAD
; Leaves to:   0000:MBR_LOAD, EDX = drive, ESI = 0, DS = FS = GS = SS = 0,
;              SP = MBR_LOAD, IF = 1, A20 as the machine had it
;
; Wipes what the boot chain used below LOW_MEMORY_END, so that nobody finds a
; signature of ours that is no longer true.
; ---------------------------------------------------------------------------
        align   4, db 0
stack:
hand_off:
        push    cs
        pop     ds
        mov     esp, MBR_LOAD
        push    es
        push    di
        push    dx
        test    cl, cl                      ; CL = 0: A20 was off at power-on
        jnz     .a20_stays
        mov     al, 0
        call    a20_switch
.a20_stays:
        cld
        xor     eax, eax
        xor     bx, bx
        mov     es, bx
        mov     di, REAL_STACK
        mov     cx, (MBR_LOAD - REAL_STACK - 64) / 4    ; all but the stack in use
        rep stosd
        mov     bx, (MBR_LOAD + SECTOR_SIZE) >> 4
.paragraph:                                 ; 16 bytes at a time, up to LOW_MEMORY_END
        mov     es, bx
        xor     di, di
        mov     cx, 4
        rep stosd
        inc     bx
        cmp     bx, LOW_MEMORY_END >> 4
        jb      .paragraph

        pop     dx
        pop     di
        pop     es
        movzx   edx, dl
        xor     esi, esi
        xor     ebx, ebx
        xor     ebp, ebp
        xor     ecx, ecx
        movzx   edi, di
        mov     ds, ax
        mov     fs, ax
        mov     gs, ax
        mov     esp, MBR_LOAD
        sti
        jmp     0:MBR_LOAD
        assert_room hand_off - $$ + RESIDENT_STACK_LEN
        times RESIDENT_STACK_LEN - ($ - stack) db 0
stack_top:
resident_end:
%if ($ - $$) > RESIDENT_MAX - 1024
  %error "too little room is left for the E820 table"
%endif
