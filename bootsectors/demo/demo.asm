; demo.asm - the built-in image: a tiny system that proves that it runs from memory.
;
; Entered by:  BIOS or ramkey, 16-bit real mode, CS:IP = 0000:7C00
; In:          DL = boot drive
; Leaves to:   never; says PASS or FAIL on the screen and on COM1, and halts
;
; Sector 0 is a master boot record with one active partition; it loads the rest of
; this file. src/emulator/demo_image.rs fills the partition with numbers and patches
; DISK_SUM, so the image is the same on every machine.
;
;   linear        use
;   0x00000600    stack grows down from BOOT_LOAD to here
;   0x00007C00    BOOT_LOAD: this file
;   0x00010000    BUFFER: sectors that are read

                cpu 386
                bits 16

%include "bios.inc"
%include "assert.inc"
%include "markers.inc"

BOOT_LOAD               equ 7C00h
BUFFER_SEGMENT          equ 1000h
SECTOR_LEN              equ 512
DEMO_SECTORS            equ 4               ; this file
DISK_SECTORS            equ 2048            ; the whole image: 1 MiB
HEADS                   equ 4
TRACK_SECTORS           equ 32
CYLINDERS               equ DISK_SECTORS / (HEADS * TRACK_SECTORS)
PARTITION_LBA           equ TRACK_SECTORS   ; head 1 of cylinder 0
PARTITION_TYPE          equ 0DAh            ; data that is no file system
DISK_SUM                equ 1B0h            ; offset in sector 0, patched
RUN_SECTORS             equ 64              ; one EDD read
SUM_ROTATE              equ 5               ; as bootsectors/format/src/checksum.rs

COM1                    equ 3F8h
COM1_WAITS              equ 0FFFFh          ; reads of its status; there may be no COM1
COM1_STATUS             equ COM1 + 5
COM1_EMPTY              equ 20h
DEBUG_PORT              equ 0E9h

                org BOOT_LOAD

%if CYLINDERS * HEADS * TRACK_SECTORS != DISK_SECTORS
  %error "the image must be whole cylinders"
%endif

; ---------------------------------------------------------------------------
; start - loads the rest of this file and runs it
;
;   in      DL            boot drive
; ---------------------------------------------------------------------------
start:
        cli
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, BOOT_LOAD
        sti
        cld
        mov     [drive], dl
        mov     ax, DISK_READ << 8 | (DEMO_SECTORS - 1)
        mov     bx, BOOT_LOAD + SECTOR_LEN  ; behind this sector
        mov     cx, 2                       ; cylinder 0, sector 2
        mov     dh, 0
        int     INT_DISK
        jnc     demo
        mov     si, text_no_start
        call    print
.halt:
        hlt
        jmp     .halt

; ---------------------------------------------------------------------------
; print - a text on the screen, COM1 and the debug port
;
;   in      SI            text, ends with a zero byte
;   kills   SI
; ---------------------------------------------------------------------------
print:
        push    ax
.next:
        lodsb
        test    al, al
        jz      .done
        call    put
        jmp     .next
.done:
        pop     ax
        ret

; ---------------------------------------------------------------------------
; put - one character; a line feed goes to the start of the next line
;
;   in      AL            character
; ---------------------------------------------------------------------------
put:
        pushad                              ; some BIOSes spoil more than AX
        cmp     al, 10
        jne     .plain
        mov     al, 13                      ; a terminal wants both
        call    put
        mov     al, 10
.plain:
        push    ax
        mov     cx, COM1_WAITS
        mov     dx, COM1_STATUS
.busy:
        in      al, dx
        test    al, COM1_EMPTY
        loopz   .busy                       ; until it is empty, or nothing is there
        pop     ax
        mov     dx, COM1
        out     dx, al
        out     DEBUG_PORT, al
        mov     ah, VIDEO_TELETYPE
        mov     bx, 7                       ; page 0; grey, where the mode has colours
        int     INT_VIDEO
        popad
        ret

