//! A child that is stopped, and let go where and as we like until it faults.
//!
//! The child is a copy of this process with its walls. It does nothing of its
//! own: each time it gets registers, goes as far as a fault, and is stopped there.

#![expect(unsafe_code, reason = "system calls, and a jump with other rights")]

use std::arch::naked_asm;
use std::fmt;
use std::io;
use std::mem;

use domains::cpu_page::CpuPage;
use domains::layout::CPU_PAGE;
use libc::{c_int, c_void, iovec, pid_t, user_regs_struct as Registers};
use raw_cpuid::CpuId;

/// Seconds of the processor that a child may use: more than all attempts take.
const SECONDS: u64 = 300;
/// The register set of XSAVE, in its standard format.
const NT_X86_XSTATE: usize = 0x202;
/// The component of XSAVE that is PKRU.
const PKRU: u32 = 9;
/// The size of what the kernel gives of XSAVE, at most.
const XSAVE_SIZE: usize = 16 << 10;

/// The stopped child.
#[derive(Debug)]
pub(super) struct Tracee {
    child: pid_t,
    /// Those that it was stopped with at first.
    registers: Registers,
    /// Where PKRU lies in the register set.
    pkru_at: usize,
}

/// Where and how the child was stopped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    pub(super) signal: c_int,
    pub(super) pkru: u32,
    pub(super) registers: Registers,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rip, rsp) = (self.registers.rip, self.registers.rsp);
        write!(
            f,
            "signal {} at {rip:#x} with the stack {rsp:#x} and PKRU {:#x}",
            self.signal, self.pkru
        )
    }
}

impl Tracee {
    /// Makes the child and stops it.
    pub(super) fn start() -> Result<Tracee, String> {
        let pkru_at = pkru_at().ok_or("the processor does not save PKRU by XSAVE")?;
        // SAFETY: there is one thread, and the child calls nothing but the kernel.
        let child = match unsafe { libc::fork() } {
            -1 => return Err(failed("make a process")),
            0 => be_traced(),
            child => child,
        };
        let mut tracee = Tracee {
            child,
            registers: no_registers(),
            pkru_at,
        };
        tracee.wait()?;
        tracee.registers = tracee.read_registers()?;
        // The stop was no system call that could be started again.
        tracee.registers.orig_rax = u64::MAX;
        Ok(tracee)
    }

    /// Those that the child was stopped with at first.
    pub(super) const fn registers(&self) -> &Registers {
        &self.registers
    }

    /// Lets the child go with `rights` and `registers` until it faults. R12 to
    /// R15 are lost.
    pub(super) fn enter(&mut self, rights: u32, registers: &Registers) -> Result<Stop, String> {
        let at_start = Registers {
            rip: lower as *const () as u64,
            rax: rights.into(),
            rcx: 0,
            rdx: 0,
            r12: registers.rax,
            r13: registers.rcx,
            r14: registers.rdx,
            r15: registers.rip,
            ..*registers
        };
        let data = (&raw const at_start).cast_mut().cast();
        self.trace(libc::PTRACE_SETREGS, 0, data, "set registers")?;
        self.trace(libc::PTRACE_CONT, 0, std::ptr::null_mut(), "continue")?;
        let signal = self.wait()?;
        Ok(Stop {
            signal,
            pkru: self.read_pkru()?,
            registers: self.read_registers()?,
        })
    }

    /// Writes words to the child's memory.
    pub(super) fn write(&self, address: u64, words: &[u64]) -> Result<(), String> {
        let ours = slice_of(words.as_ptr().cast(), size_of_val(words));
        self.transfer(libc::process_vm_writev, ours, address, "write memory")
    }

    /// Sets the child's CPU page.
    pub(super) fn set_cpu_page(&self, page: &CpuPage) -> Result<(), String> {
        let ours = slice_of((&raw const *page).cast(), size_of::<CpuPage>());
        self.transfer(libc::process_vm_writev, ours, CPU_PAGE, "write memory")
    }

    /// The child's CPU page.
    pub(super) fn cpu_page(&self) -> Result<CpuPage, String> {
        // SAFETY: the page is words, for which any value is one.
        let mut page: CpuPage = unsafe { mem::zeroed() };
        let ours = slice_of((&raw mut page).cast(), size_of::<CpuPage>());
        self.transfer(libc::process_vm_readv, ours, CPU_PAGE, "read memory")?;
        Ok(page)
    }

