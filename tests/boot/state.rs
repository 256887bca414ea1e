//! The state that the image starts in, what calls leave of it, and the memory that the BIOS offers.

use super::harness::{Geometry, disk, file, scratch};
use super::int13::passes;

const SMALL: Geometry = Geometry::new(4, 16, 63);
const AS_HDD: [&str; 4] = ["--kind", "hdd", "--chs", "4/16/63"];

#[test]
fn registers_tables_flags_and_stack_survive_every_call() {
    let image = disk("state", SMALL, SMALL.sectors(), &[]);
    passes(&image, &AS_HDD, |_| ());
}

#[test]
fn every_function_leaves_the_machine_as_it_was() {
    let image = disk("unchanged", SMALL, SMALL.sectors(), &[]);
    passes(&image, &AS_HDD, |_| ());
    // Under the other identity too.
    let more = ["--kind", "hdd", "--chs", "4/16/63", "--identity", "grub4dos"];
    passes(&image, &more, |_| ());
}

#[test]
fn a_system_may_hook_int_13h_and_call_it_from_inside() {
    let image = disk("chain", SMALL, SMALL.sectors(), &[]);
    passes(&image, &AS_HDD, |_| ());
}

#[test]
fn a_disk_above_1_mib_is_read_while_a20_is_off_and_a20_stays_off() {
    let image = disk("a20", SMALL, SMALL.sectors(), &[]);
    passes(&image, &AS_HDD, |_| ());
}

#[test]
fn a_virtual_8086_monitor_moves_the_memory_and_may_refuse() {
    let image = disk("v86", SMALL, SMALL.sectors(), &[]);
    passes(&image, &AS_HDD, |_| ());
}

#[test]
fn every_call_about_memory_agrees() {
    let image = disk("memory", SMALL, SMALL.sectors(), &[]);
    for ram_mib in [4, 8, 16, 17, 64, 256] {
        println!("{ram_mib} MiB");
        // Two MiB do not fit beside the loader in a machine of 4: a floppy does.
        let small = Geometry::new(1, 16, 63);
        let image = if ram_mib == 4 { disk("memory", small, small.sectors(), &[]) } else { image.clone() };
        let geometry = if ram_mib == 4 { "1/16/63" } else { "4/16/63" };
        passes(&image, &["--kind", "hdd", "--chs", geometry], |machine| machine.ram_mib = ram_mib);
    }
}

#[test]
fn every_call_about_memory_agrees_beside_eight_drives() {
    let folder = scratch();
    let small = Geometry::new(1, 16, 63);
    let mut data = vec![0x5A; small.sectors() as usize * 512];
    // One partition from track 1 to the end: a hard disk.
    data[446..510].fill(0);
    data[446..462].copy_from_slice(&[0x80, 1, 1, 0, 6, 15, 63, 0, 63, 0, 0, 0, 0xB1, 3, 0, 0]);
    data[510..512].copy_from_slice(&[0x55, 0xAA]);
    let data = file(folder.path(), "data.img", &data);
    let data = data.display().to_string();
    let mut options = AS_HDD.to_vec();
    for _ in 0..7 {
        options.extend(["--with", &data]);
    }
    for ram_mib in [16, 17, 64, 256] {
        println!("{ram_mib} MiB");
        // The resident part takes at most 8 KiB.
        let image = disk("memory", SMALL, SMALL.sectors(), &["BASE_LEFT=631"]);
        passes(&image, &options, |machine| machine.ram_mib = ram_mib);
    }
}
