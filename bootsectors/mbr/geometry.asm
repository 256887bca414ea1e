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
;   0/1/1     those, and a track
;   C/0/1     those, and C cylinders; C = 1 unless that sector has no stamp

CYLINDERS_TRIED         equ 8               ; one of them ends at a stamp
HEADS_MAX               equ 255             ; with 256 DOS fails, so no BIOS has them
TRACK_BITS              equ 3Fh             ; of CL in AH=08h, and a track's most sectors

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

        mov     dword [bp + SECTORS_PER_TRACK], 2_0001h ; and two heads
        mov     eax, 1
        call    stamp                       ; 0/1/1
        sub     eax, [bp + HIDDEN]
        jbe     .known                      ; no stamp: the BIOS must be believed
        cmp     eax, TRACK_BITS
        ja      .known                      ; no track is so long
        xchg    ax, cx
        or      di, MEASURED_SECTORS

        mov     byte [bp + HEADS], 1
        xor     si, si
.cylinder:
        inc     si
        movzx   eax, si
        call    stamp                       ; SI/0/1
        sub     eax, [bp + HIDDEN]
        jbe     .unknown
        push    dx
        push    si
        imul    si, cx
        xor     dx, dx
        div     si                          ; AX = heads
        pop     si
        mov     bx, dx
        pop     dx
        test    bx, bx                      ; a stamp that is out of place: FAT32 copies its
        jnz     .unknown                    ;   boot sector, with the stamp
        test    ax, ax
        jnz     .measured
.unknown:
        cmp     si, CYLINDERS_TRIED
        jb      .cylinder
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
