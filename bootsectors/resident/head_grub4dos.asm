; head_grub4dos.asm - what drivers find of all RAM drives under GRUB4DOS's name.
;
; Entered by:  INT 13h
; Lives at:    offset 0 of the lowest segment of the resident part, on a whole
;              KiB: drivers look for the slots at offset 20h of the segment that
;              the vector names, and SVBus for both in one page of 4 KiB
;
;   offset        use
;   000           header; size, old BIOS data and old vectors are filled in
;   020           eight slots and one of zeros (resident.rs)
;   100           safe hook, then the jump to the engine
;   130           diskette parameter tables

%include "assert.inc"
%include "layout.inc"

        cpu 386
        bits 16
        org 0

        assert_at "size_kib", SLOTS_SIZE_KIB
        db      0
        db      0
        db      0                           ; ATAPI drives
        db      FIRST_DISC                  ; lowest CD number
        db      "G4DS"
        dw      1                           ; version
        times SLOTS_SAFE_HOOK - 4 - ($ - $$) db 0
        dd      16
        assert_at "safe_hook", SLOTS_SAFE_HOOK
        jmp     strict near .engine         ; readers skip these three bytes
        db      "$INT13SF"
        db      "GRUB4DOS"
        assert_at "previous", SLOTS_SAFE_HOOK + SAFE_HOOK_PREVIOUS
        dd      0                           ; filled in: INT 13h before us
        assert_at "flags", SLOTS_SAFE_HOOK + SAFE_HOOK_FLAGS
        dd      1                           ; as GRUB4DOS ships it
        dd      1                           ; scheme of INT 13h
.engine:
        db      0EAh                        ; far jump
        assert_at "engine_13", SLOTS_ENGINE_13
        dd      0                           ; filled in
        times SLOTS_DPT - ($ - $$) db 0
%rep (SLOTS_LEN - SLOTS_DPT) / SLOTS_DPT_LEN
        db      0DFh, 02h, 25h, 02h, 18, 12h, 0FFh, 6Ch, 0F6h, 0Fh, 05h, 79, 4
        times SLOTS_DPT_LEN - 13 db 0
%endrep
        times SLOTS_LEN - ($ - $$) db 0
