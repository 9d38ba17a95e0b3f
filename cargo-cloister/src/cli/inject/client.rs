//! A command of this machine that uses a guest which serves.

use std::io::Read;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use serde::{Deserialize, Serialize};

/// The variables that tell the command where the guest is: all of it, and the port alone.
const ADDRESS: &str = "CLOISTER_ADDRESS";
const PORT: &str = "CLOISTER_PORT";

/// How much of what it prints is kept: a guest that goes wrong may send for ever.
const KEPT: u64 = 1 << 20;

/// What a client has said in the end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Said {
    /// Its status; none if it was ended.
    pub(super) status: Option<i32>,
    pub(super) stdout: Vec<u8>,
}

/// A client that runs. It is ended with whoever holds this.
#[derive(Debug)]
pub(super) struct Client {
    group: Option<Pid>,
    ended: Arc<Mutex<Option<(Instant, Said)>>>,
}

impl Client {
    /// Starts a command that a shell reads, for a guest at `address`.
    pub(super) fn start(command: &str, address: SocketAddr) -> std::io::Result<Client> {
        let child = Command::new("/bin/sh")
            .args(["-c", command])
            .env(ADDRESS, address.to_string())
            .env(PORT, address.port().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let ended = Arc::new(Mutex::new(None));
        let told = Arc::clone(&ended);
        thread::spawn(move || wait(child, group, &told));
        Ok(Client { group, ended })
    }

    /// When it ended, and what it had said, if it has.
    pub(super) fn said(&self) -> Option<(Instant, Said)> {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.clone()
    }
}

/// Reads what it prints, as far as that is kept, and waits for its end. What it has started
/// and left is ended before its number can be another's.
fn wait(mut child: Child, group: Option<Pid>, told: &Mutex<Option<(Instant, Said)>>) {
    let mut stdout = Vec::new();
    if let Some(mut output) = child.stdout.take() {
        // What was read until something went wrong is what it said.
        let _ = output.by_ref().take(KEPT).read_to_end(&mut stdout);
        let _ = std::io::copy(&mut output, &mut std::io::sink());
    }
    if let Some(group) = group {
        let how = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let _it_has_ended = waitid(WaitId::Pid(group), how);
        let _nobody_may_be_left = kill_process_group(group, Signal::KILL);
    }
    let status = child.wait().ok().and_then(|status| status.code());
    let said = Said { status, stdout };
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    *told = Some((Instant::now(), said));
}

impl Drop for Client {
    fn drop(&mut self) {
        if self.said().is_none()
            && let Some(group) = self.group
        {
            let _it_may_be_gone = kill_process_group(group, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_a_client_leaves_is_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("late");
        let late = format!("(sleep 0.5; touch {}) > /dev/null &", file.display());
        let address = "127.0.0.1:8080".parse().expect("an address");
        let client = Client::start(&late, address).expect("a shell");
        while client.said().is_none() {
            thread::sleep(Duration::from_millis(5));
        }
        thread::sleep(Duration::from_millis(800));
        assert!(!file.exists());
    }

    #[test]
    fn a_client_knows_where_to_go_and_is_heard() {
        let address = "127.0.0.1:8080".parse().expect("an address");
        let client = Client::start("echo $CLOISTER_ADDRESS $CLOISTER_PORT; exit 3", address)
            .expect("a shell");
        let said = loop {
            match client.said() {
                Some((_, said)) => break said,
                None => thread::sleep(Duration::from_millis(5)),
            }
        };
        assert_eq!(
            (said.status, &said.stdout[..]),
            (Some(3), &b"127.0.0.1:8080 8080\n"[..])
        );
    }
}