    fn transfer(
        &self,
        call: Transfer,
        ours: iovec,
        address: u64,
        what: &str,
    ) -> Result<(), String> {
        let theirs = slice_of(
            std::ptr::with_exposed_provenance(address as usize),
            ours.iov_len,
        );
        // SAFETY: `ours` is a value of ours of that size, which a call that reads
        // from the child may write to; what the child has is its own affair.
        let moved = unsafe { call(self.child, &raw const ours, 1, &raw const theirs, 1, 0) };
        match usize::try_from(moved) {
            Ok(moved) if moved == ours.iov_len => Ok(()),
            _ => Err(failed(what)),
        }
    }

    fn read_registers(&self) -> Result<Registers, String> {
        let mut registers = no_registers();
        let data = (&raw mut registers).cast();
        self.trace(libc::PTRACE_GETREGS, 0, data, "read registers")?;
        Ok(registers)
    }

    fn read_pkru(&self) -> Result<u32, String> {
        let mut area = vec![0u8; XSAVE_SIZE];
        let mut ours = slice_of(area.as_mut_ptr(), area.len());
        let data = (&raw mut ours).cast();
        self.trace(libc::PTRACE_GETREGSET, NT_X86_XSTATE, data, "read PKRU")?;
        let there = area.get(self.pkru_at..).and_then(|area| area.first_chunk());
        let pkru = there.filter(|_| self.pkru_at + 4 <= ours.iov_len);
        pkru.map(|bytes| u32::from_le_bytes(*bytes))
            .ok_or_else(|| "the kernel does not tell the child's PKRU".into())
    }

    fn trace(
        &self,
        request: libc::c_uint,
        address: usize,
        data: *mut c_void,
        what: &str,
    ) -> Result<(), String> {
        // SAFETY: what `data` names is ours and as large as the request wants.
        match unsafe { libc::ptrace(request, self.child, address, data) } {
            -1 => Err(failed(what)),
            _ => Ok(()),
        }
    }

    /// Waits until the child is stopped; by which signal, which it never gets.
    fn wait(&self) -> Result<c_int, String> {
        let mut status = 0;
        // SAFETY: the status is ours.
        match unsafe { libc::waitpid(self.child, &raw mut status, 0) } {
            -1 => Err(failed("wait")),
            _ if libc::WIFSTOPPED(status) => Ok(libc::WSTOPSIG(status)),
            _ => Err(format!("the attacked process is gone: status {status:#x}")),
        }
    }
}

impl Drop for Tracee {
    fn drop(&mut self) {
        let mut status = 0;
        // SAFETY: the child is ours, and nobody waits for it.
        unsafe { libc::kill(self.child, libc::SIGKILL) };
        // SAFETY: the status is ours.
        unsafe { libc::waitpid(self.child, &raw mut status, 0) };
    }
}

/// The calls that read and write another process's memory.
type Transfer = unsafe extern "C" fn(
    pid_t,
    *const iovec,
    libc::c_ulong,
    *const iovec,
    libc::c_ulong,
    libc::c_ulong,
) -> isize;

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

fn slice_of(start: *const u8, size: usize) -> iovec {
    iovec {
        iov_base: start.cast_mut().cast(),
        iov_len: size,
    }
}

/// What the child does: it dies with its parent, and sooner if it runs too long.
fn be_traced() -> ! {
    let limit = libc::rlimit {
        rlim_cur: SECONDS,
        rlim_max: SECONDS,
    };
    // SAFETY: the limit is ours.
    unsafe { libc::setrlimit(libc::RLIMIT_CPU, &raw const limit) };
    // SAFETY: takes no address.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    // SAFETY: takes no address.
    unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) };
    // SAFETY: stops the process; it goes on elsewhere, if at all.
    unsafe { libc::raise(libc::SIGSTOP) };
    // SAFETY: ends the process.
    unsafe { libc::_exit(1) }
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

fn failed(what: &str) -> String {
    let error = io::Error::last_os_error();
    format!("cannot {what} of the attacked process: {error}")
}
