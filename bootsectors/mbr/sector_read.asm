; sector_read.asm - read one sector of [DRIVE] by the way that [EDD] names.
;
; Included by: sector0.asm, stage1.asm      Mode: 16-bit real, DS = ES = SS = 0,
;                                           BP = BOOT_INFO
; Source:      EDD 3.0, AH=42h; Ralf Brown's Interrupt List, AH=02h

READ_TRIES              equ 4               ; with a reset behind each failure

; Places in BOOT_INFO, relative to BP. TRIES, CANDIDATE and HIDDEN lie behind the
; record that the loader gets.
EDD                     equ INFO_EDD
SECTORS_PER_TRACK       equ INFO_SECTORS_PER_TRACK
HEADS                   equ INFO_HEADS
TRIES                   equ INFO_LEN
CANDIDATE               equ INFO_LEN + 1
HIDDEN                  equ INFO_LEN + 4

; ---------------------------------------------------------------------------
; read - one sector
;
;   in      EAX           LBA as the BIOS counts; by CHS below 65536, and at most
;                         cylinder 255
;           BX            destination in segment 0
;           [SECTORS_PER_TRACK], [HEADS]    for CHS; no sectors: it fails
;   out     CF = 1        failed; [STATUS] = BIOS status of the last call
;   kills   nothing else
; ---------------------------------------------------------------------------
read:
        mov     byte [bp + TRIES], READ_TRIES
.try:
        pushad
        cmp     byte [bp + EDD], 0
        je      .chs
        pusha                               ; 16 bytes, for a BIOS that writes too much
        push    dword 0                     ; the packet, made anew each time
        push    eax
        push    es
        push    bx
        push    1
        push    DAP_size
        mov     si, sp
        mov     ah, DISK_EXT_READ
        jmp     .call
.chs:
        pusha                               ; as long as that and the packet
        pusha
        mov     cx, [bp + SECTORS_PER_TRACK]
        stc
        jcxz    .tried                      ; no geometry: this way fails
        xor     dx, dx
        div     cx
        inc     dx
        mov     cx, dx                      ; sector, from 1
        xor     dx, dx
        div     word [bp + HEADS]
        mov     dh, dl                      ; head
        mov     ch, al                      ; cylinder
        mov     ax, DISK_READ << 8 | 1
.call:
        call    bios
.tried:
        popa                                ; drop the packet and the rest, keep CF
        popa
        popad
        jnc     .done

        pushad
        mov     ah, DISK_RESET
        call    bios
        popad
        dec     byte [bp + TRIES]
        jnz     .try
        stc
.done:
        ret

%include "mbr/int13.asm"
