//! A Linux on the machine that images run on, to compare with.
//!
//! The same QEMU with the same processor, bus and network card as a run on q35
//! has; what a Linux has no use for, or an image, is left out. It is the
//! benchmarks' only: no image is involved.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use domains::network::Setting;

use super::watchdog::Watchdog;
use super::{Counter, Error, Machine, Memory, Network, network, qemu_program};

/// A Linux to boot.
#[derive(Clone, Debug)]
pub struct Linux {
    /// The kernel.
    pub kernel: PathBuf,
    /// The files that it finds, as an archive.
    pub files: PathBuf,
    /// What the kernel is told.
    pub command_line: String,
    /// How much memory it gets.
    pub memory: Memory,
    /// Its network, which it knows by its command line.
    pub network: Network,
    /// What counts its instructions, if somebody wants to know.
    pub counter: Option<Counter>,
}

/// A Linux that runs. It is ended when this is dropped.
#[derive(Debug)]
pub struct Booted {
    qemu: Child,
    /// What its console says, and QEMU, by line; closed when both are silent for good.
    pub lines: Receiver<String>,
    watchdog: Option<Watchdog>,
}

impl Linux {
    /// Starts QEMU with it.
    pub fn boot(&self) -> Result<Booted, Error> {
        let program = qemu_program()?;
        let start = |source| Error::Start {
            program: program.clone(),
            source,
        };
        let mut qemu = Command::new(&program)
            .args(self.arguments())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(start)?;
        let watchdog = Some(Watchdog::over(qemu.id()));
        let (sender, lines) = channel();
        pump(qemu.stdout.take(), sender.clone());
        pump(qemu.stderr.take(), sender);
        Ok(Booted {
            qemu,
            lines,
            watchdog,
        })
    }

    /// QEMU's arguments.
    fn arguments(&self) -> Vec<OsString> {
        let memory = self.memory.to_string();
        let words = [
            ["-M", "q35,vmport=off,smbus=off,sata=off"],
            ["-display", "none"],
            ["-accel", "tcg"],
            ["-cpu", "max"],
            ["-smp", "1"],
            ["-m", &memory],
            ["-serial", "stdio"],
            ["-append", &self.command_line],
        ];
        let mut line: Vec<OsString> = words.as_flattened().iter().map(Into::into).collect();
        if let Some(told) = network::arguments(&self.network, &Setting::NONE, Machine::Q35) {
            let device = format!("virtio-net-pci,disable-legacy=on,{}", told.card);
            line.extend([
                "-netdev".into(),
                told.backend,
                "-device".into(),
                device.into(),
            ]);
        }
        line.extend(["-nodefaults", "-no-user-config", "-no-reboot"].map(Into::into));
        line.extend(["-kernel".into(), self.kernel.clone().into_os_string()]);
        line.extend(["-initrd".into(), self.files.clone().into_os_string()]);
        if let Some(counter) = &self.counter {
            line.extend(["-plugin".into(), counter.argument()]);
        }
        line
    }
}

impl Booted {
    /// Waits for QEMU's end.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        // The watch must be over before the number can be another process's.
        self.watchdog = None;
        self.qemu.wait()
    }
}

impl Drop for Booted {
    fn drop(&mut self) {
        let _it_may_be_gone = self.qemu.kill();
        let _it_may_be_gone = self.wait();
    }
}

/// Sends each line that comes.
fn pump(from: Option<impl Read + Send + 'static>, to: Sender<String>) {
    let Some(from) = from else { return };
    thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if to.send(line).is_err() {
                return;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linux(network: Network) -> Linux {
        Linux {
            kernel: "vmlinuz".into(),
            files: "files".into(),
            command_line: "quiet -- 10.0.2.15".to_owned(),
            memory: "256M".parse().expect("a size"),
            network,
            counter: Some(Counter::new("p.so".into(), "c".into())),
        }
    }

    fn network(backend: &str, publish: &[&str]) -> Network {
        Network {
            backend: backend.parse().expect(backend),
            publish: publish.iter().map(|it| it.parse().expect(it)).collect(),
            ..Network::default()
        }
    }

    #[test]
    fn it_has_the_machine_of_an_image() {
        let line = linux(network("user", &["8080:80"])).arguments();
        let line = line.join(" ".as_ref()).to_string_lossy().into_owned();
        assert_eq!(
            line,
            "-M q35,vmport=off,smbus=off,sata=off -display none -accel tcg -cpu max -smp 1 \
             -m 256M -serial stdio -append quiet -- 10.0.2.15 \
             -netdev user,id=net,hostfwd=tcp:127.0.0.1:8080-:80 \
             -device virtio-net-pci,disable-legacy=on,netdev=net,mq=off,\
             rx_queue_size=256,tx_queue_size=256,romfile= \
             -nodefaults -no-user-config -no-reboot \
             -kernel vmlinuz -initrd files -plugin file=p.so,out=c"
        );
    }

    #[test]
    fn a_tap_is_taken_as_it_is() {
        let line = linux(network("tap:tap0", &[])).arguments();
        let backend = "tap,id=net,ifname=tap0,script=no,downscript=no";
        assert!(line.contains(&backend.into()), "{line:?}");
    }
}
