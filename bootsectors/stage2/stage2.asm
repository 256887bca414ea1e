; stage2.asm - the boot header, stage 2, and the way to and from protected mode.
;
; Entered by:  sector 0, 16-bit real mode, CS = DS = ES = SS = 0,
;              IP = STAGE2_LOAD + BOOT_HEADER_LEN, IF = 1, DF = 0
; Leaves to:   the loader at LOADER_LOAD, 32-bit protected mode, flat segments,
;              ESP = LOADER_STACK_TOP, IF = 0; it comes back through bios_call
;
;   linear        use
;   0x00000600    real-mode stack, grows down from MBR_LOAD to here
;   0x00007E00    BOOT_INFO, CALL_REGISTERS, BIOS_PACKET
;   0x00008000    the boot header, then this code
;   0x00010000    LOADER_LOAD
;   0x00040000    LOADER_STACK_TOP

%include "assert.inc"
%include "bios.inc"
%include "layout.inc"
%include "errors.inc"

        cpu 386
        bits 16
        org STAGE2_LOAD

INFO                    equ BOOT_INFO
DRIVE                   equ INFO + INFO_DRIVE
EDD                     equ INFO + INFO_EDD
SECTORS_PER_TRACK       equ INFO + INFO_SECTORS_PER_TRACK
HEADS                   equ INFO + INFO_HEADS
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
        times BOOT_HEADER_LEN - ($ - $$) db 0

entry:
        call    a20_test
        mov     [INFO + INFO_A20], al
        mov     dword [INFO + INFO_CALL], bios_call

        mov     eax, [header.boot_lba]
        add     eax, STAGE2_SECTORS
        movzx   ecx, word [header.loader_sectors]
        mov     edi, LOADER_LOAD
        call    disk_read
        jc      .read_failed

        movzx   ecx, word [header.loader_sectors]
        shl     ecx, SECTOR_SHIFT - 2
        mov     ax, LOADER_LOAD >> 4
        xor     edx, edx
.paragraph:                                 ; ECX is a multiple of 4
        mov     ds, ax
        xor     si, si
        mov     bp, 4
.sum:
        rol     edx, CHECKSUM_ROTATE
        add     edx, [si]
        add     si, 4
        dec     bp
        jnz     .sum
        inc     ax
        sub     ecx, 4
        jnz     .paragraph
        mov     ds, cx                      ; zero
        cmp     edx, [header.loader_checksum]
        jne     .damaged

        jmp     enter_loader

.read_failed:
        push    ax
        mov     si, text_read
        call    print
        pop     ax
        mov     al, ah
        call    print_byte
        mov     si, text_lba
        call    print
        mov     eax, [disk_read.lba]
        call    print_dword
        jmp     stop
.damaged:
        mov     si, text_damaged
        call    print
        jmp     stop

; stop - wait for a reset, with interrupts on so that Ctrl-Alt-Del works
stop:
        sti
.halt:
        hlt
        jmp     .halt

text_read:
        db      13, 10, "ramkey E31: ", TEXT_READ_FAILED, ", status ", 0
text_lba:
        db      "h, LBA (hex) ", 0
text_damaged:
        db      13, 10, "ramkey E32: ", TEXT_LOADER_CHECKSUM, 0
text_exception:
        db      13, 10, "ramkey E51: ", TEXT_CPU_EXCEPTION, ", exception ", 0
text_at:
        db      " at ", 0
%if READ_FAILED != 31h || LOADER_CHECKSUM != 32h || CPU_EXCEPTION != 51h
  %error "the texts above name other codes"
%endif

%include "disk_read.asm"
%include "print16.asm"
%include "a20_test.asm"
%include "protected.asm"

        assert_room STAGE2_SECTORS * SECTOR_SIZE
        times STAGE2_SECTORS * SECTOR_SIZE - ($ - $$) db 0
