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

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn sleeper() -> Child {
        Command::new("sleep")
            .arg("60")
            .spawn()
            .expect("every system sleeps")
    }

    #[test]
    fn the_end_of_the_pipe_is_the_end_of_the_process() {
        let mut watched = sleeper();
        let mut watchdog = Watchdog::over(watched.id());
        drop(watchdog.0.as_mut().and_then(|child| child.stdin.take()));
        let status = watched.wait().expect("it is our child");
        assert_eq!(status.signal(), Some(signal_hook::consts::SIGKILL));
    }

    #[test]
    fn a_watch_that_ended_in_time_kills_nobody() {
        let mut watched = sleeper();
        drop(Watchdog::over(watched.id()));
        assert!(watched.try_wait().expect("it is our child").is_none());
        watched.kill().expect("it is our child");
        watched.wait().expect("it is our child");
    }
}
