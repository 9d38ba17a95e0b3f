//! A child process that is traced, and ends with us.

#![expect(unsafe_code, reason = "system calls")]

use std::io;
use std::ptr;

use libc::{c_int, c_void, pid_t};

use crate::Stop;

/// Seconds of the processor after which a child is killed: an attempt that goes
/// round in the page ends so. All attempts of one together take far fewer.
const SECONDS: u64 = 60;
/// The status of a child that could not be made ready.
const NOT_READY: c_int = 1;
/// What it is called in errors.
pub(super) const CHILD: &str = "the process that is attacked";

/// The child.
#[derive(Debug)]
pub(super) struct Child {
    pid: pid_t,
    /// Whether it has ended, and its number may be another's.
    is_gone: bool,
}

impl Child {
    /// Makes the child, a copy of this process, and waits until it has stopped.
    pub(super) fn stopped() -> Result<Child, Stop> {
        // SAFETY: there is one thread, and the child calls nothing but the kernel.
        let pid = match unsafe { libc::fork() } {
            -1 => return Err(failed("make").into()),
            0 => be_traced(),
            pid => pid,
        };
        let mut child = Child {
            pid,
            is_gone: false,
        };
        // It ends at once where this is not allowed.
        if child.wait().map_err(Stop::Skipped)? != libc::SIGSTOP {
            return Err(format!("{CHILD} does not wait for it").into());
        }
        let options = ptr::without_provenance_mut(libc::PTRACE_O_EXITKILL as usize);
        // SAFETY: the request takes a number.
        unsafe { child.trace(libc::PTRACE_SETOPTIONS, 0, options) }?;
        Ok(child)
    }

    /// Its number.
    pub(super) const fn pid(&self) -> pid_t {
        self.pid
    }

    /// Makes a request of ptrace.
    ///
    /// # Safety
    ///
    /// `data` must be what the request wants: null, a number, or the address of a
    /// value that it may read or write.
    pub(super) unsafe fn trace(
        &self,
        request: libc::c_uint,
        address: usize,
        data: *mut c_void,
    ) -> Result<(), String> {
        // SAFETY: the caller's duty.
        match unsafe { libc::ptrace(request, self.pid, address, data) } {
            -1 => Err(failed("trace")),
            _ => Ok(()),
        }
    }

    /// Waits until the child is stopped; by which signal, which it never gets.
    pub(super) fn wait(&mut self) -> Result<c_int, String> {
        let mut status = 0;
        // SAFETY: the status is ours.
        match unsafe { libc::waitpid(self.pid, &raw mut status, 0) } {
            -1 => Err(failed("wait for")),
            _ if libc::WIFSTOPPED(status) => Ok(libc::WSTOPSIG(status)),
            _ => {
                self.is_gone = true;
                Err(format!("{CHILD} is gone: {}", ending(status)))
            }
        }
    }
}

/// Why a child ended, by its status.
fn ending(status: c_int) -> String {
    match libc::WIFEXITED(status) {
        true if libc::WEXITSTATUS(status) == NOT_READY => {
            "it may not be traced, or not be limited".into()
        }
        true => format!("it called exit with {}", libc::WEXITSTATUS(status)),
        false => format!(
            "it was killed by signal {} (9 after {SECONDS} seconds)",
            libc::WTERMSIG(status)
        ),
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.is_gone {
            return;
        }
        let mut status = 0;
        // SAFETY: the child is ours: nobody has waited for its end.
        unsafe { libc::kill(self.pid, libc::SIGKILL) };
        // SAFETY: the status is ours.
        unsafe { libc::waitpid(self.pid, &raw mut status, 0) };
    }
}

/// What the child does: it stops, and dies if it is let go for too long.
fn be_traced() -> ! {
    let limit = libc::rlimit {
        rlim_cur: SECONDS,
        rlim_max: SECONDS,
    };
    let none = ptr::null_mut::<c_void>();
    // SAFETY: the limit is ours.
    let limited = unsafe { libc::setrlimit(libc::RLIMIT_CPU, &raw const limit) };
    // SAFETY: takes no address.
    let traced = unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, none, none) };
    // An untraced child would be stopped for ever.
    if (limited, traced) == (0, 0) {
        // SAFETY: stops the process; it goes on elsewhere, if at all.
        unsafe { libc::raise(libc::SIGSTOP) };
    }
    // SAFETY: ends the process.
    unsafe { libc::_exit(NOT_READY) }
}

fn failed(what: &str) -> String {
    format!("cannot {what} {CHILD}: {}", io::Error::last_os_error())
}
