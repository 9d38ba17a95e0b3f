//! What is to be done, as whoever started QEMU has written it.
//!
//! A file with an item a line: a word, and what belongs to it behind blanks. Numbers are
//! hexadecimal, without a prefix.
//!
//! ```text
//! out PATH                  where the results go
//! limit COUNT               after how many instructions QEMU ends
//! text NAME START END       a domain and its code
//! may NAME START END        where it may write
//! known NAME PAGE           a page where it writes all the same
//! fault NAME AT KIND SEED   what goes wrong, before which instruction of the domain
//! data START END            where data of that domain lies
//! pointer ADDRESS           where a store of it goes wrong
//! ```

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;

use crate::kind::Kind;

/// Bytes of a page.
pub const PAGE: u64 = 4096;

/// More domains than any image has.
pub const DOMAINS_MAX: usize = 15;

/// A domain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Domain {
    pub name: String,
    pub text: Range<u64>,
    /// Where it may write.
    pub may: Vec<Range<u64>>,
    /// Pages where it writes all the same.
    pub known: BTreeSet<u64>,
}

/// What goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The domain's place in the list.
    pub domain: usize,
    /// Before which of its instructions, counted from zero.
    pub at: u64,
    pub kind: Kind,
    pub seed: u64,
}

/// The whole plan.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    pub out: PathBuf,
    pub limit: Option<u64>,
    pub domains: Vec<Domain>,
    pub fault: Option<Fault>,
    pub data: Vec<Range<u64>>,
    pub pointer: u64,
}

impl Plan {
    /// Reads a plan.
    ///
    /// # Errors
    ///
    /// The first line that is none of it.
    pub fn read(text: &str) -> Result<Plan, String> {
        let mut plan = Plan::default();
        for line in text.lines() {
            plan.line(line)
                .ok_or_else(|| format!("what is {line:?}?"))?;
        }
        Ok(plan)
    }

    fn line(&mut self, line: &str) -> Option<()> {
        let (word, rest) = line.split_once(' ')?;
        let mut words = rest.split(' ');
        match word {
            "out" => self.out = rest.into(),
            "limit" => self.limit = Some(number(rest)?),
            "text" => {
                let name = words.next()?.to_owned();
                let text = range(&mut words)?;
                (self.domains.len() < DOMAINS_MAX).then_some(())?;
                self.domains.push(Domain {
                    name,
                    text,
                    may: Vec::new(),
                    known: BTreeSet::new(),
                });
            }
            "may" => {
                let number = self.find(words.next()?)?;
                let range = range(&mut words)?;
                self.domains.get_mut(number)?.may.push(range);
            }
            "known" => {
                let domain = self.find(words.next()?)?;
                let page = number(words.next()?)?;
                self.domains.get_mut(domain)?.known.insert(page);
            }
            "fault" => {
                self.fault = Some(Fault {
                    domain: self.find(words.next()?)?,
                    at: number(words.next()?)?,
                    kind: Kind::from_name(words.next()?)?,
                    seed: number(words.next()?)?,
                });
            }
            "data" => self.data.push(range(&mut words)?),
            "pointer" => self.pointer = number(rest)?,
            _ => return None,
        }
        Some(())
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.domains.iter().position(|domain| domain.name == name)
    }
}

impl Domain {
    /// Whether it may write there, or is known to.
    pub fn may_write(&self, address: u64) -> bool {
        self.may.iter().any(|range| range.contains(&address))
            || self.known.contains(&(address & !(PAGE - 1)))
    }
}

fn number(text: &str) -> Option<u64> {
    u64::from_str_radix(text, 16).ok()
}

fn range<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<Range<u64>> {
    Some(number(words.next()?)?..number(words.next()?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read() {
        let text = "out /tmp/a b\nlimit ff\ntext app 1000 2000\nmay app 8000 9000\n\
                    known app a000\nfault app 10 register 7\ndata 8000 8800\npointer 77\n";
        let plan = Plan::read(text).expect("it is one");
        assert_eq!(plan.out, PathBuf::from("/tmp/a b"));
        assert_eq!((plan.limit, plan.pointer), (Some(255), 0x77));
        let fault = plan.fault.expect("there is one");
        assert_eq!(
            (fault.domain, fault.at, fault.kind),
            (0, 16, Kind::Register)
        );
        let app = &plan.domains[0];
        for (address, may) in [
            (0x8000, true),
            (0x9000, false),
            (0xafff, true),
            (0xb000, false),
        ] {
            assert_eq!(app.may_write(address), may, "{address:#x}");
        }
    }

    #[test]
    fn what_is_no_plan_is_named() {
        for line in [
            "",
            "out",
            "limit x",
            "may app 0 1",
            "text a 0",
            "fault a 0 skip 0",
        ] {
            let wrong = Plan::read(&format!("limit 1\n{line}\n"));
            assert_eq!(wrong, Err(format!("what is {line:?}?")));
        }
    }
}
