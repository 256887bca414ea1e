; disk_read.asm - read a run of sectors through INT 13h, by EDD or CHS.
;
; Included by: stage2.asm                   Mode: 16-bit real, DS = ES = SS = 0,
;                                           BP = BOOT_INFO
; Source:      EDD 3.0, AH=42h; Ralf Brown's Interrupt List, AH=02h

RUN_TRIES               equ 3               ; at each transfer size

; ---------------------------------------------------------------------------
; disk_read - copy sectors from the stick to low memory
;
;   in      EAX           first LBA
;           ECX           sectors to read, at least 1
;           EDI           linear destination below 1 MiB, multiple of 512
;           [EDD], [INFO_TRANSFER], and all that stage 1 and `other_way` measured
;   out     CF = 0        done; [EDD] and [INFO_TRANSFER] tell what worked
;           CF = 1        [STATUS] = BIOS status of the last read, [.lba] = its LBA
;   kills   all but segments and BP
;   stack   50 bytes, and what the BIOS uses
;
; A transfer is as long as the last one that worked, never crosses a 64 KiB page
; (DMA), and by CHS never a track. It is tried RUN_TRIES times with a reset
; between, then halved; at one sector the other way is tried, once. After a
; time-out, or a call that hung, one sector is tried at once.
; ---------------------------------------------------------------------------
disk_read:
        mov     [.lba], eax
        mov     [.left], ecx
        mov     byte [.ways], 0
.run:
        mov     byte [.tries], RUN_TRIES
.size:
        mov     ecx, 10000h
        movzx   edx, di                     ; the offset within its 64 KiB
        sub     ecx, edx
        shr     ecx, SECTOR_SHIFT           ; sectors up to the end of the page
        movzx   edx, word [bp + INFO_TRANSFER]
        call    at_most
        mov     edx, [.left]
        call    at_most
        mov     eax, [.lba]
        cmp     byte [bp + EDD], 0
        jne     .edd

        sub     eax, [bp + INFO_CHS_HIDDEN]
        jb      .other_way                  ; it lies before all that this way shows
        movzx   ebx, word [bp + SECTORS_PER_TRACK]
        test    bx, bx                      ; 0: stage 1 did not measure CHS
        jz      .other_way
        xor     edx, edx                    ; EAX = track
        div     ebx
        mov     esi, edx                    ; sector in the track, from 0
        sub     ebx, edx
        mov     edx, ebx
        call    at_most                     ; up to the end of the track
        xor     edx, edx
        movzx   ebx, word [bp + HEADS]
        div     ebx
        cmp     eax, 1023
        ja      .other_way
        mov     dh, dl                      ; head
        push    ecx
        xchg    ax, cx                      ; AL = sectors, CX = cylinder
        xchg    cl, ch                      ; CH = its low bits, CL = bits 8 and 9
        shl     cl, 6
        inc     si
        or      cx, si                      ; sector, from 1
        mov     ah, DISK_READ
        mov     ebx, edi                    ; ES:0, so that no offset overflows
        shr     ebx, 4
        mov     es, bx
        xor     bx, bx
        jmp     .call

.edd:
        sub     eax, [bp + INFO_EDD_HIDDEN]
        jb      .other_way
        push    ecx
        mov     bx, BIOS_PACKET             ; made anew: the BIOS may write to it
        mov     word [bx + DAP.size], DAP_size ; and 0 behind it, which is reserved
        mov     [bx + DAP.count], cx
        mov     edx, edi
        shr     edx, 4
        mov     word [bx + DAP.offset], 0
        mov     [bx + DAP.segment], dx
        mov     [bx + DAP.lba], eax
        mov     dword [bx + DAP.lba + 4], 0
        mov     si, bx
        mov     ah, DISK_EXT_READ
.call:
        push    edi
        call    disk_bios
        pop     edi
        pop     ecx                         ; sectors in this transfer
        jnc     .done

        mov     al, [bp + STATUS]
        push    ax
        push    edi
        mov     ah, DISK_RESET
        call    disk_bios
        pop     edi
        pop     ax
        mov     [bp + STATUS], al           ; of the read, not of the reset
        cmp     al, STATUS_ABANDONED
        je      .single
        cmp     al, STATUS_NO_DRIVE
        jne     .again
.single:
        cmp     word [bp + INFO_TRANSFER], 1 ; each such call costs seconds: one more
        mov     word [bp + INFO_TRANSFER], 1 ;   try, with one sector
        mov     byte [.tries], 1
        ja      .size
.again:
        dec     byte [.tries]
        jnz     .size
        shr     word [bp + INFO_TRANSFER], 1
        jnz     .run
        mov     word [bp + INFO_TRANSFER], 1
.other_way:
        xor     byte [.ways], 1             ; 1 after the first change, 0 after the second
        jz      .failed
        xor     byte [bp + EDD], 1
        jmp     .run
.failed:
        stc
        ret

.done:
        add     [.lba], ecx
        sub     [.left], ecx
        pushfd                              ; the zero flag says whether all is there
        shl     ecx, SECTOR_SHIFT
        add     edi, ecx
        popfd
        jnz     .run
        ret                                 ; CF = 0: nothing was borrowed

.lba:           dd 0                        ; next sector
.left:          dd 0                        ; sectors still to read
.tries:         db 0
.ways:          db 0

; at_most - ECX = min(ECX, EDX)
at_most:
        cmp     ecx, edx
        jbe     .kept
        mov     ecx, edx
.kept:
        ret

; ---------------------------------------------------------------------------
; disk_bios - INT 13h for [DRIVE], watched
;
;   out     as the function, and as `bios`
; ---------------------------------------------------------------------------
disk_bios:
        push    eax
        mov     ax, bios.back
        call    watch_start
        pop     eax
        mov     [watch_tick.sp], sp
        sub     word [watch_tick.sp], 2     ; `bios` comes back to here in any case
        call    bios
        pushf
        push    eax
        call    watch_end
        pop     eax
        popf
        ret
