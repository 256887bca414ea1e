; head_memdisk.asm - what drivers find of one RAM drive under MEMDISK's name.
;
; Entered by:  INT 13h, INT 15h
; Lives at:    offset 0 of a segment of its own, at the top of base memory; the
;              head of the boot drive comes first and lowest, on a whole KiB
;
;   offset        use
;   0             header: where the entries and the MDI are
;   10            safe hook, then the jump to the engine
;   48            mBFT, MDI and patch area as drivers read them (resident.rs)
;   168           jump to the engine's INT 15h
;   173           command line, empty

%include "assert.inc"
%include "layout.inc"

        cpu 386
        bits 16
        org 0

        assert_at "int13", HEAD_INT13
        dw      safe_hook
        assert_at "int15", HEAD_INT15
        dw      int15
        assert_at "mdi", HEAD_MDI
        dw      mbft + MBFT_MDI
        assert_at "size", HEAD_SIZE
        dw      HEAD_LEN
        assert_at "iret", HEAD_IRET
        dw      return

        assert_at "safe_hook", HEAD_SAFE_HOOK
safe_hook:
        jmp     strict near .engine         ; readers skip these three bytes
        db      "$INT13SF"
        db      "MEMDISK "
        assert_at "previous", HEAD_SAFE_HOOK + SAFE_HOOK_PREVIOUS
        dd      0                           ; filled in: the next head, or the BIOS
        assert_at "flags", HEAD_SAFE_HOOK + SAFE_HOOK_FLAGS
        dd      0                           ; WinVBlock claims the disk with bit 0
        assert_at "mbft_pointer", HEAD_SAFE_HOOK + SAFE_HOOK_MBFT
        dd      0                           ; filled in: linear address of the mBFT
.engine:
        db      0EAh                        ; far jump
        assert_at "engine_13", HEAD_ENGINE_13
        dd      0                           ; filled in
return:
        iret

        times HEAD_MBFT - ($ - $$) db 0
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
        dw      MBFT_LEN - MBFT_MDI
        dw      MEMDISK_VERSION
        dd      0, 0                        ; address and sectors of the disk
        dw      command_line, 0             ; segment is filled in
        dd      0, 0                        ; INT 13h and INT 15h before us
        dw      0                           ; base memory before us
        db      0FFh                        ; boot loader: none that has a number
        db      0                           ; sector shift: 0 means 9
        dw      0                           ; diskette parameter table
        assert_at "mbft_end", HEAD_MBFT + MBFT_LEN
        times HEAD_MBFT + MBFT_DPT - ($ - $$) db 0
        ; diskette parameter table, as MEMDISK's; the loader fills in four bytes
        db      0DFh, 02h, 25h, 02h, 18, 12h, 0FFh, 6Ch, 0F6h, 0Fh, 05h, 79, 4
        times HEAD_ENGINE_15 - 1 - ($ - $$) db 0
int15:
        db      0EAh                        ; far jump
        assert_at "engine_15", HEAD_ENGINE_15
        dd      0                           ; filled in
        assert_at "command_line", HEAD_COMMAND_LINE
command_line:
        db      0
        times HEAD_LEN - ($ - $$) db 0
