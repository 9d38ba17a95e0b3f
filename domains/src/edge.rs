//! Who may call whom, and what nobody may touch.
//!
//! [`CALLS`] are the gates. [`forbidden`] are all the accesses that the walls
//! must stop, generated from the table so that no test forgets one.

use crate::table::rights;
use crate::{Access, Area, Cell, Domain, page_fault};

/// A gate: code of `caller` may call into `callee`, by number and through the
/// gate page only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Call {
    /// Whose code calls.
    pub caller: Domain,
    /// Whose code runs.
    pub callee: Domain,
}

/// Every gate there is: the application calls the safe kernel, and that calls
/// the cells.
pub const CALLS: [Call; 1 + Cell::ALL.len()] = {
    const fn call(caller: Domain, callee: Domain) -> Call {
        Call { caller, callee }
    }
    let mut calls = [call(Domain::App, Domain::Safe); 1 + Cell::ALL.len()];
    let mut cell = 0;
    while cell < Cell::ALL.len() {
        calls[1 + cell] = call(Domain::Safe, Domain::Cell(Cell::ALL[cell]));
        cell += 1;
    }
    calls
};

/// What an access aims at.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Target {
    /// A page of an area.
    Area(Area),
    /// A page of the trusted core.
    Core,
}

impl Target {
    /// Every target.
    pub fn all() -> impl Iterator<Item = Target> {
        Area::ALL
            .into_iter()
            .map(Target::Area)
            .chain([Target::Core])
    }

    /// The word for it in reports and on command lines.
    pub const fn name(self) -> &'static str {
        match self {
            Target::Area(area) => area.name(),
            Target::Core => "core",
        }
    }

    /// The target called `name`.
    pub fn from_name(name: &str) -> Option<Target> {
        Target::all().find(|target| target.name() == name)
    }
}

/// An access that must fault.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Forbidden {
    /// Who tries.
    pub domain: Domain,
    /// What is touched.
    pub target: Target,
    /// How.
    pub access: Access,
}

/// Every forbidden access.
///
/// A fetch from data faults by the no-execute bit, and one from text is no
/// violation: instruction fetch ignores keys, so text is open to execution.
pub fn forbidden() -> impl Iterator<Item = Forbidden> {
    Domain::ALL.into_iter().flat_map(|domain| {
        Target::all().flat_map(move |target| {
            Access::ALL
                .into_iter()
                .map(move |access| Forbidden {
                    domain,
                    target,
                    access,
                })
                .filter(|edge| edge.is_forbidden())
        })
    })
}

impl Forbidden {
    fn is_forbidden(&self) -> bool {
        match (self.target, self.access) {
            (Target::Core, _) => true,
            (Target::Area(area), Access::Execute) => area != Area::Text,
            (Target::Area(area), access) => !rights(self.domain, area).allow(access),
        }
    }

    /// The page-fault error code that this access must raise under `mpk`: user
    /// mode, present, and the reason.
    pub const fn error_code(&self) -> u64 {
        let by_access = match self.access {
            Access::Read => 0,
            Access::Write => page_fault::WRITE,
            Access::Execute => page_fault::FETCH,
        };
        let by_key = match (self.target, self.access) {
            (Target::Area(_), Access::Read | Access::Write) => page_fault::KEY,
            _ => 0,
        };
        page_fault::PRESENT | page_fault::USER | by_access | by_key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_core_is_closed_to_all_in_every_way() {
        let core = forbidden()
            .filter(|edge| edge.target == Target::Core)
            .count();
        assert_eq!(core, Domain::ALL.len() * Access::ALL.len());
    }

    #[test]
    fn error_codes_say_who_and_why() {
        let edge = |access, target| Forbidden {
            domain: Domain::App,
            target,
            access,
        };
        assert_eq!(
            edge(Access::Read, Target::Area(Area::Safe)).error_code(),
            0x25
        );
        assert_eq!(
            edge(Access::Write, Target::Area(Area::Safe)).error_code(),
            0x27
        );
        assert_eq!(
            edge(Access::Execute, Target::Area(Area::App)).error_code(),
            0x15
        );
        assert_eq!(edge(Access::Write, Target::Core).error_code(), 0x07);
    }

    #[test]
    fn the_application_may_not_write_the_boot_information() {
        assert!(forbidden().any(|edge| {
            edge.domain == Domain::App
                && edge.target == Target::Area(Area::Info)
                && edge.access == Access::Write
        }));
    }
}
