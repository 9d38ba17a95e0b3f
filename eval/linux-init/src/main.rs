//! The first program of a Linux that only serves.
//!
//! It loads the kernel modules that lie in `/modules`, in the order of their
//! names, gives `eth0` the address that is its first argument, runs `/server` with
//! the others, and has the machine start again when that ended, which QEMU takes
//! for the end. It mounts nothing: nothing here is needed of `/proc` or `/sys`. The
//! kernel passes the arguments, which stand behind `--` on its command line.

#![expect(unsafe_code, reason = "system calls that std does not make")]

mod interface;
mod modules;

use std::io::{Error, Result};
use std::net::Ipv4Addr;
use std::process::{Command, ExitCode};

/// Where kernel modules lie.
const MODULES: &str = "/modules";
/// What is to run.
const SERVER: &str = "/server";
/// The first, and only, network card.
const CARD: &str = "eth0";
/// Said when the server ended as it should; whoever started the machine reads it.
const WELL: &str = "linux-init: the server ended well";

fn main() -> ExitCode {
    match serve() {
        Ok(()) => println!("{WELL}"),
        Err(error) => println!("linux-init: {error}"),
    }
    // SAFETY: it takes a number, and nothing that runs here is worth saving.
    let _it_does_not_return = unsafe { libc::reboot(libc::RB_AUTOBOOT) };
    // Where this is not the first program.
    ExitCode::FAILURE
}

/// Sets up what the server needs and waits for its end.
fn serve() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let address = arguments.next().unwrap_or_default();
    let address: Ipv4Addr = address
        .to_string_lossy()
        .parse()
        .map_err(|_| Error::other("an address comes first"))?;
    modules::load_all(MODULES.as_ref())?;
    interface::up("lo", Ipv4Addr::LOCALHOST)?;
    interface::up(CARD, address)?;
    let status = Command::new(SERVER).args(arguments).status()?;
    match status.success() {
        true => Ok(()),
        false => Err(Error::other(format!("the server ended: {status}"))),
    }
}
