; geometry.asm - measures where a drive's sectors are, by the stamps of the stick.
;
; Included by: stage1.asm, stage2.asm       Mode: 16-bit real, DS = ES = SS = 0,
;                                           BP = BOOT_INFO
; Needs:       sector_read.asm; `checksum`, the boot checksum of this stick
; Source:      docs/format.md#copies-and-stamps
;
; A BIOS may begin to count behind a track or a partition that it hides, and what it
; says of sectors and heads may be wrong. So three sectors are asked for, and their
; stamps tell where they really are:
;
;   0/0/1     how many sectors are hidden
;   0/H/1     those, and H tracks; H = 1 unless that sector has no stamp
;   C/0/1     those, and C cylinders; C = 1 unless that sector has no stamp, and
;             EDD does not work

HEADS_TRIED             equ 2               ; the first may be in a table
TRACK_BITS              equ 3Fh             ; of CL in AH=08h

; ---------------------------------------------------------------------------
; geometry - sectors per track and heads
;
;   in      [EDD] = 0, [HIDDEN] = LBA of 0/0/1
;   out     [SECTORS_PER_TRACK], [HEADS]: measured, or as AH=08h told; no sectors
;           if both fail
;           AL            MEASURED bits
;   kills   all
; ---------------------------------------------------------------------------
geometry:
        mov     ah, DISK_PARAMETERS
        xor     di, di                      ; RBIL: guards against BIOS bugs
        call    bios
        jnc     .told
        xor     cx, cx
.told:
        and     cx, TRACK_BITS              ; CX = sectors per track
        movzx   dx, dh
        inc     dx                          ; DX = heads
        mov     di, MEASURED_CHS

        mov     dword [bp + SECTORS_PER_TRACK], HEADS_MAX << 16 | 1
        xor     si, si
.head:
        inc     si
        movzx   eax, si
        call    apart                       ; 0/SI/1
        jc      .no_track
        cmp     ax, TRACK_MAX
        jbe     .track
.no_track:
        cmp     si, HEADS_TRIED
        jb      .head
        jmp     .known                      ; the BIOS must be believed
.track:
        xchg    ax, cx
        or      di, MEASURED_SECTORS

        mov     byte [bp + HEADS], 1
        mov     si, 1
.cylinder:
        push    si
        movzx   eax, si
        imul    si, cx
        call    apart                       ; C/0/1
        pop     si
        jnc     .measured
        test    byte [bp + INFO_MEASURED], MEASURED_EDD
        jnz     .unmeasured                 ; what else is read will be read by EDD
        add     si, si
        cmp     si, CYLINDERS_TRIED
        jbe     .cylinder
.unmeasured:
        mov     ax, cx                      ; no cylinder ends among the stamps: it is a
        imul    ax, dx                      ;   long one, and the loader will prove the
        cmp     ax, MEASURED_CYLINDER       ;   heads; until then no sector is behind it
        jae     .known
        mov     dx, HEADS_MAX
        jmp     .known
.measured:
        xchg    ax, dx
        or      di, MEASURED_HEADS
.known:
        mov     [bp + SECTORS_PER_TRACK], cx
        mov     [bp + HEADS], dx
        xchg    ax, di
        ret

; ---------------------------------------------------------------------------
; apart - how far a sector really lies behind 0/0/1
;
;   in      EAX           as for read
;           SI            what to count by, in sectors
;   out     CF = 0        AX = how many of those, at least 1
;           CF = 1        there is no stamp, or one that is out of place: FAT32 copies
;                         its boot sector, with the stamp
;   kills   BX
; ---------------------------------------------------------------------------
apart:
        call    stamp
        sub     eax, [bp + HIDDEN]
        jbe     .none
        push    dx
        xor     dx, dx
        div     si
        neg     dx                          ; CF = 1 unless nothing is left
        pop     dx
        ret
.none:
        stc
        ret

; ---------------------------------------------------------------------------
; stamp - where a sector of the drive really is
;
;   in      EAX           as for read
;   out     CF = 1        it cannot be read
;           CF = 0, ZF    ZF = 1 if it has a stamp of this stick
;           EAX           LBA that the stamp says, else 0
;   kills   BX
; ---------------------------------------------------------------------------
stamp:
        mov     bx, STAMP_BUFFER
        mov     word [bx + SECTOR0_BOOT_CHECKSUM], 0 ; a BIOS may say that it read
        call    read
        jc      .none
        mov     eax, [bx + SECTOR0_BOOT_CHECKSUM]
        cmp     eax, [checksum]
        clc                                 ; keeps ZF
        jnz     .none
        mov     eax, [bx + SECTOR0_STAMP]
        ret
.none:
        mov     eax, 0                      ; keeps CF and ZF
        ret
