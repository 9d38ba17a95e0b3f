//! What was seen, as JSON for whoever started QEMU.
//!
//! `total` instructions were executed, of them `domains` by each; `done` says what went
//! wrong and where, `strays` how often a domain wrote where it may not, and the first of
//! them: its instruction, the address.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::course::Done;
use crate::plan::{Domain, PAGE};

/// How many writes are told one by one.
const TOLD: usize = 16;
/// How many pages are told of each domain.
const PAGES: usize = 4096;

/// Where domains wrote that may not.
#[derive(Debug, Default)]
pub struct Strays {
    count: u64,
    first: Vec<(usize, u64, u64)>,
    pages: BTreeSet<(usize, u64)>,
}

impl Strays {
    /// None.
    pub const fn new() -> Strays {
        Strays {
            count: 0,
            first: Vec::new(),
            pages: BTreeSet::new(),
        }
    }

    /// Notes one; whether it is one of the first.
    pub fn note(&mut self, domain: usize, at: u64, address: u64) -> bool {
        self.count += 1;
        if self.pages.len() < PAGES {
            self.pages.insert((domain, address & !(PAGE - 1)));
        }
        let is_told = self.first.len() < TOLD;
        if is_told {
            self.first.push((domain, at, address));
        }
        is_told
    }
}

/// All of it.
pub fn as_json(
    domains: &[Domain],
    counts: &[u64],
    total: u64,
    done: Option<&Done>,
    strays: &Strays,
) -> String {
    let name = |number: usize| domains.get(number).map_or("", |domain| &domain.name);
    let counts = domains.iter().zip(counts);
    let counts: Vec<String> = counts
        .map(|(domain, count)| format!("\"{}\":{count}", domain.name))
        .collect();
    let mut text = format!("{{\"total\":{total},\"domains\":{{{}}}", counts.join(","));
    if let Some(Done { at, count, what }) = done {
        let _ = write!(
            text,
            ",\"done\":{{\"at\":{at},\"count\":{count},\"what\":\"{what}\"}}"
        );
    }
    let first = strays.first.iter().map(|(domain, at, address)| {
        let domain = name(*domain);
        format!("{{\"domain\":\"{domain}\",\"at\":{at},\"address\":{address}}}")
    });
    let pages = strays.pages.iter();
    let pages = pages.map(|(domain, page)| format!("[\"{}\",{page}]", name(*domain)));
    let list = |items: Vec<String>| items.join(",");
    let _ = writeln!(
        text,
        ",\"strays\":{{\"count\":{},\"first\":[{}],\"pages\":[{}]}}}}",
        strays.count,
        list(first.collect()),
        list(pages.collect())
    );
    text
}
