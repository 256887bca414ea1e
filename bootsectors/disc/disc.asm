; disc.asm - first block of the disc boot image: finds its disc, and loads the rest.
;
; Entered by:  BIOS, 16-bit real mode, from an El Torito entry without emulation, at
;              any segment and offset
; In:          DL = boot drive, perhaps
; Leaves to:   stage 2 at 0000:STAGE2_LOAD + BOOT_HEADER_LEN, DS = ES = SS = 0,
;              SP = MBR_LOAD, BP = BOOT_INFO, IF = 1, DF = 0, [LOADED] set
;
;   linear        use
;   0x00000600    stack, grows down from MBR_LOAD to here
;   0x00007E00    BOOT_INFO, BIOS_PACKET
;   0x00008000    STAGE2_LOAD: boot header and stage 2
;   0x0000A400    DISC_LOAD: this block
;   0x0000AC00    DISC_BUFFER: this block, as a drive returns it
;   0x00010000    LOADER_LOAD
;
; Nothing that the BIOS says is believed. It loads this block at one place or another,
; and perhaps 512 bytes of it, or much more; so those 512 bytes move themselves, and
; load the block again. The drive, and how it counts, are those that return it: its
; bytes from 64 on are this very disc's. What lies before is the boot information table,
; which whoever made the disc filled in; it has the number of this block.
;
; Whoever made the boot image patched DISC_REST_CHECKSUM and DISC_BOOT_CHECKSUM.

%include "assert.inc"
%include "bios.inc"
%include "layout.inc"
%include "errors.inc"

        cpu 386
        bits 16
        org DISC_LOAD

SEARCH_TICKS            equ 546             ; 30 s: a disc may have to spin up
CDS_FIRST               equ 0E0h            ; numbers of CDs, and one past the last: some
CDS_END                 equ 0FFh            ;   BIOSes crash when FFh is asked
DISKS_FIRST             equ 80h             ; CDs that a BIOS counts as hard disks
DISKS_END               equ 0A0h
NOT_TO_ASK              equ 7Fh             ; some hang at AX=4B01h for it
PACKET_WORDS            equ 32              ; of the packet, and of room behind it

; Places in BOOT_INFO behind the record, relative to BP.
TOLD                    equ INFO_LEN        ; byte: the drive that AX=4B01h names
LETTER                  equ INFO_LEN + 1    ; byte: what to say at the end
SINCE                   equ INFO_LEN + 4    ; word: low word of the tick of the start

start:
        cli
        jmp     near code
        times DISC_CODE - ($ - $$) db 0     ; boot information table

code:
        call    .here                       ; the only use of the BIOS's stack
.here:
        pop     si
        sub     si, .here - start
        xor     cx, cx
        mov     ss, cx
        mov     sp, MBR_LOAD
        push    cs
        pop     ds
        mov     es, cx
        mov     di, DISC_LOAD
        mov     ch, (SECTOR_SIZE / 2) >> 8
        cld
        rep     movsw
        mov     ds, cx
        jmp     0:.moved
.moved:
        sti                                 ; USB BIOSes need their interrupts
        mov     bp, BOOT_INFO
        mov     di, bp
        xor     ax, ax
        mov     cl, (CALL_REGISTERS - BOOT_INFO) / 2
        rep     stosw
        mov     [bp + INFO_BIOS_DL], dl
        mov     [bp + TOLD], dl
        mov     byte [bp + LETTER], SECTOR0_READ
        mov     ax, [BDA_TICKS]
        mov     [bp + SINCE], ax
        call    try

        mov     di, BIOS_PACKET
        xor     ax, ax
        mov     cx, PACKET_WORDS
        rep     stosw
        cmp     byte [bp + DRIVE], NOT_TO_ASK
        je      .round
        push    word BIOS_PACKET >> 4       ; some want a segment that is not below 40h
        pop     ds
        xor     si, si
        mov     ax, DISK_EMULATION_ASK
        call    bios                        ; whether it failed says nothing
        mov     al, [BIOS_PACKET + SPECIFICATION_DRIVE]
        test    al, al
        jz      .round
        mov     [bp + TOLD], al
.round:
        mov     dl, [bp + TOLD]
        call    try
        mov     dl, CDS_FIRST
.cd:
        call    try
        inc     dx
        cmp     dl, CDS_END
        jne     .cd
        mov     dl, DISKS_FIRST
