//! How the gate page is attacked: in QEMU by the core, and on a processor under
//! Linux.
//!
//! An attempt enters the page at some byte with forged EAX, ECX and EDX, as a
//! domain and with the tokens that there are while it runs. To show that this has
//! power, checks are taken out of the page: then something must get through.

use crate::entries::SLOTS;
use crate::layout::PAGE_SIZE;
use crate::{Cell, Domain, Pkru};

/// Nothing denied, the rights of each domain, and all denied.
const FORGED_EAX: [u32; Domain::ALL.len() + 2] = {
    let mut forged = [0; Domain::ALL.len() + 2];
    let mut domain = 0;
    while domain < Domain::ALL.len() {
        forged[1 + domain] = Pkru::of(Domain::ALL[domain]).bits();
        domain += 1;
    }
    forged[1 + domain] = u32::MAX;
    forged
};
/// ECX and EDX are zero or one.
const FORGED_REST: u32 = 4;

/// How many attempts there are.
pub const ATTEMPTS: u32 = PAGE_SIZE as u32 * FORGED_EAX.len() as u32 * FORGED_REST;
/// The number that all attempts have in R11: the last slot of a table. No interface
/// comes so far, and such a slot refuses the call, and returns.
pub const HARMLESS_ENTRY: u64 = SLOTS as u64 - 1;

/// Who attacks: whoever is not trusted with the gates.
pub const ATTACKERS: [Domain; 1 + Cell::ALL.len()] = {
    let mut attackers = [Domain::App; 1 + Cell::ALL.len()];
    let mut cell = 0;
    while cell < Cell::ALL.len() {
        attackers[1 + cell] = Domain::Cell(Cell::ALL[cell]);
        cell += 1;
    }
    attackers
};

/// Words that a call into a cell leaves on the safe kernel's stack: the thread
/// pointer, two registers, and the address to return to.
pub const SAVED_WORDS: u64 = 4;
/// The word below them, which holds MXCSR and the control word of x87: those that
/// a thread starts with.
pub const SAVED_MODES: u64 = 0x37f << 32 | 0x1f80;

/// Where an attempt enters the page, and with what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Forgery {
    /// Bytes from the beginning of the page.
    pub offset: u64,
    /// What WRPKRU would write.
    pub eax: u32,
    /// Zero, as WRPKRU wants it, or one.
    pub ecx: u32,
    /// Likewise.
    pub edx: u32,
}

impl Forgery {
    /// That of attempt number `attempt`.
    pub const fn new(attempt: u32) -> Forgery {
        let count = FORGED_EAX.len() as u32;
        let (rest, eax) = (attempt / count, FORGED_EAX[(attempt % count) as usize]);
        let (offset, bits) = (rest / FORGED_REST, rest % FORGED_REST);
        Forgery {
            offset: offset as u64,
            eax,
            ecx: bits & 1,
            edx: bits >> 1,
        }
    }
}

/// How an attempt ended: each ends in a fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct End {
    /// Whose rights there were, if they are any domain's.
    pub rights: Option<Domain>,
    /// Whether a check of the gate stopped it.
    pub died_in_gate: bool,
    /// Whether it stands where the call that the safe kernel had made returns to,
    /// on the stack of that call, and the token is used up.
    pub has_returned: bool,
}

impl End {
    /// Whether `attacker` got nowhere: he has his own rights, or died, or a cell did
    /// what it may, once: return.
    pub fn is_harmless(self, attacker: Domain) -> bool {
        let has_returned =
            attacker.cell().is_some() && self.rights == Some(Domain::Safe) && self.has_returned;
        self.rights == Some(attacker) || self.died_in_gate || has_returned
    }
}

/// A kind of check of the gate page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Check {
    /// The comparison behind each WRPKRU.
    Pkru,
    /// The look at the token of a lowered domain.
    Tokens,
    /// The look at the stack to enter the safe kernel on.
    Entry,
    /// The look at the stack to return to the safe kernel on.
    Return,
}

/// Whether `attacker` gets through without the checks of this kind. The application
/// always has the token to enter with, and stops at the one to return with. For a
/// cell it is the other way round; by the gate of another cell it cannot return,
/// because each has a token of its own.
pub fn needs(attacker: Domain, check: Check) -> bool {
    match check {
        Check::Pkru | Check::Tokens | Check::Return => true,
        Check::Entry => attacker != Domain::App,
    }
}

