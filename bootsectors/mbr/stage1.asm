; stage1.asm - measures the drive, loads stage 2 and proves it.
;
; Entered by:  sector 0, near call, 16-bit real mode, 0000:STAGE1_LOAD,
;              DS = ES = SS = 0, BP = BOOT_INFO, IF = 1, DF = 0
; In:          [DRIVE], [EDD]: how this sector was read
; Leaves to:   stage 2 at 0000:STAGE2_LOAD + BOOT_HEADER_LEN, DS = ES = SS = 0,
;              SP below MBR_LOAD, IF = 1, DF = 0, BOOT_INFO filled as far as known
; Returns:     when stage 2 cannot be read or proven this way
;
;   linear        use
;   0x00007E00    BOOT_INFO
;   0x00008000    STAGE2_LOAD: boot header and stage 2
;   0x0000A000    this sector
;   0x0000A200    STAMP_BUFFER
;
; The host patches what follows STAGE1_LEN.

%include "assert.inc"
%include "bios.inc"
%include "layout.inc"

        cpu 386
        bits 16
        org STAGE1_LOAD

start:
        xor     eax, eax
        mov     [bp + INFO_MEASURED], al    ; perhaps this is the second way
        mov     dword [bp + SECTORS_PER_TRACK], 1_0001h ; and one head
        call    stamp
        jc      .failed
        mov     [bp + HIDDEN], eax
        cmp     byte [bp + EDD], 0
        je      .geometry
        mov     [bp + INFO_EDD_HIDDEN], eax
        mov     al, MEASURED_EDD
        jmp     .load

.geometry:
        mov     [bp + INFO_CHS_HIDDEN], eax
        call    geometry
.load:
        mov     [bp + INFO_MEASURED], al
        mov     eax, [boot_lba]
        mov     [bp + INFO_BOOT_LBA], eax
        sub     eax, [bp + HIDDEN]
        mov     bx, STAGE2_LOAD
.sector:
        call    read
        jc      .failed
        inc     ax
        add     bx, SECTOR_SIZE
        cmp     bx, STAGE2_LOAD + STAGE2_SECTORS * SECTOR_SIZE
        jb      .sector

        mov     si, STAGE2_LOAD
        mov     cx, STAGE2_SECTORS * SECTOR_SIZE / 4
        call    sum
        cmp     edx, [checksum]
        je      STAGE2_LOAD + BOOT_HEADER_LEN
.failed:
        mov     dword [bp + SECTORS_PER_TRACK], HEADS_MAX << 16 | TRACK_MAX ; as in sector 0
        mov     bx, STAGE1_LOAD
        ret

%include "geometry.asm"
%include "sector_read.asm"

        assert_room STAGE1_LEN
        times STAGE1_LEN - ($ - $$) db 0
        assert_at "stamp", SECTOR0_STAMP
        dd 0
        assert_at "boot_lba", SECTOR0_BOOT_LBA
boot_lba:       dd 0
        assert_at "boot_checksum", SECTOR0_BOOT_CHECKSUM
checksum:       dd 0
        times SECTOR_SIZE - ($ - $$) db 0
