//! The words for faults.

use domains::notice::{Lease, Origin};
use domains::report::{Action, Cause, Fault, Page};
use domains::{Access, Domain, Rights, entry_names, exception, page_fault, status, table};

use crate::image::symbols::Symbols;

const DIVISION: u8 = 0;
const BREAKPOINT: u8 = 3;
const STACK: u8 = 12;
const PAGE_FAULT: u8 = 14;
const X87: u8 = 16;
const ALIGNMENT: u8 = 17;
const SIMD: u8 = 19;
/// How programs for Linux make system calls.
const LINUX: u8 = 0x80;

/// How the faulting instruction touched memory; none if it touched none.
pub(super) fn access(fault: &Fault) -> Option<Access> {
    match fault.error {
        _ if fault.vector != PAGE_FAULT => None,
        error if error & page_fault::FETCH != 0 => Some(Access::Execute),
        error if error & page_fault::WRITE != 0 => Some(Access::Write),
        _ => Some(Access::Read),
    }
}

/// The name of a domain in a sentence.
pub(super) fn domain(domain: Option<Domain>) -> &'static str {
    match domain {
        Some(Domain::App) => "app",
        Some(Domain::Safe) => "safe kernel",
        Some(Domain::Cell(cell)) => cell.name(),
        None => "code with a forged PKRU",
    }
}

/// The name of what a page holds, in a sentence.
pub(super) fn page(page: Page) -> &'static str {
    use domains::Area;
    match page {
        Page::Area(Area::Safe) => "safe kernel",
        Page::Area(other) => other.name(),
        Page::Core => "trusted core",
        Page::Nothing => "unmapped",
    }
}

/// The first line of a report, without its label.
pub(super) fn headline(fault: &Fault, interrupt: Option<u8>) -> String {
    let who = domain(fault.domain);
    let whose = page(fault.page);
    let touched = access(fault).map_or("touched", touched);
    match fault.cause {
        Cause::Key | Cause::Supervisor => {
            format!("domain violation: {who} {touched} {whose} memory")
        }
        Cause::Permission if touched == "executed" => {
            format!("domain violation: {who} executed {whose} data")
        }
        Cause::Permission => {
            format!("domain violation: {who} {touched} read-only {whose} memory")
        }
        Cause::Gate => format!("gate violation: {who} came to a gate with forged rights"),
        Cause::StackOverflow => {
            format!("stack overflow: {who} ran into the guard page below its stack")
        }
        Cause::Unmapped => format!("bad address: {who} {touched} unmapped memory"),
        Cause::OutOfMemory => {
            format!("out of memory: {who} {touched} a page, and no frame was left for it")
        }
        Cause::Protection => protection(fault, interrupt),
        Cause::Instruction => {
            format!("invalid instruction: {who} ran one that the CPU does not know")
        }
        Cause::Dma => {
            format!(
                "DMA violation: {who} gave its device {whose} memory, which is not for devices"
            )
        }
        Cause::Queue => format!("DMA violation: {who} broke the rules of a virtqueue"),
        Cause::Deadline => format!("deadline: a call into {who} took too long"),
        Cause::Other => other(fault),
    }
}

/// The number of a software interrupt that was refused. The instruction knows it
/// best: the error code of QEMU before version 8 has twice the number.
pub(super) fn interrupt(fault: &Fault, symbols: Option<&Symbols>) -> Option<u8> {
    const INT3: u8 = 0xcc;
    const INT: u8 = 0xcd;
    let symbols = symbols.filter(|_| fault.vector == exception::PROTECTION);
    match symbols.and_then(|symbols| symbols.bytes_at(fault.rip)) {
        Some([INT3, _]) => Some(BREAKPOINT),
        Some([INT, number]) => Some(number),
        _ => exception::refused_interrupt(fault.vector, fault.error),
    }
}

fn protection(fault: &Fault, interrupt: Option<u8>) -> String {
    let who = domain(fault.domain);
    match (fault.vector, interrupt, fault.error) {
        (_, Some(BREAKPOINT), _) => {
            format!("breakpoint: {who} ran `int3`, and there is no debugger")
        }
        (_, Some(number), _) => {
            format!("software interrupt: {who} ran `int {number:#x}`, and there are none")
        }
        (STACK, ..) => {
            let name = exception::name(STACK);
            format!("{name}: {who} used a bad address by way of its stack or frame pointer")
        }
        (exception::PROTECTION, None, selector) if selector != 0 => {
            format!("protection fault: {who} used the segment selector {selector:#x}")
        }
        _ => format!(
            "protection fault: {who} ran a privileged instruction or used a bad address"
        ),
    }
}

/// What has no cause of its own is called as the processor calls it.
fn other(fault: &Fault) -> String {
    let who = domain(fault.domain);
    let name = exception::name(fault.vector);
    match fault.vector {
        DIVISION => format!("{name}: {who} divided by zero, or by too little"),
        X87 | SIMD => format!("{name}: {who} unmasked it, and computed what it is for"),
        ALIGNMENT => format!("{name}: {who} used an address that is not aligned"),
        _ => format!("{name}: {who} caused it"),
    }
}

