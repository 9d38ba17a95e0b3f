//! What a report of a fault must say, to the last field that is not an address.

use domains::edge::{Forbidden, Target};
use domains::report::Cause;
use domains::{Access, Domain, page_fault};
use serde_json::Value;

/// The part of a report that says who did what to whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Report {
    pub(crate) domain: String,
    pub(crate) page: String,
    pub(crate) cause: String,
    pub(crate) error: u64,
}

impl Report {
    /// What `fault` says.
    pub(crate) fn of(fault: &Value) -> Report {
        let word = |name: &str| fault[name].as_str().unwrap_or_default().to_owned();
        Report {
            domain: word("domain"),
            page: word("page"),
            cause: word("cause"),
            error: number(&fault["error"]),
        }
    }

    /// The report of a forbidden access, with walls.
    pub(crate) fn about(edge: &Forbidden) -> Report {
        let cause = match (edge.target, edge.access) {
            (Target::Core, _) => Cause::Supervisor,
            (Target::Area(_), Access::Execute) => Cause::Permission,
            (Target::Area(_), Access::Read | Access::Write) => Cause::Key,
        };
        Report {
            domain: edge.domain.name().to_owned(),
            page: edge.target.name().to_owned(),
            cause: cause.name().to_owned(),
            error: edge.error_code(),
        }
    }

    /// The report of a write to a page of `target` that nobody may write.
    pub(crate) fn read_only(domain: Domain, target: Target) -> Report {
        Report {
            domain: domain.name().to_owned(),
            page: target.name().to_owned(),
            cause: Cause::Permission.name().to_owned(),
            error: page_fault::PRESENT | page_fault::WRITE | page_fault::USER,
        }
    }
}

/// A number that an event has as a number or in hexadecimal.
pub(crate) fn number(value: &Value) -> u64 {
    let digits = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).ok();
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(digits))
        .unwrap_or(u64::MAX)
}
