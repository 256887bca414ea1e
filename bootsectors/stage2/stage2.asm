; stage2.asm - the boot header, stage 2, and the way to and from protected mode.
;
; Entered by:  stage 1, or a disc's first block, 16-bit real mode, CS = DS = ES = SS = 0,
;              IP = STAGE2_LOAD + BOOT_HEADER_LEN, IF = 1, DF = 0
; Leaves to:   the loader at LOADER_LOAD, 32-bit protected mode, flat segments,
;              ESP = LOADER_STACK_TOP, IF = 0; it comes back through bios_call
;
;   linear        use
;   0x00000600    real-mode stack, grows down from MBR_LOAD to here
;   0x00007E00    BOOT_INFO, CALL_REGISTERS, BIOS_PACKET
;   0x00008000    the boot header, then this code
;   0x0000A000    stage 1, whose patched fields are read
;   0x0000A200    STAMP_BUFFER
;   0x00010000    LOADER_LOAD
;   0x00050000    LOADER_STACK_TOP

%include "assert.inc"
%include "bios.inc"
%include "layout.inc"
%include "errors.inc"

        cpu 386
        bits 16
        org STAGE2_LOAD

INFO                    equ BOOT_INFO
REGS                    equ CALL_REGISTERS

; The boot header (boot.rs, BootHeader). `cargo xtask boot` fills in the loader's
; length and checksum, the host program all that differs from stick to stick.
header:
        db      "RAMKEYBT"
        dw      1                           ; BootHeader::VERSION
        dw      BOOT_HEADER_LEN
        dd      0
        dw      STAGE2_SECTORS
        assert_at "loader_sectors", HEADER_LOADER_SECTORS
.loader_sectors:
        dw      0
        assert_at "loader_checksum", HEADER_LOADER_CHECKSUM
.loader_checksum:
        dd      0
        assert_at "boot_lba", HEADER_BOOT_LBA
.boot_lba:
        dd      BOOT_LBA
        times HEADER_VOLUME_KIND - ($ - $$) db 0
        assert_at "volume_kind", HEADER_VOLUME_KIND
.volume_kind:
        db      VOLUME_FAT
        db      0
        assert_at "language", HEADER_LANGUAGE
.language:
        db      "en"                        ; BootHeader::ENGLISH
        times BOOT_HEADER_LEN - ($ - $$) db 0

entry:
        mov     sp, MBR_LOAD                ; stage 1 does not go on
        mov     bp, BOOT_INFO
        xor     eax, eax                    ; sector 0 is not needed again, and writes to
        mov     di, MBR_LOAD                ;   a page with code are slow in emulators: the
        mov     cx, SECTOR_SIZE / 4         ;   stack and the registers of calls are there
        rep     stosd
        call    a20_test
        mov     [bp + INFO_A20], al
        mov     dword [bp + INFO_CALL], bios_call
        call    start_key                   ; before the drive is asked, which takes long
        mov     ax, [bp + INFO_TRANSFER]
        cmp     byte [bp + LOADED], LOADED_NOT ; a disc has measured it itself
        jne     .size
        call    ask
        call    other_way                   ; EDD and CHS are measured, whichever boots
        mov     ax, TRANSFER_SECTORS_MAX
.size:
        cmp     byte [bp + INFO_START_KEY], START_KEY_NONE
        je      .transfer
        mov     ax, 1                       ; whoever holds a key does not trust this BIOS
.transfer:
        mov     [bp + INFO_TRANSFER], ax
        cmp     byte [bp + LOADED], LOADED_ALL
        je      .prove                      ; a disc's first block has read the loader
        mov     eax, [bp + LOADED_UNTIL]    ; where its read ended, if not all is there
        ja      .unread

.load:
        mov     eax, [bp + INFO_BOOT_LBA]
        add     eax, STAGE2_SECTORS         ; the loader is behind this
        movzx   ecx, word [header.loader_sectors]
        mov     edi, LOADER_LOAD
        call    disk_read
        mov     eax, [disk_read.lba]
        jc      .unread
.prove:
        movzx   ecx, word [header.loader_sectors]
        call    loader_sum
        cmp     edx, [header.loader_checksum] ; of what is in memory now
        je      enter_loader
        cmp     byte [bp + LOADED], LOADED_NOT
        jne     .damaged                    ; the block has read it twice
        cmp     word [bp + INFO_TRANSFER], 1 ; some spoil long transfers
        mov     word [bp + INFO_TRANSFER], 1
        ja      .load
.damaged:
        mov     si, text_damaged
        call    print
        jmp     .report
.unread:
        push    eax                         ; print spoils it
        mov     si, text_read
        call    print
        mov     al, [bp + STATUS]
        call    print_byte
        mov     si, text_lba
        call    print
        pop     eax
        call    print_decimal
.report:
        call    report
        jmp     stop

; stop - wait for a reset, with interrupts on so that Ctrl-Alt-Del works
stop:
        sti
.halt:
        hlt
        jmp     .halt

text_read:
        db      13, 10, "ramkey E31: ", TEXT_READ_FAILED, 13, 10, "status ", 0
text_lba:
        db      "h, LBA ", 0
text_damaged:
        db      13, 10, "ramkey E32: ", TEXT_LOADER_CHECKSUM, 0
text_exception:
        db      13, 10, "ramkey E51: ", TEXT_CPU_EXCEPTION, ", exception ", 0
text_at:
        db      " at ", 0
%if READ_FAILED != 31h || LOADER_CHECKSUM != 32h || CPU_EXCEPTION != 51h
  %error "the texts above name other codes"
%endif

; The boot checksum of this stick, where stage 1 has it.
checksum                equ STAGE1_LOAD + SECTOR0_BOOT_CHECKSUM

%include "start.asm"
%include "disk_read.asm"
%include "loader_sum.asm"
%include "report.asm"
%include "print16.asm"
%include "a20_test.asm"
%include "watch.asm"
%include "protected.asm"
%include "mbr/geometry.asm"
%include "mbr/sector_read.asm"

        assert_room STAGE2_SECTORS * SECTOR_SIZE
        times STAGE2_SECTORS * SECTOR_SIZE - ($ - $$) db 0
