//! The gate page under attack: entered at every byte with forged registers.
//!
//! What the attack tests do in QEMU is done here on the processor, before
//! anything is timed. A child with the walls of this process is stopped, gets
//! the rights of the attacking domain and forged EAX, ECX and EDX, and starts
//! somewhere in the page. However the attempt goes, it ends in a fault, which
//! stops the child. The rights at that fault must be the attacker's, unless a
//! check of the gate stopped him or the unsafe kernel did what it may: return.
//!
//! Then the checks are taken out, one kind after the other, and the same attack
//! must get through: else it would have no power.

mod mutants;
mod tracee;

use domains::core_call::test_hook::GATE_CHECKS;
use domains::cpu_page::CpuPage;
use domains::layout::{APP, GATE_PAGE, PAGE_SIZE};
use domains::{Domain, Isolation, Pkru};
use libc::user_regs_struct as Registers;

use crate::handlers::NULL;
use crate::page::GatePage;
use crate::walls::{self, Walls};
use tracee::{Stop, Tracee};

const FORGED_EAX: [u32; 5] = [
    0,
    Pkru::of(Domain::Safe).bits(),
    Pkru::of(Domain::Unsafe).bits(),
    Pkru::of(Domain::App).bits(),
    u32::MAX,
];
/// Where the gate returns to. Nothing is mapped there, so that the return
/// faults, with the rights that the gate left.
const LANDING: u64 = APP.end - PAGE_SIZE;
/// What a call into the unsafe kernel leaves on the safe kernel's stack: the
/// thread pointer, two registers, and the address to return to.
const SAVED: usize = 4;
/// Where it leaves that: the token to return with.
const ARMED: u64 = walls::stack(Domain::Safe).end - PAGE_SIZE / 2;

/// Who attacks, and the kind of checks without which he gets through.
///
/// The application always has the token to enter with, the unsafe kernel the
/// one to return with: each of these two checks stops the other.
const MUTANTS: [(Domain, &str); 6] = [
    (Domain::App, "pkru"),
    (Domain::Unsafe, "pkru"),
    (Domain::App, "tokens"),
    (Domain::Unsafe, "tokens"),
    (Domain::Unsafe, "entry"),
    (Domain::App, "return"),
];

/// What was tried in vain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Attacks {
    /// How often the page was entered.
    pub(crate) attempts: usize,
    /// How many gate pages without some check let an attempt through.
    pub(crate) mutants: usize,
}

/// Attacks `page`, which must have walls, and its mutants.
pub(crate) fn run(walls: &mut Walls, page: &GatePage) -> Result<Attacks, String> {
    let mut attempts = 0;
    for attacker in [Domain::App, Domain::Unsafe] {
        attempts += forgeries().count();
        if let Some(anomaly) = sweep(walls, page, attacker)? {
            return Err(format!("{attacker} got through the gates: {anomaly}"));
        }
    }
    for (attacker, checks) in MUTANTS {
        let mutant = GatePage {
            isolation: Isolation::Mpk,
            code: mutants::without(&page.code, which(checks)),
        };
        if mutant == *page || sweep(walls, &mutant, attacker)?.is_none() {
            return Err(format!(
                "without {checks} checks {attacker} gets no further"
            ));
        }
    }
    Ok(Attacks {
        attempts,
        mutants: MUTANTS.len(),
    })
}

fn which(checks: &str) -> usize {
    let place = GATE_CHECKS.iter().position(|name| *name == checks);
    place.expect("mutants are of checks that there are")
}

/// Makes all attempts of `attacker`; what the first was that got through.
fn sweep(
    walls: &mut Walls,
    page: &GatePage,
    attacker: Domain,
) -> Result<Option<String>, String> {
    walls.set_gates(page)?;
    let mut tracee = Tracee::start()?;
    for forgery in forgeries() {
        let stop = attempt(&mut tracee, attacker, forgery)?;
        let armed = tracee.cpu_page()?.armed;
        if !is_stopped(attacker, &stop, armed) {
            return Ok(Some(format!("{forgery:x?} ends in {stop}")));
        }
    }
    Ok(None)
}

/// With what the page is entered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Forgery {
    offset: u64,
    eax: u32,
    ecx: u32,
    edx: u32,
}

/// Every offset, with every value for the three registers of WRPKRU.
fn forgeries() -> impl Iterator<Item = Forgery> {
    let rest = |offset| {
        let values = FORGED_EAX.into_iter().zip(std::iter::repeat(offset));
        values.flat_map(|(eax, offset)| {
            (0..4).map(move |bits| Forgery {
                offset,
                eax,
                ecx: bits & 1,
                edx: bits >> 1,
            })
        })
    };
    (0..PAGE_SIZE).flat_map(rest)
}

