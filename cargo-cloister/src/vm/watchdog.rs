//! Ends QEMU if this process is killed without a chance to do it.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// A shell that waits for the end of a pipe which only this process holds.
///
/// The kernel closes the pipe however we end. Asking the kernel for a signal
/// at the parent's death would take unsafe code.
#[derive(Debug)]
pub(super) struct Watchdog(Option<Child>);

impl Watchdog {
    /// Watches over the process `id`. Without a shell there is no watch.
    pub(super) fn over(id: u32) -> Watchdog {
        let child = Command::new("/bin/sh")
            .args(["-c", "read -r _; kill -KILL \"$1\"", "sh", &id.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        Watchdog(child.ok())
    }
}

/// Ends the watch. Must come before QEMU's process id can be used again.
impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _it_may_be_gone = child.kill();
            let _it_may_be_gone = child.wait();
        }
    }
}