/// Who gets through without which checks.
pub fn mutants() -> impl Iterator<Item = (Domain, Check)> {
    let pairs = Check::ALL
        .into_iter()
        .flat_map(|check| ATTACKERS.map(|attacker| (attacker, check)));
    pairs.filter(|(attacker, check)| needs(*attacker, *check))
}

impl Check {
    /// Every kind.
    pub const ALL: [Check; 4] = [Check::Pkru, Check::Tokens, Check::Entry, Check::Return];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Check::Pkru => "pkru",
            Check::Tokens => "tokens",
            Check::Entry => "entry",
            Check::Return => "return",
        }
    }

    /// The kind called `name`.
    pub fn from_name(name: &str) -> Option<Check> {
        Check::ALL.into_iter().find(|check| check.name() == name)
    }

    /// Its number, its place in [`Check::ALL`].
    pub const fn number(self) -> u64 {
        self as u64
    }

    /// The kind with this number.
    pub fn from_number(number: u64) -> Option<Check> {
        Check::ALL.get(usize::try_from(number).ok()?).copied()
    }

    /// How its code begins.
    pub const fn beginning(self) -> &'static [u8] {
        match self {
            // `wrpkru; cmp eax, imm32`
            Check::Pkru => &[0x0f, 0x01, 0xef, 0x3d],
            // `cmp qword ptr [disp32], 0`
            Check::Tokens => &[0x48, 0x83, 0x3c, 0x25],
            // `mov rcx, qword ptr [disp32]`, behind which JRCXZ needs no comparison
            Check::Entry => &[0x48, 0x8b, 0x0c, 0x25],
            // `test rsp, rsp`
            Check::Return => &[0x48, 0x85, 0xe4],
        }
    }

    /// How many bytes there are from its beginning to its conditional jump.
    pub const fn length(self) -> usize {
        match self {
            Check::Pkru | Check::Entry => 8,
            Check::Tokens => 9,
            Check::Return => 3,
        }
    }
}

/// The length of the conditional jump that begins with these bytes, short or near;
/// zero if it is none.
pub const fn jump_length(bytes: [u8; 2]) -> usize {
    match bytes {
        // JE, JNE and JRCXZ.
        [0x74 | 0x75 | 0xe3, _] => 2,
        [0x0f, 0x84 | 0x85] => 6,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offset_is_tried_with_every_forgery() {
        let first = Forgery::new(0);
        assert_eq!(
            (first.offset, first.eax, first.ecx, first.edx),
            (0, 0, 0, 0)
        );
        let last = Forgery::new(ATTEMPTS - 1);
        assert_eq!((last.offset, last.eax), (PAGE_SIZE - 1, u32::MAX));
        assert_eq!((last.ecx, last.edx), (1, 1));
        let with_all = (0..ATTEMPTS).filter(|attempt| Forgery::new(*attempt).offset == 7);
        assert_eq!(with_all.count(), 4 * FORGED_EAX.len());
    }

    fn end(rights: Domain, has_returned: bool) -> End {
        End {
            rights: Some(rights),
            died_in_gate: false,
            has_returned,
        }
    }

    #[test]
    fn the_safe_kernels_rights_are_for_a_whole_return_only() {
        for cell in Cell::ALL.map(Domain::Cell) {
            assert!(end(Domain::Safe, true).is_harmless(cell));
            assert!(!end(Domain::Safe, false).is_harmless(cell));
        }
        assert!(!end(Domain::Safe, true).is_harmless(Domain::App));
    }

    #[test]
    fn nobody_becomes_the_other() {
        for attacker in ATTACKERS {
            assert!(end(attacker, false).is_harmless(attacker));
            let others = ATTACKERS.into_iter().filter(|other| *other != attacker);
            for other in others {
                assert!(!end(other, true).is_harmless(attacker));
            }
            let nobody = End {
                rights: None,
                ..end(attacker, false)
            };
            assert!(!nobody.is_harmless(attacker));
        }
    }

    #[test]
    fn each_form_of_jump_is_known() {
        for short in [0x74, 0x75, 0xe3] {
            assert_eq!(jump_length([short, 0x10]), 2);
        }
        for near in [0x84, 0x85] {
            assert_eq!(jump_length([0x0f, near]), 6);
        }
        for other in [[0xe8, 0x84], [0x0f, 0x01]] {
            assert_eq!(jump_length(other), 0);
        }
    }

    #[test]
    fn every_kind_of_check_has_a_mutant() {
        for check in Check::ALL {
            assert!(mutants().any(|(_, missing)| missing == check));
            assert_eq!(Check::from_name(check.name()), Some(check));
            assert_eq!(Check::from_number(check.number()), Some(check));
        }
    }
}
