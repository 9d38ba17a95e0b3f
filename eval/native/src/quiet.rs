//! Nobody interferes: one processor, no signals, no writes by the kernel.
//!
//! While the process has the rights of a domain, its own memory is closed, to
//! the kernel's accesses on its behalf too. Signals would be delivered to the
//! process's stack, so they wait. Restartable sequences are worse: glibc
//! registers an area for them in every thread, the kernel writes there after
//! each preemption, and kills the process when it cannot. So the program
//! starts itself again with a glibc that is told not to register any.

#![expect(unsafe_code, reason = "system calls")]

use std::env;
use std::io;
use std::mem;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The variable that glibc takes its settings from.
const TUNABLES: &str = "GLIBC_TUNABLES";
/// The setting that leaves restartable sequences alone.
const NO_RSEQ: &str = "glibc.pthread.rseq=0";

/// Arranges for quiet, by starting the program again if need be.
pub(crate) fn prepare() -> Result<(), String> {
    if !rseq_is_free()? {
        return Err(restart());
    }
    stay_on_this_processor()?;
    block_signals()
}

/// What the kernel writes for restartable sequences, with its alignment.
#[repr(C, align(32))]
struct RseqArea([u32; 8]);

/// Whether nobody has registered an area, by registering one for a moment.
fn rseq_is_free() -> Result<bool, String> {
    let mut area = RseqArea([0; 8]);
    match rseq(&mut area, 0) {
        Ok(()) => rseq(&mut area, RSEQ_UNREGISTER)
            .map(|()| true)
            .map_err(|error| format!("cannot give up restartable sequences: {error}")),
        // Another area is registered. All other errors mean that none can be.
        Err(error) => Ok(!matches!(
            error.raw_os_error(),
            Some(libc::EINVAL | libc::EBUSY)
        )),
    }
}

const RSEQ_UNREGISTER: i32 = 1;

fn rseq(area: &mut RseqArea, flags: i32) -> io::Result<()> {
    // Any number will do that is the same at both calls.
    const SIGNATURE: u32 = 0x5305_3053;
    let size = mem::size_of::<RseqArea>();
    // SAFETY: the area is ours, and is given up before it goes.
    let result =
        unsafe { libc::syscall(libc::SYS_rseq, &raw mut *area, size, flags, SIGNATURE) };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Starts the program again without restartable sequences; the reason why not.
fn restart() -> String {
    let settings = env::var(TUNABLES).unwrap_or_default();
    if settings.contains(NO_RSEQ) {
        return format!("restartable sequences are registered in spite of {NO_RSEQ}");
    }
    let settings = match settings.as_str() {
        "" => NO_RSEQ.to_owned(),
        others => format!("{others}:{NO_RSEQ}"),
    };
    let error = Command::new("/proc/self/exe")
        .args(env::args_os().skip(1))
        .env(TUNABLES, settings)
        .exec();
    format!("cannot start again without restartable sequences: {error}; is /proc mounted?")
}

/// Time-stamp counters are compared only with themselves.
fn stay_on_this_processor() -> Result<(), String> {
    // SAFETY: asks for a number.
    let cpu = usize::try_from(unsafe { libc::sched_getcpu() });
    let cpu = cpu.map_err(|_| "cannot tell on which processor we run".to_owned())?;
    // SAFETY: the set is an array of words, for which zero is a value.
    let mut set: libc::cpu_set_t = unsafe { mem::zeroed() };
    // SAFETY: the set is ours; a number that it is too small for panics.
    unsafe { libc::CPU_SET(cpu, &mut set) };
    let size = mem::size_of_val(&set);
    // SAFETY: the set is ours and has that size.
    match unsafe { libc::sched_setaffinity(0, size, &raw const set) } {
        0 => Ok(()),
        _ => Err(failed("stay on one processor")),
    }
}

/// Blocks all signals; one that an instruction raises kills then.
fn block_signals() -> Result<(), String> {
    // SAFETY: the set is an array of words, for which zero is a value.
    let mut set: libc::sigset_t = unsafe { mem::zeroed() };
    // SAFETY: the set is ours.
    unsafe { libc::sigfillset(&raw mut set) };
    let none = std::ptr::null_mut();
    // SAFETY: the set is ours; no old one is asked for.
    match unsafe { libc::sigprocmask(libc::SIG_BLOCK, &raw const set, none) } {
        0 => Ok(()),
        _ => Err(failed("block signals")),
    }
}

fn failed(what: &str) -> String {
    format!("cannot {what}: {}", io::Error::last_os_error())
}
