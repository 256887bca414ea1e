; fn_42_extended_read.asm - INT 13h AH=42h, 43h, 44h, 47h (EDD 3.0).
;
; Included by: resident.asm                  Contract: int13_entry

; ---------------------------------------------------------------------------
; fn_42_extended_read, fn_43_extended_write, fn_44_extended_verify - the packet at
; DS:SI
;
;   out     AH = 0        the packet's count is left as it was
;           AH = 01h      the packet is shorter than 16 bytes
;           AH = 02h      outside the disk: nothing moved, count = 0
;           AH = 03h      the disk is read-only, count = 0
;           AH = 09h      a flat buffer above 4 GiB, count = 0
; ---------------------------------------------------------------------------
fn_42_extended_read:
        call    from_packet
        jc      packet_failed
        call    copy_to_caller
        jmp     packet_moved
fn_43_extended_write:
        call    from_packet
        jc      packet_failed
        test    byte [CUR(CONFIG)], CONFIG_READ_ONLY
        mov     ah, STATUS_WRITE_PROTECTED
        jnz     packet_failed
        test    byte [CUR(CONFIG)], CONFIG_FAKE_WRITE
        jnz     fn_ok
        call    copy_from_caller
packet_moved:
        jc      packet_failed
        mov     ah, STATUS_OK
        ret
fn_44_extended_verify:
        call    from_packet
        jc      packet_failed
        mov     ah, STATUS_OK
        ret
packet_failed:
        cmp     ah, STATUS_BAD_COMMAND      ; no packet that could be written to
        je      .done
        mov     es, [ARG(ds)]
        mov     bx, [ARG(esi)]
        mov     word [es:bx + DAP.count], 0
.done:
        ret

; ---------------------------------------------------------------------------
; from_packet - the caller's packet as linear addresses
;
;   out     as from_chs; CF = 1: AH = status
;   kills   EAX EBX EDX ES
; ---------------------------------------------------------------------------
from_packet:
        mov     es, [ARG(ds)]
        mov     bx, [ARG(esi)]
        cmp     byte [es:bx + DAP.size], DAP_size
        mov     ah, STATUS_BAD_COMMAND
        jb      .done                       ; with CF = 1
        movzx   ecx, word [es:bx + DAP.count]

        mov     eax, [es:bx + DAP.offset]
        movzx   edi, ax
        cmp     eax, -1                     ; the address is flat and follows the LBA
        jne     .far
        cmp     byte [es:bx + DAP.size], DAP_size + 8
        jb      .far
        mov     edi, [es:bx + DAP_size]
        cmp     dword [es:bx + DAP_size + 4], 0
        mov     ah, STATUS_DMA_BOUNDARY
        stc
        jne     .done
        jmp     .lba
.far:
        shr     eax, 16
        shl     eax, 4
        add     edi, eax
.lba:
        cmp     dword [es:bx + DAP.lba + 4], 0
        jne     not_found
        mov     eax, [es:bx + DAP.lba]
        cmp     byte [CUR(CLASS)], CLASS_DISC
        jne     inside
        ; fall through

; inside_disc - as inside, EAX and ECX in sectors of 2048 bytes
inside_disc:
        test    eax, 3 << 30
        jnz     not_found
        shl     eax, 2
        shl     ecx, 2
        jmp     inside
from_packet.done:
        ret