drive:          db 0
text_no_start:  db DEMO_FAIL, ": its second sector cannot be read", 10, 0

        assert_room DISK_SUM
        times DISK_SUM - ($ - $$) db 0
        assert_at "DISK_SUM", DISK_SUM
disk_sum:       dd 0                        ; of every sector but this one

        times 1B8h - ($ - $$) db 0
                db "RMKD", 0, 0             ; disk signature

        assert_at "partition table", 1BEh
                db 80h                      ; active
                db 1, 1, 0                  ; first: head 1, sector 1, cylinder 0
                db PARTITION_TYPE
                db HEADS - 1, TRACK_SECTORS, CYLINDERS - 1
                dd PARTITION_LBA, DISK_SECTORS - PARTITION_LBA
                times 48 db 0
                dw 0AA55h

; ---------------------------------------------------------------------------
; demo - greets, waits, and tries everything that a disk must do
; ---------------------------------------------------------------------------
demo:
        mov     si, text_greeting
        call    print
        mov     si, step_facts
        call    facts
        jc      fail
        mov     si, text_pull
        call    print
        mov     ah, 0                       ; wait: nobody pulls a stick in no time
        int     INT_KEYBOARD

        mov     si, steps
.next:
        push    si
        mov     si, [si]                    ; what is tried
        mov     [current], si
        mov     al, 10
        call    put
        call    print
        pop     si
        push    si
        call    [si + 2]                    ; its routine
        jc      fail_current
        mov     si, text_right
        call    print
        pop     si
        add     si, 4
        cmp     si, steps.end
        jb      .next

        mov     si, text_pass
        call    print
halt:
        hlt
        jmp     halt

; SI = what went wrong
fail_current:
        mov     si, [current]
fail:
        push    si
        mov     si, text_fail
        call    print
        pop     si
        call    print
        mov     al, 10
        call    put
        jmp     halt

; Each step: its name, and a routine that returns CF = 1 when it fails.
steps:
        dw      step_sector_0, same_sector_0
        dw      step_chs, read_by_chs
        dw      step_edd, read_by_edd
        dw      step_outside, read_outside
        dw      step_write, write_and_read
.end:

; ---------------------------------------------------------------------------
; facts - shows what the BIOS calls say about this disk
;
;   out     CF = 1        the geometry is not that of this image
;   kills   EAX BX CX DX DI
; ---------------------------------------------------------------------------
facts:
        push    si
        mov     si, text_drive
        movzx   eax, byte [drive]
        call    .fact
        mov     ah, DISK_PARAMETERS
        mov     dl, [drive]
        xor     di, di                      ; ES:DI = 0 guards against BIOS bugs
        mov     es, di
        int     INT_DISK
        jc      .done
        push    dx                          ; the heads, and the sectors, for later
        push    cx
        mov     al, cl                      ; bits 8 and 9 of the cylinder
        shr     al, 6                       ; they lie above the sector
        mov     ah, al
        mov     al, ch
        movzx   eax, ax
        inc     eax                         ; the last cylinder counts from 0
        mov     [cylinders], ax
        mov     si, text_cylinders
        call    .fact
        pop     cx
        pop     dx
        movzx   eax, dh
        inc     ax
        mov     [heads], ax
        mov     si, text_heads
        call    .fact
        movzx   eax, cl
        and     al, 3Fh                     ; without the cylinder's bits
        mov     [track_sectors], ax
        mov     si, text_track_sectors
        call    .fact
        movzx   eax, byte [BDA_DISK_COUNT]
        mov     si, text_disks
        call    .fact
        movzx   eax, word [BDA_BASE_MEMORY]
        mov     si, text_memory
        call    .fact
        cmp     word [cylinders], CYLINDERS
        jne     .wrong
        cmp     word [heads], HEADS
        jne     .wrong
        cmp     word [track_sectors], TRACK_SECTORS
        je      .done                       ; CF = 0
.wrong:
        stc
.done:
        pop     si
        ret

; A text, a number, a new line.
.fact:
        call    print
        call    print_decimal
        mov     al, 10
        jmp     put

