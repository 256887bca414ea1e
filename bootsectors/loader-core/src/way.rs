//! The two methods of reading a drive, and what was learnt about one of them.

/// How sectors are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// By LBA, AH=42h.
    Edd,
    /// By cylinder, head and sector, AH=02h.
    Chs,
}

impl Method {
    /// The other one.
    pub fn other(self) -> Self {
        if self == Self::Edd { Self::Chs } else { Self::Edd }
    }

    /// For people.
    pub fn name(self) -> &'static str {
        if self == Self::Edd { "EDD" } else { "CHS" }
    }
}

/// One method, and what was learnt about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    /// Sectors of the stick before the first one that this method sees.
    pub hidden: u32,
    /// Most sectors in the next call; blocks, as all that follows, if the drive counts those.
    pub sectors: u16,
    /// Most sectors that a call brought.
    pub worked: u16,
    /// Most sectors that may ever be asked for: fewer than a call that hung had.
    pub most: u16,
    /// Sectors in the first call, or in the first after one that hung.
    first: u16,
}

impl Way {
    /// Nothing is learnt yet. `transfer` is the most in the first call, 0 for `most`, which is as many as a call can have.
    pub fn new(hidden: u32, transfer: u16, most: u16) -> Self {
        let sectors = if transfer == 0 { most } else { transfer.min(most) };
        Self { hidden, sectors, worked: 0, most, first: sectors }
    }

    /// Remembers that a call for `sectors` hung; how many the next may ask for, `None` if one was too many.
    pub fn hung(&mut self, sectors: u16) -> Option<u16> {
        self.most = sectors.saturating_sub(1).min(self.most);
        let next = if self.worked <= self.most { self.worked.max(1) } else { 1 };
        self.sectors = next;
        self.first = next;
        (self.most > 0).then_some(next)
    }

    /// Quarters the transfers; `false` if they are single sectors already.
    pub fn quarter(&mut self) -> bool {
        let smaller = self.sectors > 1;
        // Faster down than after an error: a whole chunk is read at each size.
        self.sectors = half(half(self.sectors));
        smaller
    }

    /// Forgets transfers that became shorter because other sectors were read than were meant.
    pub fn start_again(&mut self, single: bool) {
        self.sectors = if single { 1 } else { self.first.min(self.most) };
    }
}

/// Half of a transfer, and at least one sector.
pub(crate) fn half(sectors: u16) -> u16 {
    (sectors >> 1).max(1)
}
