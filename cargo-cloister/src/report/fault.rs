//! One fault with names instead of numbers.

use std::fmt;

use domains::report::{Action, Fault};
use domains::{Access, Domain, Pkru, exception};
use serde::Serialize;

use super::place::{Address, Place};
use super::words;
use crate::image::symbols::Symbols;

/// A fault, symbolised and judged by the domain table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FaultReport {
    /// What happened, in one sentence.
    pub what: String,
    /// The domain that faulted; none if its PKRU is nobody's.
    pub domain: Option<&'static str>,
    /// The area whose page was touched, `core` or `nothing`.
    pub page: &'static str,
    /// Read, write or execute.
    pub access: Option<&'static str>,
    /// Why, as the core says it.
    pub cause: &'static str,
    /// The exception vector.
    pub vector: u8,
    /// The exception's name.
    pub exception: &'static str,
    /// The number of the software interrupt, if it was one that was refused.
    pub interrupt: Option<u8>,
    /// The error code of the exception.
    pub error: u64,
    /// The instruction.
    pub at: Place,
    /// The address that it touched; zero if it touched none.
    pub address: u64,
    /// What lies there.
    pub touched: Option<Place>,
    /// PKRU at the instruction.
    pub pkru: u32,
    /// What stood in the way: the right that the table denies, or the page's.
    pub rights: Option<String>,
    /// The entry of the kernel that was served, if a kernel faulted in one.
    pub entry: Option<String>,
    /// What the core did.
    pub action: &'static str,
    /// What became of the machine.
    pub outcome: String,
    /// What to do.
    pub help: &'static str,
}

impl FaultReport {
    /// Explains `fault` with what is known of the image.
    pub fn new(fault: &Fault, symbols: Option<&Symbols>) -> FaultReport {
        let access = words::access(fault);
        let interrupt = words::interrupt(fault, symbols);
        FaultReport {
            what: words::headline(fault, interrupt),
            domain: fault.domain.map(Domain::name),
            page: fault.page.name(),
            access: access.map(Access::name),
            cause: fault.cause.name(),
            vector: fault.vector,
            exception: exception::name(fault.vector),
            interrupt,
            error: fault.error,
            at: Place::find(fault.rip, symbols),
            address: fault.address,
            touched: access.map(|_| Place::find(fault.address, symbols)),
            pkru: fault.pkru,
            rights: words::rights(fault),
            entry: words::entry(fault),
            action: fault.action.name(),
            outcome: words::outcome(fault),
            help: words::help(fault, interrupt),
        }
    }

    /// Whether the same was done at the same place.
    pub(super) fn is_like(&self, other: &FaultReport) -> bool {
        (&self.what, &self.at) == (&other.what, &other.at)
    }

    /// How bad it is: a fault that the machine survives is a warning.
    fn label(&self) -> &'static str {
        if self.action == Action::Rewind.name() {
            "warning"
        } else {
            "error"
        }
    }
}

/// The report as people read it.
impl fmt::Display for FaultReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.label(), self.what)?;
        let function = self.at.symbol.clone();
        let function = function.unwrap_or_else(|| Address(self.at.address).to_string());
        row(f, "at", &function, &self.at.source())?;
        if let Some(place) = &self.touched {
            row(
                f,
                "address",
                &Address(place.address).to_string(),
                &place.datum(),
            )?;
        }
        if let Some(entry) = &self.entry {
            row(f, "serving", entry, "")?;
        }
        let pkru = format!(
            "{} {}",
            self.domain.unwrap_or("nobody"),
            Pkru::from_bits(self.pkru)
        );
        row(f, "pkru", &pkru, self.rights.as_deref().unwrap_or_default())?;
        row(f, "outcome", &self.outcome, "")?;
        row(f, "help", self.help, "")
    }
}

/// One line: what it is about, and up to two things about it.
fn row(f: &mut fmt::Formatter<'_>, label: &str, first: &str, second: &str) -> fmt::Result {
    let line = format!("{label:>8} {first:<45} {second}");
    writeln!(f, "{}", line.trim_end())
}

#[cfg(test)]
mod tests {
    use domains::report::{Cause, Page};
    use domains::{Area, Cell};

    use super::*;

    fn fault() -> Fault {
        Fault {
            domain: Some(Domain::App),
            vector: 14,
            error: 0x27,
            address: 0x1000_0020_4018,
            rip: 0x3000_0000_1234,
            rsp: 0x3010_0000_0000,
            pkru: Pkru::of(Domain::App).bits(),
            page: Page::Area(Area::Safe),
            cause: Cause::Key,
            action: Action::Terminate,
            entry: None,
        }
    }

    fn named() -> FaultReport {
        let mut report = FaultReport::new(&fault(), None);
        report.at.symbol = Some("wild_write::main".to_owned());
        report.at.file = Some("examples/wild-write/src/main.rs".to_owned());
        report.at.line = Some(12);
        if let Some(place) = &mut report.touched {
            place.symbol = Some("kernel_safe::net::sockets::TABLE".to_owned());
            place.offset = 0x18;
        }
        report
    }

