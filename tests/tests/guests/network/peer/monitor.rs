//! QEMU's monitor, by which the cable is pulled and put back.
//!
//! The tool takes another program for QEMU by `CLOISTER_QEMU`. This one is QEMU with a
//! monitor besides.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use cargo_cloister::vm;
use libtest_mimic::Failed;
use serde_json::{Value, json};

use super::PATIENCE;
use crate::images::TOOL;

/// A monitor that was greeted.
pub(super) struct Monitor(BufReader<UnixStream>);

/// A QEMU with a monitor, and where that listens.
pub(super) fn with_monitor(name: &str) -> Result<(PathBuf, PathBuf), Failed> {
    let file = TOOL.scratch_file(&format!("{name}.qemu"));
    let socket = TOOL.scratch_file(&format!("{name}.qmp"));
    let (qemu, at) = (vm::qemu_program()?, socket.display());
    let script = format!(
        "#!/bin/sh\nexec '{}' \"$@\" -qmp 'unix:{at},server=on,wait=off'\n",
        qemu.display()
    );
    fs::write(&file, script)?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
    Ok((file, socket))
}

impl Monitor {
    /// That of a QEMU that runs.
    pub(super) fn connect(socket: &Path) -> Result<Monitor, Failed> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut monitor = Monitor(BufReader::new(stream));
        monitor.line()?;
        monitor.order(&json!({ "execute": "qmp_capabilities" }))?;
        Ok(monitor)
    }

    /// Pulls the cable, or puts it back.
    pub(super) fn link(&mut self, is_up: bool) -> Result<(), Failed> {
        let arguments = json!({ "name": "net", "up": is_up });
        self.order(&json!({ "execute": "set_link", "arguments": arguments }))
    }

    /// Events come in between.
    fn order(&mut self, order: &Value) -> Result<(), Failed> {
        writeln!(self.0.get_mut(), "{order}")?;
        loop {
            let line = self.line()?;
            if line.get("return").is_some() {
                return Ok(());
            }
            if line.get("error").is_some() {
                return Err(format!("{order}: {line}").into());
            }
        }
    }

    fn line(&mut self) -> Result<Value, Failed> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }
}
