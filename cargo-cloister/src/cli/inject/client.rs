//! A command of this machine that uses a guest which serves.

use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};

/// The variables that tell the command where the guest is: all of it, and the port alone.
const ADDRESS: &str = "CLOISTER_ADDRESS";
const PORT: &str = "CLOISTER_PORT";

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
        thread::spawn(move || wait(child, &told));
        Ok(Client { group, ended })
    }

    /// When it ended, and what it had said, if it has.
    pub(super) fn said(&self) -> Option<(Instant, Said)> {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.clone()
    }
}

fn wait(child: Child, told: &Mutex<Option<(Instant, Said)>>) {
    let said = match child.wait_with_output() {
        Ok(output) => Said {
            status: output.status.code(),
            stdout: output.stdout,
        },
        Err(_) => Said {
            status: None,
            stdout: Vec::new(),
        },
    };
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