.disk:
        call    try
        inc     dx
        cmp     dl, DISKS_END
        jne     .disk

        hlt                                 ; a tick or another interrupt
        mov     ax, [BDA_TICKS]
        sub     ax, [bp + SINCE]
        cmp     ax, SEARCH_TICKS
        mov     dl, [bp + INFO_BIOS_DL]
        jb      .again
        mov     al, [bp + LETTER]
        mov     [letter], al
        jmp     fail
.again:
        call    try
        jmp     .round

; ---------------------------------------------------------------------------
; try - is this disc in a drive?
;
;   in      DL            drive
;   out     comes back if it is not there
;   kills   all but DL
;
; It is asked in blocks, then in sectors: some drives of CDs count those.
; ---------------------------------------------------------------------------
try:
        cmp     dl, 0FFh
        je      .done
        mov     [bp + DRIVE], dl
        mov     byte [bp + INFO_BLOCK_SHIFT], BLOCK_SHIFT
        call    .way
        mov     byte [bp + INFO_BLOCK_SHIFT], 0
.way:
        mov     edi, DISC_BUFFER
        and     dword [di + DISC_CODE], 0   ; a BIOS may say that it read
        mov     eax, [file_block]
        mov     cx, 1
        call    read
        jc      .failed
        mov     si, DISC_BUFFER + DISC_CODE
        mov     di, DISC_LOAD + DISC_CODE
        mov     cx, (DISC_REST - DISC_CODE) / 4
        repe    cmpsd
        jne     .other
        mov     byte [bp + LETTER], SECTOR0_CHECKSUM
        mov     cx, (DISC_START_LEN - DISC_REST) / 4
        push    si
        call    sum
        pop     si
        cmp     edx, [rest_checksum]
        jne     .other
        mov     cx, (DISC_START_LEN - DISC_REST) / 4
        rep     movsd
        jmp     rest
.failed:
        cmp     byte [bp + STATUS], STATUS_BAD_COMMAND ; there is no such drive, and a
        je      .other                      ;   reset may stir others
        mov     ah, DISK_RESET
        call    bios
.other:
        mov     dl, [bp + DRIVE]
.done:
        ret

; ---------------------------------------------------------------------------
; read - blocks of [DRIVE], by EDD
;
;   in      EAX           first block
;           CX            blocks; at most 31 where the drive counts sectors
;           EDI           linear destination below 1 MiB, multiple of 16
;           [INFO_BLOCK_SHIFT]    0 where the drive counts sectors
;   out     CF = 1        failed; [STATUS] = BIOS status
;   kills   nothing else
;
; One block of a drive that counts sectors is asked for sector by sector.
;
; READ_STACK: bytes on the stack, from its call on, when the BIOS comes back.
; ---------------------------------------------------------------------------
READ_STACK              equ 2 + 32 + 32 + 16 + DAP_size + 2
read:
        pushad
        mov     bx, cx                      ; BX = blocks or sectors in a call
        mov     cx, 1                       ; CX = calls
        cmp     byte [bp + INFO_BLOCK_SHIFT], 0
        jne     .call
        shl     eax, BLOCK_SHIFT
        cmp     bx, cx
        mov     cl, 1 << BLOCK_SHIFT
        je      .call
        mov     cl, 1
        shl     bx, BLOCK_SHIFT
.call:
        pushad
        pusha                               ; 16 bytes, for a BIOS that writes too much
        push    dword 0                     ; the packet, made anew each time
        push    eax
        shr     edi, 4
        push    di
        push    0
        push    bx
        push    DAP_size
        mov     si, sp
        mov     ah, DISK_EXT_READ
        call    bios
        popa                                ; drop the packet and the rest, keep CF
        popa
        popad
        jc      .done
        inc     eax
        add     di, SECTOR_SIZE             ; CF = 0: this is for the lowest 64 KiB
        loop    .call
.done:
        popad
        ret

%include "mbr/int13.asm"
%include "mbr/fail.asm"

name:           db "ramkey "
letter:         db 0, 0

file_block      equ start + DISC_FILE_BLOCK

        assert_room DISC_REST_CHECKSUM
        times DISC_REST_CHECKSUM - ($ - $$) db 0
        assert_at "rest_checksum", DISC_REST_CHECKSUM
rest_checksum:  dd 0
        assert_at "boot_checksum", DISC_BOOT_CHECKSUM
boot_checksum:  dd 0
        assert_at "magic", DISC_MAGIC
        dw 0AA55h

        assert_at "rest", DISC_REST
%include "rest.asm"
%include "stage2/loader_sum.asm"
%include "stage2/watch.asm"

        assert_room DISC_START_LEN
        times DISC_START_LEN - ($ - $$) db 0
