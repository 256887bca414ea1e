; rest.asm - loads what follows the first block of the disc boot image.
;
; Included by: disc.asm                     Mode: 16-bit real, DS = ES = SS = 0,
;                                           BP = BOOT_INFO
; Needs:       loader_sum.asm, watch.asm
; Source:      EDD 3.0, AH=42h
;
; Discs are slow to start and slow to turn back: what is wanted is asked for in long
; runs and in ascending order, and an error of a single block gets seconds.

BLOCKS_FEW              equ 8               ; below that one block is tried at once
RUN_TRIES               equ 2               ; at each size but one block
BLOCK_TICKS             equ 364             ; 20 s for a block that cannot be read
STAGE2_BLOCKS           equ STAGE2_SECTORS >> BLOCK_SHIFT
%if STAGE2_BLOCKS << BLOCK_SHIFT != STAGE2_SECTORS
  %error "the loader does not begin with a block"
%endif

; ---------------------------------------------------------------------------
; rest - boot header, stage 2 and loader, from the drive that was found
; ---------------------------------------------------------------------------
rest:
        mov     sp, MBR_LOAD                ; nothing returns to the block any more
        cmp     byte [bp + INFO_BLOCK_SHIFT], 0 ; 0: calls count sectors of 512 bytes
        jne     .blocks
        shr     byte [size], 1              ; 128 sectors would be one too many
.blocks:
        test    byte [BDA_SHIFT], BDA_SHIFT_KEYS
        jz      .stage2
        mov     byte [size], 1              ; whoever holds a key does not trust this BIOS
.stage2:
        mov     eax, [file_block]           ; block 0 of the boot image is this one
        inc     eax
        mov     cx, STAGE2_BLOCKS
        mov     edi, STAGE2_LOAD
        call    load
        mov     byte [letter], SECTOR0_READ
        jc      fail
        mov     si, STAGE2_LOAD
        mov     cx, STAGE2_SECTORS * SECTOR_SIZE / 4
        call    sum                         ; what came, not what the BIOS says of it
        cmp     edx, [boot_checksum]
        je      .loader
        call    smallest                    ; some BIOSes spoil long runs
        jnz     .stage2
        mov     byte [letter], SECTOR0_CHECKSUM
        jmp     fail

.loader:
        mov     byte [bp + INFO_EDD], 1     ; no other way reads a disc
        mov     byte [bp + INFO_MEASURED], MEASURED_EDD
        mov     eax, [file_block]
        inc     eax
        shl     eax, BLOCK_SHIFT            ; the loader counts sectors of 512 bytes
        mov     [bp + INFO_BOOT_LBA], eax
.again:
        mov     eax, [file_block]
        add     eax, 1 + STAGE2_BLOCKS
        mov     cx, [STAGE2_LOAD + HEADER_LOADER_SECTORS]
        add     cx, (1 << BLOCK_SHIFT) - 1  ; whole blocks, rounded up
        shr     cx, BLOCK_SHIFT
        mov     edi, LOADER_LOAD
        call    load
        mov     eax, [load.block]           ; how far it came, for the report
        mov     byte [bp + LOADED], LOADED_PART
        jc      .go
        movzx   ecx, word [STAGE2_LOAD + HEADER_LOADER_SECTORS]
        call    loader_sum
        cmp     edx, [STAGE2_LOAD + HEADER_LOADER_CHECKSUM]
        je      .all
        call    smallest
        jnz     .again
.all:
        mov     byte [bp + LOADED], LOADED_ALL ; stage 2 proves it, and says what is wrong
.go:
        shl     eax, BLOCK_SHIFT
        mov     [bp + LOADED_UNTIL], eax
        movzx   ax, byte [size]
        shl     ax, BLOCK_SHIFT
        mov     [bp + INFO_TRANSFER], ax
        jmp     STAGE2_LOAD + BOOT_HEADER_LEN

; smallest - one block in each call from now on; ZF = 1 if it was so already
smallest:
        cmp     byte [size], 1
        mov     byte [size], 1
        ret

; ---------------------------------------------------------------------------
; load - copy blocks from the disc to low memory
;
;   in      EAX           first block
;           CX            blocks, at least 1
;           EDI           linear destination below 1 MiB, multiple of 2048
;           [size]        blocks in a call, at most
;   out     CF = 0        done
;           CF = 1        [STATUS] = BIOS status of the last read, [.block] = its block
;   kills   all but segments and BP
;
; No call crosses a 64 KiB page (DMA). Each size is tried RUN_TRIES times with a reset
; between, then halved; then one block is tried for BLOCK_TICKS. After a call that
; hung, one block is tried at once.
; ---------------------------------------------------------------------------
load:
        mov     [.block], eax
        mov     [.left], cx
.run:
        mov     ax, [BDA_TICKS]
        mov     [.since], ax
        mov     byte [.tries], RUN_TRIES
.size:
        mov     ecx, 10000h
        movzx   edx, di
        sub     ecx, edx
        shr     ecx, SECTOR_SHIFT + BLOCK_SHIFT ; blocks up to the end of the page
        movzx   dx, byte [size]
        call    at_most
        mov     dx, [.left]
        call    at_most
        mov     ax, bios.back               ; where a call that hangs goes on
        call    watch_start
        mov     [watch_tick.sp], sp
        sub     word [watch_tick.sp], READ_STACK ; as deep as `read` is in that call
        mov     eax, [.block]
        call    read
        call    watch_end
        jnc     .done

        mov     al, [bp + STATUS]
        pushad
        mov     ah, DISK_RESET              ; a drive may hold to its error else
        call    bios
        popad
        mov     [bp + STATUS], al           ; of the read, not of the reset
        cmp     al, STATUS_ABANDONED
        je      .single
        dec     byte [.tries]
        jnz     .size
        cmp     byte [size], 1
        je      .wait
        shr     byte [size], 1
        cmp     byte [size], BLOCKS_FEW
        jae     .run
.single:
        call    smallest                    ; after a call that hung, the next may be the last
        jnz     .run
.wait:
        inc     byte [.tries]
        hlt                                 ; a tick or another interrupt
        mov     ax, [BDA_TICKS]
        sub     ax, [.since]
        cmp     ax, BLOCK_TICKS
        jb      .size
        stc
        ret
.done:
        movzx   ecx, cx
        add     [.block], ecx
        mov     dx, cx
        shl     ecx, SECTOR_SHIFT + BLOCK_SHIFT
        add     edi, ecx
        sub     [.left], dx
        jnz     .run
        ret                                 ; CF = 0: nothing was borrowed

.block:         dd 0                        ; next block
.left:          dw 0                        ; blocks still to load
.since:         dw 0                        ; low word of the tick when it was first tried
.tries:         db 0

size:           db TRANSFER_BLOCKS_MAX      ; blocks in a call

; at_most - CX = min(CX, DX)
at_most:
        cmp     cx, dx
        jbe     .kept
        mov     cx, dx
.kept:
        ret
