; start.asm - what is found out before the loader is read.
;
; Included by: stage2.asm                   Mode: 16-bit real, DS = ES = SS = 0,
;                                           BP = BOOT_INFO

KEYS_MAX                equ 32              ; more than the BIOS can hold

; ---------------------------------------------------------------------------
; start_key - was F8 pressed, or is a Shift key held?
;
;   out     [START_KEY]; no key is left waiting
;   kills   AX CX
; ---------------------------------------------------------------------------
start_key:
        mov     cx, KEYS_MAX
.key:
        mov     ah, KEYBOARD_LOOK
        call    keyboard
        jz      .shift
        mov     ah, KEYBOARD_TAKE
        call    keyboard
        cmp     ah, SCAN_F8
        je      .report
        loop    .key
.shift:
        test    byte [BDA_SHIFT], BDA_SHIFT_KEYS
        jz      .done
.report:
        mov     byte [bp + INFO_START_KEY], START_KEY_REPORT
.done:
        ret

; keyboard - INT 16h; AX and the zero flag as it leaves them, all else kept
keyboard:
        push    bp
        push    cx
        int     INT_KEYBOARD
        pop     cx
        pop     bp
        ret

; ---------------------------------------------------------------------------
; ask - what the BIOS says of the drive, for the report; nobody relies on it
;
;   out     [INFO_EDD_VERSION], [INFO_EDD_CLAIMS], [INFO_TOLD_...]
;   kills   all
; ---------------------------------------------------------------------------
ask:
        mov     ah, DISK_EXT_CHECK
        mov     bx, EXT_CHECK_ASK
        xor     cx, cx
        call    bios
        jc      .parameters
        cmp     bx, EXT_CHECK_ANSWER
        jne     .parameters
        mov     [bp + INFO_EDD_VERSION], ah
        mov     [bp + INFO_EDD_CLAIMS], cl
.parameters:
        mov     ah, DISK_PARAMETERS
        xor     di, di                      ; RBIL: guards against BIOS bugs
        call    bios
        jc      .done
        movzx   ax, cl
        and     ax, TRACK_BITS
        mov     [bp + INFO_TOLD_SECTORS], ax
        movzx   ax, dh
        inc     ax
        mov     [bp + INFO_TOLD_HEADS], ax
        shr     cl, 6
        xchg    cl, ch                      ; CX = last cylinder
        inc     cx
        mov     [bp + INFO_TOLD_CYLINDERS], cx
.done:
        ret

; ---------------------------------------------------------------------------
; other_way - measures the way by which stage 1 was not read
;
;   in      [EDD]         the way that works
;   out     [EDD]         1 if EDD works
;           [INFO_EDD_HIDDEN], [INFO_CHS_HIDDEN], [SECTORS_PER_TRACK], [HEADS],
;           [INFO_MEASURED]
;   kills   all
;
; On a BIOS without faults this is three reads by CHS. EDD is asked once more where
; CHS works, because a first read may fail; it counts only if it returns a stamp.
; ---------------------------------------------------------------------------
other_way:
        xor     byte [bp + EDD], 1
        jz      .chs

        xor     eax, eax
        call    stamp
        jc      .no_edd
        jnz     .no_edd
        mov     [bp + INFO_EDD_HIDDEN], eax
        or      byte [bp + INFO_MEASURED], MEASURED_EDD
        ret
.no_edd:
        mov     byte [bp + EDD], 0
        mov     eax, [bp + INFO_CHS_HIDDEN]
        mov     [bp + INFO_EDD_HIDDEN], eax
        ret

.chs:
        mov     dword [bp + SECTORS_PER_TRACK], 1_0001h ; and one head
        xor     eax, eax
        call    stamp
        jc      .no_chs
        mov     [bp + HIDDEN], eax
        mov     [bp + INFO_CHS_HIDDEN], eax
        pushf                               ; ZF = 1: this is a stamp
        call    geometry
        popf
        jnz     .unproven
        or      [bp + INFO_MEASURED], al
.unproven:
        mov     byte [bp + EDD], 1
        ret
.no_chs:
        mov     word [bp + SECTORS_PER_TRACK], 0
        mov     byte [bp + EDD], 1
        ret
