; sector0.asm - sector 0 of a stick: finds the stick, and stage 1 on it.
;
; Entered by:  BIOS, 16-bit real mode, CS:IP = 0000:7C00 or 07C0:0000; or another
;              boot record, from a copy of this sector
; In:          DL = boot drive, perhaps
; Leaves to:   stage 1 at 0000:STAGE1_LOAD, DS = ES = SS = 0, SP below MBR_LOAD,
;              BP = BOOT_INFO, IF = 1, DF = 0
;
;   linear        use
;   0x00000600    stack, grows down from MBR_LOAD to here
;   0x00007C00    this sector; bytes 03h-59h belong to the BPB and to BIOSes
;                 that write into it, so no code lies there
;   0x00007E00    BOOT_INFO
;   0x0000A000    STAGE1_LOAD
;
; Nothing that the BIOS says is believed. The drive, and the way to read it, are
; those that return stage 1 with the right checksum. Stage 1 has a copy in each
; first track of at least 17 sectors, wherever a BIOS begins to count, so no
; geometry is needed here: as long as reads stay in the first track, EDD and CHS
; need the same number. Where the first track ends too soon, because a table or
; another tool's code took the copies in it, CHS goes on with the next heads. This
; sector has copies too, because a BIOS that hides a track starts another one.
;
; The host patches SECTOR0_STAGE1 and SECTOR0_STAGE1_CHECKSUM, and what follows.

%include "assert.inc"
%include "bios.inc"
%include "layout.inc"
%include "errors.inc"

        cpu 386
        bits 16
        org MBR_LOAD

        jmp     short start
        nop
        times SECTOR0_CODE - ($ - $$) db 0

start:
        cli
        xor     ax, ax
        mov     ss, ax
        mov     sp, MBR_LOAD
        mov     ds, ax
        jmp     0:.normalised               ; some BIOSes enter at 07C0:0000
.normalised:
        sti                                 ; USB BIOSes need their interrupts
        cld
        mov     bp, BOOT_INFO
        mov     es, ax
        mov     di, bp
        mov     cx, (CALL_REGISTERS - BOOT_INFO) / 2
        rep     stosw
        mov     [bp + INFO_BIOS_DL], dl
        mov     byte [bp + CANDIDATE], 80h
        mov     byte [bp + SECTORS_PER_TRACK], TRACK_MAX
        mov     byte [bp + HEADS], HEADS_MAX

.drive:
        test    dl, 70h                     ; no BIOS boots 10h to 7Fh or 90h up, and
        jnz     .next                       ;   some crash when FFh is asked
        mov     [bp + DRIVE], dl
        mov     byte [bp + EDD], 1
.way:
        movzx   eax, byte [first]
.head:
        mov     di, STAGE1_END              ; one of so many sectors is stage 1
.sector:
        mov     bx, STAGE1_LOAD
        call    read
        jc      .no_sector
        mov     byte [letter], SECTOR0_CHECKSUM
        pushad
        mov     si, bx
        mov     cx, STAGE1_LEN / 4
        call    sum
        cmp     edx, [checksum]
        jne     .other_sector
        call    bx                          ; stage 1 returns if it finds no stage 2
.other_sector:
        popad
        inc     ax
        dec     di
        jnz     .sector

.no_sector:
        cmp     byte [bp + EDD], 0
        jne     .other_way
        cmp     byte [bp + STATUS], 0       ; from 80h on nothing is there, and each
        js      .other_way                  ;   further call may take seconds
        mov     cl, TRACK_MAX               ; sector 1 of the next head
        div     cl
        inc     ax
        mul     cl
        jnc     .head                       ; AH = 0: one of the first heads
.other_way:
        dec     byte [bp + EDD]             ; 0 is CHS
        jns     .way

.next:                                      ; 80h to 8Fh, then 00h and 01h
        mov     dl, [bp + CANDIDATE]
        inc     byte [bp + CANDIDATE]
        cmp     dl, 90h
        jne     .last
        mov     dl, 0
        mov     byte [bp + CANDIDATE], 1
.last:
        cmp     dl, 2
        jne     .drive

%include "mbr/fail.asm"
%include "sector_read.asm"

name:           db "ramkey "
letter:         db SECTOR0_READ, 0

        assert_room SECTOR0_STAGE1
        times SECTOR0_STAGE1 - ($ - $$) db 0
        assert_at "first", SECTOR0_STAGE1
first:          db STAGE1_FIRST
        assert_at "stage1_checksum", SECTOR0_STAGE1_CHECKSUM
checksum:       dd 0
        assert_at "stamp", SECTOR0_STAMP
        dd 0
        assert_at "boot_lba", SECTOR0_BOOT_LBA
        dd 0
        assert_at "boot_checksum", SECTOR0_BOOT_CHECKSUM
        dd 0
        assert_at "disk_signature", SECTOR0_DISK_SIGNATURE
        dd 0
        dw 0
        assert_at "partition_table", SECTOR0_TABLE
        times 64 db 0
        assert_at "magic", SECTOR0_MAGIC
        dw 0AA55h
