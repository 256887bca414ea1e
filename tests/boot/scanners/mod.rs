//! What other people's drivers and tools look for in memory, written again from their descriptions
//! (`docs/boot-protocol.md`): over memory made by hand, and over the memory of machines that booted from RAM.

mod beside;
mod dump;
mod firadisk;
mod freebsd;
mod live;
mod mdiskchk;
mod memdiskfind;
mod memory;
mod sets;
mod spoilt;
mod svbus;
mod winvblock;

/// What a driver takes a RAM drive for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Disk,
    Floppy,
    Cd,
}

/// Geometry as a driver reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// `None` if the driver does not read it.
    pub cylinders: Option<u32>,
    pub heads: u32,
    pub track_sectors: u32,
}

/// A RAM drive as a driver would create it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// `None` of a program that knows no classes.
    pub class: Option<Class>,
    /// Physical address of its first byte.
    pub address: u64,
    pub bytes: u64,
    /// `None` of a program that reads none.
    pub shape: Option<Shape>,
}

/// What would stop the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// The chain comes back to this hook.
    Hang { entry: usize },
    /// It follows this pointer to where there is no table.
    Pointer { address: u32 },
    /// It divides by a number of this slot that is zero.
    Division { slot: usize },
}

/// What a driver finds, in its order.
pub type Search = Result<Vec<Found>, Crash>;