; ---------------------------------------------------------------------------
; print_decimal - EAX as a decimal number
;
;   kills   EAX
; ---------------------------------------------------------------------------
print_decimal:
        push    ebx
        push    edx
        push    cx
        mov     ebx, 10
        xor     cx, cx
.divide:
        xor     edx, edx
        div     ebx
        push    dx                          ; the last digit comes first
        inc     cx
        test    eax, eax
        jnz     .divide
.digit:
        pop     ax
        add     al, '0'
        call    put
        loop    .digit
        pop     cx
        pop     edx
        pop     ebx
        ret

; ---------------------------------------------------------------------------
; add_to_sum - adds sectors in the buffer to the checksum
;
;   in      CX            sectors, at most 127
;   kills   EAX CX DI ES
; ---------------------------------------------------------------------------
add_to_sum:
        mov     ax, BUFFER_SEGMENT
        mov     es, ax
        xor     di, di
        shl     cx, 7                       ; 32-bit words
        mov     eax, [sum]
.word:
        rol     eax, SUM_ROTATE
        add     eax, [es:di]
        add     di, 4
        loop    .word
        mov     [sum], eax
        ret

; ---------------------------------------------------------------------------
; same_sector_0 - sector 0 on the disk is the one that was booted
;
; drive is the one byte of it that this program changes.
;   out     CF = 1        no
; ---------------------------------------------------------------------------
same_sector_0:
        mov     dword [packet + DAP.lba], 0
        mov     word [packet + DAP.count], 1
        call    edd_read
        jc      .done
        mov     ax, BUFFER_SEGMENT
        mov     es, ax
        mov     al, [drive]
        mov     [es:drive - BOOT_LOAD], al  ; as it is in memory
        xor     di, di
        mov     si, BOOT_LOAD
        mov     cx, SECTOR_LEN
        repe    cmpsb
        je      .done                       ; CF = 0
        stc
.done:
        ret

; ---------------------------------------------------------------------------
; read_by_chs - every sector but the first, a track at a time, by AH=02h
;
;   out     CF = 1        a read failed, or the sum is not the one in sector 0
; ---------------------------------------------------------------------------
read_by_chs:
        mov     dword [sum], 0
        xor     bp, bp                      ; track
.track:
        mov     ax, bp
        xor     dx, dx
        mov     bx, HEADS
        div     bx                          ; AX = cylinder, DX = head
        mov     ch, al                      ; there are fewer than 256
        mov     dh, dl
        mov     dl, [drive]
        mov     cl, 1
        mov     ax, DISK_READ << 8 | TRACK_SECTORS
        test    bp, bp
        jnz     .read
        mov     cl, 2                       ; not sector 0
        dec     al                          ; one sector less
.read:
        push    ax
        mov     bx, BUFFER_SEGMENT
        mov     es, bx
        xor     bx, bx
        int     INT_DISK
        pop     cx                          ; CL = sectors that were wanted
        jc      .done
        mov     ch, 0
        cmp     al, cl                      ; AL = sectors that were read
        stc                                 ; unless they are equal
        jne     .done
        call    add_to_sum
        inc     bp
        cmp     bp, CYLINDERS * HEADS
        jb      .track
        call    sum_is_right                ; the sum of every sector but the first
.done:
        ret

; ---------------------------------------------------------------------------
; read_by_edd - every sector but the first, by AH=42h
;
;   out     CF = 1        no EDD, a read failed, or the sum is wrong
; ---------------------------------------------------------------------------
read_by_edd:
        mov     ah, DISK_EXT_CHECK
        mov     bx, EXT_CHECK_ASK
        mov     dl, [drive]
        int     INT_DISK
        jc      .done
        cmp     bx, EXT_CHECK_ANSWER
        stc                                 ; a BIOS without it may say that it succeeded
        jne     .done
        mov     dword [sum], 0
        mov     dword [packet + DAP.lba], 1
.run:
        mov     eax, DISK_SECTORS
        sub     eax, [packet + DAP.lba]
        jz      .all                        ; up to the last sector
        cmp     eax, RUN_SECTORS
        jbe     .sized
        mov     ax, RUN_SECTORS
