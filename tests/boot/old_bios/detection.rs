//! What measuring the drive costs: reads that a loader which believes its BIOS would not make.

use std::time::Duration;

use ramkey_format::boot::BootHeader;
use ramkey_format::memory::{BOOT_LBA, SECTOR_SIZE, STAGE2_SECTORS, TRANSFER_SECTORS_MAX};

use super::super::harness::{Running, scratch};
use super::personalities::{PERSONALITIES, Personality};
use super::readers::machine_with;
use super::sticks::{Size, Sticks, Writer};

/// What the loader says first.
const LOADER: &str = "ramkey 0";
/// The ROM's letters for a read by EDD, and by CHS.
const READS: [&str; 2] = ["{e}", "{c}"];

/// Reads between the first sector and the loader's first line, without those that loading stage 2 and the loader takes
/// in any case.
fn extra_reads(personality: &Personality, longest: u32) -> u32 {
    let sticks = Sticks::new();
    let stick = sticks.get(Writer::Ramkey(0), Size::Small);
    let bytes = std::fs::read(&stick).expect("the stick");
    let header = BootHeader::parse(&bytes[(BOOT_LBA * SECTOR_SIZE) as usize..]).expect("a boot header");
    let loader = u32::from(header.loader_sectors.get());
    let folder = scratch();
    let machine = machine_with(folder.path(), personality, &stick, &["TRACE_EACH=1"]);
    let mut running = Running::start(&machine);
    running.wait_text(LOADER, Duration::from_secs(120));
    let console = running.evidence().console;
    let (_, started) = console.split_once("{B}").expect("the ROM started the stick");
    let before = started.split(LOADER).next().unwrap_or_default();
    let reads: usize = READS.iter().map(|letter| before.matches(letter).count()).sum();
    // The ROM reads the first sector itself.
    reads as u32 - 1 - STAGE2_SECTORS - loader.div_ceil(longest)
}

fn named(name: &str) -> &'static Personality {
    PERSONALITIES.iter().find(|one| one.name == name).expect("a BIOS of the list")
}

#[test]
fn a_bios_without_faults_is_measured_in_at_most_8_reads() {
    let extra = extra_reads(named("sound"), TRANSFER_SECTORS_MAX);
    assert!((1..=8).contains(&extra), "{extra} reads more than loading takes");
}

#[test]
fn a_bios_without_edd_is_measured_in_few_single_sectors() {
    // Four fail, by EDD, before CHS is tried; and as many again in stage 2. Half a second at 30 ms a call.
    let extra = extra_reads(named("CHS 64/32"), 32);
    assert!((4..=16).contains(&extra), "{extra} reads more than loading takes");
    // Of a cylinder that no stamp ends three more are tried.
    let extra = extra_reads(named("CHS 255/63"), 63);
    assert!((4..=20).contains(&extra), "{extra} reads more than loading takes");
}
