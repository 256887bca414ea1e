; sector_read.asm - one sector by its LBA, on any BIOS.
;
; Included by: dos.asm, dos_mbr.asm            Mode: 16-bit real
; Source:      EDD 3.0 (AH=42h), Ralf Brown's Interrupt List (AH=02h)
;
; The including file defines DRIVE, HEADS and TRACK_SECTORS, the operands of the drive
; number, a byte, and of the two words of its geometry.

READ_TRIES              equ 3

; ---------------------------------------------------------------------------
; sector_read - reads one sector
;
;   in      EAX           LBA on the disk
;           ES            segment that it is read to, at offset 0
;           SS:BP         as the operands want it
;   out     CF = 0        done
;           CF = 1        every try failed
;           DF = 0
;   kills   flags
;   stack   66 bytes, and what the BIOS uses
;
; EDD first, because it needs no geometry; CHS where the drive has none or fails. Of one
; sector at a time, two cross a DMA page: sectors 124 and 252 of a file that is loaded at
; 0070:0000 and has so many. The RAM disk copies them with the processor, and does not mind.
; ---------------------------------------------------------------------------
sector_read:
        pushad
        push    ds
        mov     di, READ_TRIES
.try:
        pushad
        mov     bx, EXT_CHECK_ASK
        mov     ah, DISK_EXT_CHECK
        mov     dl, DRIVE
        int     INT_DISK
        jc      .no_edd
        cmp     bx, EXT_CHECK_ANSWER
        jne     .no_edd
        popad
        pushad
        push    dword 0                     ; disk address packet
        push    eax
        push    es
        push    0
        push    1
        push    DAP_size
        mov     si, sp
        push    ss
        pop     ds
        mov     ah, DISK_EXT_READ
        mov     dl, DRIVE
        int     INT_DISK
        lea     esp, [esp + DAP_size]       ; CF stays
        jnc     .read
.no_edd:
        popad
        pushad
        xor     edx, edx
        movzx   ecx, word TRACK_SECTORS
        div     ecx
        mov     cx, dx
        inc     cx                          ; CL = sector
        xor     edx, edx
        movzx   ebx, word HEADS
        div     ebx                         ; AX = cylinder, DX = head
        mov     dh, dl
        mov     ch, al
        shl     ah, 6
        or      cl, ah
        xor     bx, bx
        mov     dl, DRIVE
        mov     ax, DISK_READ << 8 | 1
        int     INT_DISK
        jnc     .read
        popad
        pushad
        mov     ah, DISK_RESET
        mov     dl, DRIVE
        int     INT_DISK
        popad
        dec     di
        jnz     .try
        stc
        jmp     .done
.read:
        popad
        clc
.done:
        cld                                 ; some BIOSes return with DF = 1
        pop     ds
        popad
        ret
