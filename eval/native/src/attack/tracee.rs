//! A child that is stopped, and let go where and as we like until it faults.
//!
//! The child is a copy of this process with its walls. It does nothing of its
//! own: each time it gets registers, goes as far as a fault, and is stopped there.

#![expect(unsafe_code, reason = "system calls, and a jump with other rights")]

use std::arch::naked_asm;
use std::fmt;
use std::fs::File;
use std::mem;
use std::os::unix::fs::FileExt;
use std::ptr;

use domains::Pkru;
use libc::{c_int, iovec, user_regs_struct as Registers};
use raw_cpuid::CpuId;

use super::child::{CHILD, Child};
use crate::Stop;

/// The register set of XSAVE, in its standard format.
const NT_X86_XSTATE: usize = 0x202;
/// The component of XSAVE that is PKRU.
const PKRU: u32 = 9;
/// The size of what the kernel gives of XSAVE, at most.
const XSAVE_SIZE: usize = 16 << 10;

/// The stopped child.
#[derive(Debug)]
pub(super) struct Tracee {
    child: Child,
    /// Its memory: to us there are no keys.
    memory: File,
    /// Those that it was stopped with at first.
    registers: Registers,
    /// Where PKRU lies in the register set.
    pkru_at: usize,
}

/// Where and how the child was stopped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub(super) signal: c_int,
    pub(super) pkru: Pkru,
    pub(super) registers: Registers,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Registers { rip, rsp, .. } = self.registers;
        let (signal, pkru) = (self.signal, self.pkru);
        write!(
            f,
            "signal {signal} at {rip:#x} with the stack {rsp:#x} and PKRU {pkru}"
        )
    }
}

impl Tracee {
    /// Makes the child and stops it.
    pub(super) fn start() -> Result<Tracee, Stop> {
        let pkru_at =
            pkru_at().ok_or("the processor does not save PKRU by XSAVE".to_owned())?;
        let child = Child::stopped()?;
        let memory = File::options()
            .read(true)
            .write(true)
            .open(format!("/proc/{}/mem", child.pid()))
            .map_err(|error| format!("cannot open the memory of {CHILD}: {error}"))?;
        let mut tracee = Tracee {
            child,
            memory,
            registers: no_registers(),
            pkru_at,
        };
        tracee.registers = tracee.read_registers()?;
        // It stopped in a system call, which must not be started again where the
        // child goes next.
        tracee.registers.orig_rax = u64::MAX;
        Ok(tracee)
    }

    /// Those that the child was stopped with at first.
    pub(super) const fn registers(&self) -> &Registers {
        &self.registers
    }

    /// Lets the child go with `rights` and `registers` until it faults. R12 to
    /// R15 are lost.
    pub(super) fn enter(
        &mut self,
        rights: Pkru,
        registers: &Registers,
    ) -> Result<Fault, String> {
        let at_start = Registers {
            rip: lower as *const () as u64,
            rax: rights.bits().into(),
            rcx: 0,
            rdx: 0,
            r12: registers.rax,
            r13: registers.rcx,
            r14: registers.rdx,
            r15: registers.rip,
            ..*registers
        };
        let data = (&raw const at_start).cast_mut().cast();
        // SAFETY: the request reads such registers.
        unsafe { self.child.trace(libc::PTRACE_SETREGS, 0, data) }?;
        // SAFETY: the request takes the number of a signal: none.
        unsafe { self.child.trace(libc::PTRACE_CONT, 0, ptr::null_mut()) }?;
        let signal = self.child.wait()?;
        Ok(Fault {
            signal,
            pkru: self.read_pkru()?,
            registers: self.read_registers()?,
        })
    }

    /// Writes words to the child's memory.
    pub(super) fn write(&self, address: u64, words: &[u64]) -> Result<(), String> {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let written = self.memory.write_all_at(&bytes, address);
        written.map_err(|error| format!("cannot write memory of {CHILD}: {error}"))
    }

    /// A word of the child's memory.
    pub(super) fn read(&self, address: u64) -> Result<u64, String> {
        let mut bytes = [0; 8];
        let read = self.memory.read_exact_at(&mut bytes, address);
        read.map_err(|error| format!("cannot read memory of {CHILD}: {error}"))?;
        Ok(u64::from_ne_bytes(bytes))
    }

    fn read_registers(&self) -> Result<Registers, String> {
        let mut registers = no_registers();
        let data = (&raw mut registers).cast();
        // SAFETY: the request writes such registers.
        unsafe { self.child.trace(libc::PTRACE_GETREGS, 0, data) }?;
        Ok(registers)
    }

    fn read_pkru(&self) -> Result<Pkru, String> {
        let mut area = [0u8; XSAVE_SIZE];
        let mut ours = iovec {
            iov_base: area.as_mut_ptr().cast(),
            iov_len: area.len(),
        };
        let data = (&raw mut ours).cast();
        // SAFETY: the request writes to the area that the vector names, and how much
        // to the vector.
        unsafe {
            self.child
                .trace(libc::PTRACE_GETREGSET, NT_X86_XSTATE, data)
        }?;
        let there = area.get(self.pkru_at..ours.iov_len);
        let bytes = there.and_then(|there| there.first_chunk());
        let bits = bytes.map(|bytes| u32::from_le_bytes(*bytes));
        bits.map(Pkru::from_bits)
            .ok_or_else(|| format!("the kernel does not tell PKRU of {CHILD}"))
    }
}

/// Registers that are all zero.
pub(super) fn no_registers() -> Registers {
    // SAFETY: they are words, for which zero is a value.
    unsafe { mem::zeroed() }
}

/// Where XSAVE puts PKRU.
fn pkru_at() -> Option<usize> {
    let states = CpuId::new().get_extended_state_info()?;
    let pkru = states.iter().find(|state| state.subleaf == PKRU)?;
    usize::try_from(pkru.offset()).ok()
}

/// Gives the child its rights and enters the page.
///
/// In: EAX the rights, ECX and EDX zero; R12D, R13D and R14D what these three
/// are to be; R15 where to go.
///
/// # Safety
///
/// Only a child that is traced may go here.
#[unsafe(naked)]
unsafe extern "C" fn lower() {
    naked_asm!(
        "wrpkru",
        "mov eax, r12d",
        "mov ecx, r13d",
        "mov edx, r14d",
        "jmp r15",
    )
}