.sized:
        mov     [packet + DAP.count], ax
        push    ax
        call    edd_read
        pop     cx
        jc      .done
        movzx   ecx, cx
        add     [packet + DAP.lba], ecx
        call    add_to_sum
        jmp     .run
.all:
        call    sum_is_right
.done:
        ret

; ---------------------------------------------------------------------------
; read_outside - the first sector behind the disk must be refused
;
;   out     CF = 1        it was read
; ---------------------------------------------------------------------------
read_outside:
        mov     dword [packet + DAP.lba], DISK_SECTORS
        mov     word [packet + DAP.count], 1
        call    edd_read
        cmc                                 ; an error is what is wanted
        ret

; ---------------------------------------------------------------------------
; write_and_read - the last sector, inverted, read back, and put back
;
;   out     CF = 1        a call failed, or other bytes came back
; ---------------------------------------------------------------------------
write_and_read:
        mov     dword [packet + DAP.lba], DISK_SECTORS - 1
        mov     word [packet + DAP.count], 1
        call    edd_read
        jc      .done
        call    .invert
        mov     eax, [es:0]                 ; the first word tells it from what was there
        push    eax
        call    edd_write
        pop     ebx
        jc      .done
        call    .invert                     ; so that a read that does nothing is seen
        call    edd_read
        jc      .done
        cmp     [es:0], ebx
        stc
        jne     .done
        call    .invert                     ; back to what it was
        call    edd_write
.done:
        ret

.invert:
        mov     ax, BUFFER_SEGMENT
        mov     es, ax
        xor     di, di
        mov     cx, SECTOR_LEN / 4
.word:
        not     dword [es:di]
        add     di, 4
        loop    .word
        ret

; ---------------------------------------------------------------------------
; edd_read, edd_write - as the packet says, to or from the buffer
;
;   in      [packet]      LBA and count
;   out     CF            as the BIOS leaves it
;   kills   AX DL SI
; ---------------------------------------------------------------------------
edd_write:
        mov     ax, 4300h                   ; without verification
        jmp     edd_call
edd_read:
        mov     ah, DISK_EXT_READ
edd_call:
        mov     dl, [drive]
        mov     si, packet
        int     INT_DISK
        ret

; CF = 1 unless the sum is the one in sector 0.
sum_is_right:
        mov     eax, [sum]
        cmp     eax, [disk_sum]
        je      .done                       ; CF = 0
        stc
.done:
        ret

                align 4, db 0
packet:
istruc DAP
  at DAP.size,          db DAP_size
  at DAP.reserved,      db 0
  at DAP.count,         dw 0
  at DAP.offset,        dw 0
  at DAP.segment,       dw BUFFER_SEGMENT
  at DAP.lba,           dq 0
iend
sum:            dd 0
current:        dw 0
cylinders:      dw 0
heads:          dw 0
track_sectors:  dw 0

text_greeting:
                db 10, "Hello from the demo image. This system runs from memory.", 10, 10, 0
text_drive:     db "  BIOS drive          ", 0
text_cylinders: db "  cylinders           ", 0
text_heads:     db "  heads               ", 0
text_track_sectors:
                db "  sectors per track   ", 0
text_disks:     db "  hard disks counted  ", 0
text_memory:    db "  KiB of base memory  ", 0
text_pull:      db 10, "Pull the stick if you have not, then ", DEMO_WAITS, ".", 0
text_right:     db "right", 0
text_pass:      db 10, DEMO_PASS, 10, 0
text_fail:      db 10, DEMO_FAIL, ": ", 0
step_facts:     db "the geometry that INT 13h AH=08h says", 0
step_sector_0:  db "sector 0 ... ", 0
step_chs:       db "every other sector by cylinder, head and sector ... ", 0
step_edd:       db "every other sector by EDD packets ... ", 0
step_outside:   db "the sector behind the last is refused ... ", 0
step_write:     db "a sector written and read back ... ", 0

        assert_room DEMO_SECTORS * SECTOR_LEN
        times DEMO_SECTORS * SECTOR_LEN - ($ - $$) db 0
