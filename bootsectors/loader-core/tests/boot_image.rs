//! Which boot images of CDs can lie where their catalogue says.

use ramkey_loader_core::boot_image::{BASE_MEMORY_END, Obstacle, RESIDENT_MIN, obstacle, place};

#[test]
fn a_boot_image_lies_behind_the_data_of_the_bios_and_ends_before_the_resident_part() {
    let end = BASE_MEMORY_END - RESIDENT_MIN;
    let table = [
        (0x07C0, 4, None),
        (0x0060, 4, None),
        (0x005F, 4, Some(Obstacle::Data)),
        (0x0004, 76, Some(Obstacle::Data)),
        (0x9EE0, 1, None),
        (0x9EE1, 1, Some(Obstacle::End)),
        (0xA000, 4, Some(Obstacle::End)),
        (0x07C0, 65535, Some(Obstacle::End)),
        (0xFFFF, 65535, Some(Obstacle::End)),
    ];
    for (segment, sectors, expected) in table {
        assert_eq!(obstacle(&place(segment, sectors), end), expected, "{segment:04X}h, {sectors} sectors");
    }
}

#[test]
fn a_boot_image_has_512_bytes_for_each_sector() {
    assert_eq!(place(0x07C0, 4), 0x7C00..0x8400);
}
