//! What is publicly known of each Windows: until when it got updates, and the memory that it wants.
//!
//! Source: Microsoft's lifecycle pages ("End of support", the end of the extended one) and the system requirements that Microsoft
//! printed on each; docs/origin.md names them.

use super::answer::{Family, Windows};

/// A Windows by its public numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its name.
    pub name: &'static str,
    /// The last day on which it got updates.
    pub ended: &'static str,
    /// The least memory that it starts with, in MB of 1048576 bytes; `None` where that depends on which one it is.
    pub ram_mb: Option<u64>,
}

/// What the name of each has in it, and what is known of it; the first that fits counts.
const PRODUCTS: [(&str, Product); 10] = [
    ("NT 4", Product { name: "Windows NT 4", ended: "31 December 2004", ram_mb: Some(16) }),
    ("Windows 2000", Product { name: "Windows 2000", ended: "13 July 2010", ram_mb: Some(64) }),
    ("2003", Product { name: "Windows Server 2003", ended: "14 July 2015", ram_mb: Some(128) }),
    ("Windows XP", Product { name: "Windows XP", ended: "8 April 2014", ram_mb: Some(64) }),
    ("2008 R2", Product { name: "Windows Server 2008 R2", ended: "14 January 2020", ram_mb: Some(512) }),
    ("2008", Product { name: "Windows Server 2008", ended: "14 January 2020", ram_mb: Some(512) }),
    ("Vista", Product { name: "Windows Vista", ended: "11 April 2017", ram_mb: Some(512) }),
    ("Windows 7", Product { name: "Windows 7", ended: "14 January 2020", ram_mb: Some(1024) }),
    ("Windows 8.1", Product { name: "Windows 8.1", ended: "10 January 2023", ram_mb: Some(1024) }),
    ("Windows 8", Product { name: "Windows 8", ended: "12 January 2016", ram_mb: Some(1024) }),
];
/// Those on top of DOS, of which nothing tells which it is.
const ON_DOS: Product = Product { name: "Windows 95, 98 or ME", ended: "11 July 2006", ram_mb: None };
/// Editions with years of their own.
const OTHER_YEARS: [&str; 2] = ["Embedded", "POSReady"];

impl Windows {
    /// What is publicly known of it; `None` of one that is none, is not known, or still gets updates.
    pub fn known(&self) -> Option<Product> {
        match (self.family, &self.product) {
            (Family::Dos, _) => Some(ON_DOS),
            (Family::Ntldr | Family::Bootmgr, Some(name)) => of_name(name),
            _ => None,
        }
    }
}

/// What is known of the Windows with this name.
fn of_name(name: &str) -> Option<Product> {
    if OTHER_YEARS.iter().any(|other| name.contains(other)) {
        return None;
    }
    PRODUCTS.iter().find_map(|(part, product)| name.contains(part).then_some(*product))
}

impl Product {
    /// That it gets no updates, and what follows.
    pub fn advice(&self) -> String {
        let Self { name, ended, .. } = self;
        format!(
            "{name} has had no updates since {ended}, and what was found in it since then stays open: keep it off every network, \
             and take it for something that may be lost"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Family, Windows, of_name};

    #[test]
    fn each_name_is_the_product_that_it_names_and_what_is_not_known_is_none() {
        for (name, known) in [
            ("Microsoft Windows 2000", Some("Windows 2000")),
            ("Microsoft Windows XP", Some("Windows XP")),
            ("Windows Server 2003 R2", Some("Windows Server 2003")),
            ("Windows Vista (TM) Business", Some("Windows Vista")),
            ("Windows Server (R) 2008 Standard", Some("Windows Server 2008")),
            ("Windows Server 2008 R2 Enterprise", Some("Windows Server 2008 R2")),
            ("Windows 7 Professional", Some("Windows 7")),
            ("Windows 8 Pro", Some("Windows 8")),
            ("Windows 8.1 Pro", Some("Windows 8.1")),
            ("Windows 10 Pro", None),
            ("Windows Embedded POSReady 2009", None),
            ("Windows XP Embedded", None),
            ("ReactOS", None),
            ("", None),
        ] {
            assert_eq!(of_name(name).map(|product| product.name), known, "{name}");
        }
        let mut windows = Windows::new(Family::Dos);
        assert!(windows.known().is_some_and(|product| product.ram_mb.is_none()));
        windows.family = Family::Reactos;
        windows.product = Some("Windows XP".into());
        assert_eq!(windows.known(), None);
    }
}