    #[test]
    fn a_violation_names_both_domains_the_place_and_the_missing_right() {
        let pkru = Pkru::of(Domain::App);
        let pkru =
            format!("    pkru app {pkru}                                key safe: no access");
        let expected = [
            "error: domain violation: app wrote to safe kernel memory",
            "      at wild_write::main                              examples/wild-write/src/main.rs:12",
            " address 0x0000_1000_0020_4018                         kernel_safe::net::sockets::TABLE + 0x18",
            &pkru,
            " outcome application terminated (120); safe kernel, cells and core unharmed",
            "    help look for unsafe code with a stray pointer at the place above; kernels are reached by calls only",
            "",
        ];
        assert_eq!(named().to_string(), expected.join("\n"));
    }

    #[test]
    fn without_walls_nothing_but_the_core_is_said_to_be_unharmed() {
        let without = Fault {
            pkru: 0,
            page: Page::Nothing,
            cause: Cause::Unmapped,
            ..fault()
        };
        let text = FaultReport::new(&without, None).to_string();
        assert!(text.contains("(120); core unharmed"), "{text}");
        assert!(!text.contains("safe kernel, unsafe"), "{text}");
    }

    #[test]
    fn without_symbols_addresses_stand_for_themselves() {
        let text = FaultReport::new(&fault(), None).to_string();
        assert!(text.contains("      at 0x0000_3000_0000_1234\n"), "{text}");
        assert!(text.contains(" address 0x0000_1000_0020_4018\n"), "{text}");
    }

    #[test]
    fn a_fault_that_the_machine_survives_is_a_warning() {
        let fault = Fault {
            domain: Some(Domain::Cell(Cell::Hostfs)),
            action: Action::Rewind,
            ..fault()
        };
        let text = FaultReport::new(&fault, None).to_string();
        assert!(
            text.starts_with("warning: domain violation: hostfs wrote to"),
            "{text}"
        );
        assert!(text.contains("the rest goes on"), "{text}");
    }

    #[test]
    fn every_cause_and_action_has_words_of_its_own() {
        let mut lines = std::collections::HashSet::new();
        for &cause in Cause::ALL {
            for &action in Action::ALL {
                lines.insert(
                    FaultReport::new(
                        &Fault {
                            cause,
                            action,
                            ..fault()
                        },
                        None,
                    )
                    .what,
                );
            }
        }
        // A key and a supervisor page differ by the page, which is given here.
        assert_eq!(lines.len(), Cause::ALL.len() - 1);
    }

    #[test]
    fn what_the_page_forbids_is_not_put_on_the_key() {
        let page = Page::Area(Area::App);
        let fault = Fault {
            error: 0x15,
            page,
            cause: Cause::Permission,
            ..fault()
        };
        let report = FaultReport::new(&fault, None);
        assert_eq!(report.what, "domain violation: app executed app data");
        assert_eq!(
            report.rights.as_deref(),
            Some("app page: not executable, whatever PKRU says")
        );
    }

    #[test]
    fn an_exception_that_touches_no_memory_has_no_address() {
        let fault = Fault {
            vector: 13,
            cause: Cause::Protection,
            page: Page::Nothing,
            ..fault()
        };
        let report = FaultReport::new(&fault, None);
        assert_eq!((report.access, report.touched.is_none()), (None, true));
        assert!(!report.to_string().contains(" address "), "{report}");
    }

    #[test]
    fn every_vector_is_called_by_its_name() {
        let report = |vector, error, cause| {
            let page = Page::Nothing;
            let fault = Fault {
                vector,
                error,
                cause,
                page,
                ..fault()
            };
            FaultReport::new(&fault, None)
        };
        for vector in 0..=u8::MAX {
            let name = exception::name(vector);
            let report = report(vector, 0, Cause::Other);
            assert_eq!(report.exception, name);
            assert!(report.what.starts_with(name), "{}", report.what);
        }
        let protection = exception::PROTECTION;
        let breakpoint = report(protection, 3 << 3 | 2, Cause::Protection);
        assert!(breakpoint.what.contains("app ran `int3`"));
        assert_eq!(breakpoint.interrupt, Some(3));
        for number in 4..=u8::MAX {
            let interrupt = report(protection, u64::from(number) << 3 | 2, Cause::Protection);
            let ran = format!("app ran `int {number:#x}`");
            assert!(interrupt.what.contains(&ran), "{}", interrupt.what);
        }
        let selector = report(protection, 0x10, Cause::Protection);
        assert!(selector.what.contains("selector 0x10"), "{}", selector.what);
    }

    #[test]
    fn programs_read_the_same_facts() {
        let json = serde_json::to_value(named()).expect("a report is JSON");
        assert_eq!(json["at"]["symbol"], "wild_write::main");
        assert_eq!(json["access"], "write");
        assert_eq!(json["address"], 0x1000_0020_4018_u64);
        assert_eq!(json["rights"], "key safe: no access");
        assert_eq!(json["action"], "terminate");
    }
}