/// Has `attacker` enter the page in the state that the tokens have while he runs.
fn attempt(tracee: &mut Tracee, attacker: Domain, forgery: Forgery) -> Result<Stop, String> {
    let middle = walls::stack(attacker).end - PAGE_SIZE / 2;
    let landings = [LANDING; 32];
    tracee.write(middle - 16 * 8, &landings)?;
    if attacker == Domain::Unsafe {
        let mut saved = [0; SAVED];
        saved[SAVED - 1] = LANDING;
        tracee.write(ARMED, &saved)?;
    }
    tracee.set_cpu_page(&tokens(attacker))?;
    let rights = Pkru::of(attacker).bits();
    tracee.enter(rights, &registers(tracee.registers(), forgery, middle))
}

/// The CPU page while `attacker` runs: the unsafe kernel has been called.
fn tokens(attacker: Domain) -> CpuPage {
    let page = walls::running(attacker);
    match attacker {
        Domain::Unsafe => CpuPage {
            armed: ARMED,
            ..page
        },
        Domain::App | Domain::Safe => page,
    }
}

/// Those of `from` that only the kernel knows, the forged ones, and no others.
fn registers(from: &Registers, forgery: Forgery, stack: u64) -> Registers {
    Registers {
        rip: GATE_PAGE + forgery.offset,
        rsp: stack,
        rax: forgery.eax.into(),
        rcx: forgery.ecx.into(),
        rdx: forgery.edx.into(),
        // A number that no file has, should some byte be a system call.
        rdi: u64::MAX,
        r11: NULL,
        rbx: 0,
        rbp: 0,
        rsi: 0,
        r8: 0,
        r9: 0,
        r10: 0,
        ..*from
    }
}

/// Whether a fault with the token `armed` shows that `attacker` got nowhere.
fn is_stopped(attacker: Domain, stop: &Stop, armed: u64) -> bool {
    let in_gate = GATE_PAGE..GATE_PAGE + PAGE_SIZE;
    let is_gate_check = stop.signal == libc::SIGILL && in_gate.contains(&stop.registers.rip);
    // The safe kernel's rights, but at the end of its own call, on its own stack,
    // and once.
    let behind = ARMED + 8 * SAVED as u64;
    let has_returned = attacker == Domain::Unsafe
        && stop.pkru == Pkru::of(Domain::Safe).bits()
        && (stop.registers.rip, stop.registers.rsp, armed) == (LANDING, behind, 0);
    stop.pkru == Pkru::of(attacker).bits() || is_gate_check || has_returned
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(rights: Domain, rip: u64, rsp: u64) -> Stop {
        Stop {
            signal: libc::SIGSEGV,
            pkru: Pkru::of(rights).bits(),
            registers: Registers {
                rip,
                rsp,
                ..tracee::no_registers()
            },
        }
    }

    #[test]
    fn every_offset_is_tried_with_every_forgery() {
        assert_eq!(forgeries().count(), 81_920);
        assert_eq!(forgeries().filter(|it| it.offset == 7).count(), 20);
        let last = forgeries().last().unwrap();
        assert_eq!((last.offset, last.eax), (PAGE_SIZE - 1, u32::MAX));
        assert_eq!((last.ecx, last.edx), (1, 1));
    }

    #[test]
    fn the_safe_kernels_rights_are_for_a_whole_return_only() {
        let behind = ARMED + 8 * SAVED as u64;
        let landed = stop(Domain::Safe, LANDING, behind);
        assert!(is_stopped(Domain::Unsafe, &landed, 0));
        assert!(!is_stopped(Domain::Unsafe, &landed, ARMED));
        assert!(!is_stopped(Domain::App, &landed, 0));
        let elsewhere = stop(Domain::Safe, LANDING + 1, behind);
        assert!(!is_stopped(Domain::Unsafe, &elsewhere, 0));
        let own_stack = stop(Domain::Safe, LANDING, walls::stack(Domain::Unsafe).end);
        assert!(!is_stopped(Domain::Unsafe, &own_stack, 0));
    }

    #[test]
    fn nobody_becomes_the_other() {
        for (attacker, other) in [(Domain::App, Domain::Unsafe), (Domain::Unsafe, Domain::App)]
        {
            assert!(is_stopped(attacker, &stop(attacker, LANDING, 0), 0));
            assert!(!is_stopped(attacker, &stop(other, LANDING, 0), 0));
        }
    }

    #[test]
    fn every_kind_of_check_has_a_mutant() {
        for checks in GATE_CHECKS {
            assert!(MUTANTS.iter().any(|(_, name)| *name == checks), "{checks}");
        }
    }
}
