; fn_42_extended_read.asm - INT 13h AH=42h, 43h, 44h, 47h (EDD 3.0).
;
; Included by: resident.asm                  Contract: int13_entry

; ---------------------------------------------------------------------------
; fn_42_extended_read, fn_43_extended_write, fn_44_extended_verify - the packet at
; DS:SI
;
;   out     AH = 0        the packet's count is left as it was
;           AH = 02h      count = sectors that were moved: the disk ends behind them.
;                         0 when the first one is outside
;           AH = 03h      the disk is read-only, count = 0
;           AH = 09h      more than TRANSFER_MAX sectors, or a flat buffer above 4 GiB:
;                         count = 0
; The packet's length counts only where a flat address would lie: guests leave
; anything there, and no BIOS in use looks at it.
; ---------------------------------------------------------------------------
fn_42_extended_read:
        call    from_packet
        jc      packet_failed
        call    to_caller
        jc      packet_failed
        ; fall through

; packet_moved - the end of a transfer by packet that moved what there is
;   in      [outcome]     status; if it is an error, [moved] sectors of 512 bytes were moved
;   out     AH = status, the packet's count = sectors, if they are not all
packet_moved:
        mov     ah, [outcome]
        test    ah, ah
        jz      packet_done
        mov     dx, [moved]
        mov     si, [current_record]
        mov     cl, [CUR(SECTOR_SHIFT)]
        sub     cl, SECTOR_SHIFT
        shr     dx, cl
packet_count:                               ; DX = sectors that were moved
        mov     es, [ARG(ds)]
        mov     bx, [ARG(esi)]
        mov     [es:bx + DAP.count], dx
        mov     byte [outcome], STATUS_OK
packet_done:
        ret

; packet_failed - the end of a transfer by packet that moved nothing
;   in      AH            status
packet_failed:
        xor     dx, dx
        jmp     packet_count

fn_43_extended_write:
        call    from_packet
        jc      packet_failed
        mov     bx, [current_record]
        test    byte [bx + RECORD_CONFIG], CONFIG_READ_ONLY
        mov     ah, STATUS_WRITE_PROTECTED
        jnz     packet_failed
        test    byte [bx + RECORD_CONFIG], CONFIG_FAKE_WRITE
        jnz     packet_moved
        call    from_caller
        jc      packet_failed
        jmp     packet_moved

fn_44_extended_verify:
        call    from_packet
        jc      packet_failed
        jmp     packet_moved

; ---------------------------------------------------------------------------
; from_packet - the caller's packet as linear addresses
;
;   out     as from_chs
;   kills   EAX EBX EDX ES
; ---------------------------------------------------------------------------
from_packet:
        mov     es, [ARG(ds)]
        mov     bx, [ARG(esi)]
        movzx   ecx, word [es:bx + DAP.count]
        cmp     cx, TRANSFER_MAX
        ja      out_of_bounds
        mov     eax, [es:bx + DAP.offset]
        movzx   edi, ax
        cmp     eax, -1                     ; the address is flat and follows the LBA
        jne     .far
        cmp     byte [es:bx + DAP.size], DAP_size + 8
        jb      .far
        mov     edi, [es:bx + DAP_size]
        cmp     dword [es:bx + DAP_size + 4], 0
        je      .lba
        ; fall through

; out_of_bounds - the end of from_packet: too many sectors, or a buffer above 4 GiB
out_of_bounds:
        mov     ah, STATUS_DMA_BOUNDARY
        stc
        ret

from_packet.far:                            ; EAX = far pointer, EDI = its offset
        shr     eax, 16
        shl     eax, 4
        add     edi, eax
from_packet.lba:
        cmp     dword [es:bx + DAP.lba + 4], 0
        jne     not_found
        mov     eax, [es:bx + DAP.lba]
        cmp     byte [CUR(CLASS)], CLASS_CD
        jne     inside
        ; fall through

; inside_disc - as inside, EAX and ECX in sectors of 2048 bytes
inside_disc:
        test    eax, 3 << 30
        jnz     not_found
        shl     eax, 2
        shl     ecx, 2
        jmp     inside