/// The entry that the kernel served.
pub(super) fn entry(fault: &Fault) -> Option<String> {
    let number = fault.entry?;
    let name = entry_names::name(fault.domain?, number);
    Some(name.map_or_else(|| format!("entry {number}"), str::to_owned))
}

/// What a guest says of its address.
pub(super) fn network(lease: &Lease) -> String {
    match (lease.address(), lease.origin) {
        (Some(address), Origin::Dhcp) => format!("network: {address}/{} by DHCP", lease.prefix),
        (Some(address), Origin::Given) => {
            format!("network: {address}/{} as given", lease.prefix)
        }
        (None, Origin::Dhcp) => {
            "no server of DHCP has answered: the guest has no address of IPv4 (`--ip` gives it one)"
                .to_owned()
        }
        (None, Origin::Given) => "the guest has no address of IPv4".to_owned(),
    }
}

fn touched(access: Access) -> &'static str {
    match access {
        Access::Read => "read",
        Access::Write => "wrote to",
        Access::Execute => "executed",
    }
}

/// What stood in the way: the right that the table denies, or the page's own.
pub(super) fn rights(fault: &Fault) -> Option<String> {
    match (fault.domain, fault.page, fault.cause) {
        (_, Page::Core, _) => Some("core pages: no access, whatever PKRU says".to_owned()),
        (_, Page::Area(area), Cause::Permission) => {
            let lacks = match access(fault) {
                Some(Access::Execute) => "not executable",
                _ => "not writable",
            };
            Some(format!("{area} page: {lacks}, whatever PKRU says"))
        }
        (Some(domain), Page::Area(area), _) => Some(format!(
            "key {area}: {}",
            right(table::rights(domain, area))
        )),
        _ => None,
    }
}

fn right(rights: Rights) -> &'static str {
    match rights {
        Rights::None => "no access",
        Rights::Read => "read only",
        Rights::ReadWrite => "read and write",
    }
}

/// What became of the machine.
pub(super) fn outcome(fault: &Fault) -> String {
    match fault.action {
        Action::Terminate => {
            // A domain with walls has rights to be known by.
            let unharmed = match fault.domain.is_some() && fault.pkru == 0 {
                true => "core unharmed; without walls nothing else is sure to be",
                false => "safe kernel, cells and core unharmed",
            };
            format!("application terminated ({}); {unharmed}", status::VIOLATION)
        }
        Action::Rewind => {
            "the cell is stopped, and started anew if that was not too often; the rest goes on"
                .to_owned()
        }
        Action::Halt => {
            format!(
                "machine halted ({}): the safe kernel cannot go on",
                status::KERNEL_FAILED
            )
        }
    }
}

/// What to do about it.
pub(super) fn help(fault: &Fault, interrupt: Option<u8>) -> &'static str {
    match (fault.domain, fault.cause) {
        (Some(Domain::Safe), _) => {
            "this is a failure of the kernel, not of the program: please report it"
        }
        (Some(Domain::Cell(_)), _) => {
            "a cell failed, not the program: please report it, unless `--inject` asked for it"
        }
        (_, Cause::Key | Cause::Supervisor | Cause::Permission) => {
            "look for unsafe code with a stray pointer at the place above; kernels are reached by calls only"
        }
        (_, Cause::Gate) => {
            "only the kernels change rights; the program jumped where it must not"
        }
        (_, Cause::StackOverflow) => {
            "look for endless recursion, or give the thread more with `std::thread::Builder::stack_size`"
        }
        (_, Cause::Unmapped) => "look for a null or dangling pointer at the place above",
        (_, Cause::OutOfMemory) => "give the guest more memory with `-m`",
        (_, Cause::Protection) if interrupt == Some(BREAKPOINT) => {
            "take the breakpoint out: nothing in the guest stops at one"
        }
        (_, Cause::Protection) if interrupt == Some(LINUX) => {
            "Linux's system calls are not served here: go through std"
        }
        (_, Cause::Protection) => {
            "programs run in ring 3: look for inline assembly or a corrupt pointer"
        }
        (_, Cause::Instruction) => {
            "look for an abort by intrinsic, or code for another CPU, at the place above"
        }
        (_, Cause::Other) if fault.vector == DIVISION => {
            "look for a division in unsafe code or assembly at the place above: in safe Rust a division panics instead"
        }
        (_, Cause::Other) if matches!(fault.vector, X87 | SIMD) => {
            "leave floating-point exceptions masked, as they are when a program starts"
        }
        (_, Cause::Dma | Cause::Queue | Cause::Deadline | Cause::Other) => {
            "look for inline assembly or a corrupt pointer at the place above"
        }
    }
}
