//! What to boot and how.

use std::fmt;
use std::io::PipeReader;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domains::Isolation;

use super::{
    Accel, BootOptions, Counter, Injector, Memory, Network, TooLong, VolumeDriver, slots,
};
use crate::plain::Plain;

/// A kind of virtual machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Machine {
    /// No firmware to speak of, no PCI, virtio-mmio: boots fastest.
    #[default]
    Microvm,
    /// A PC with PCI Express.
    Q35,
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Machine::Microvm => "microvm",
            Machine::Q35 => "q35",
        })
    }
}

/// What the program finds on its standard input.
#[derive(Clone, Debug, Default)]
pub enum Input {
    /// The end of the file.
    #[default]
    Empty,
    /// Nothing, for as long as it runs: not even the end of the file, which
    /// would come when the host has time for it.
    Silent,
    /// What this process is given, and the end of the file.
    Own,
    /// What comes out of a pipe, whose other end is in this process.
    Pipe(Arc<PipeReader>),
}

/// One run, with every choice made.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The QEMU to use; the one on the PATH if none is named.
    pub qemu: Option<PathBuf>,
    /// The packed image.
    pub image: PathBuf,
    /// What the program is called.
    pub program: String,
    /// How the image keeps its domains apart.
    pub isolation: Isolation,
    /// Bytes of memory that the image fills before anything runs.
    pub image_size: u64,
    /// How much memory the guest gets.
    pub memory: Memory,
    /// How many virtual CPUs it gets.
    pub cpus: u32,
    /// The machine.
    pub machine: Machine,
    /// What runs its instructions.
    pub accel: Accel,
    /// The CPU's model as QEMU names it; all that there is, if none is named.
    pub cpu: Option<String>,
    /// Its network.
    pub network: Network,
    /// Whether time is counted in instructions, so that runs are alike.
    pub counted: bool,
    /// When to give up.
    pub timeout: Option<Duration>,
    /// Where QEMU logs interrupts and exceptions.
    pub interrupt_log: Option<PathBuf>,
    /// What counts the instructions of each CPU, if somebody wants to know.
    pub counter: Option<Counter>,
    /// What makes a domain's code go wrong, if something is to.
    pub injector: Option<Injector>,
    /// The file that the guest's memory lies in, if somebody wants to see it afterwards.
    pub memory_file: Option<PathBuf>,
    /// What the program reads.
    pub input: Input,
    /// Whether there is a device with random bytes beside the CPU's. It
    /// interrupts when the host has time for it, so that no two runs are alike.
    pub entropy_device: bool,
    /// Who serves the volumes.
    pub volume_driver: VolumeDriver,
    /// What the run tells its program.
    pub options: BootOptions,
}

impl Spec {
    /// A run of `image` with nothing out of the ordinary.
    pub fn new(image: PathBuf, program: String, isolation: Isolation) -> Spec {
        let arguments = vec![program.clone().into_bytes()];
        Spec {
            qemu: None,
            image,
            program,
            isolation,
            image_size: 0,
            memory: Memory::DEFAULT,
            cpus: 1,
            machine: Machine::default(),
            accel: Accel::Tcg,
            cpu: None,
            network: Network::default(),
            counted: false,
            timeout: None,
            interrupt_log: None,
            counter: None,
            injector: None,
            memory_file: None,
            input: Input::Empty,
            entropy_device: true,
            volume_driver: VolumeDriver::Ninep,
            options: BootOptions {
                arguments,
                log_level: 1,
                ..BootOptions::default()
            },
        }
    }

    /// The boot options as the guest gets them.
    pub(super) fn boot_file(&self) -> Result<Vec<u8>, TooLong> {
        let (slots, blocks) = (slots::mask(self), slots::blocks(self));
        self.options.encode(self.cpus, slots, blocks)
    }

    /// Whether time is counted, as far as the machine can: translation only.
    pub(super) fn is_counted(&self) -> bool {
        self.counted && self.accel == Accel::Tcg
    }
}

/// The line that says what boots.
impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Spec {
            program,
            isolation,
            machine,
            memory,
            cpus,
            accel,
            ..
        } = self;
        write!(
            f,
            "booting {} ({isolation}) on {machine}, {memory}, ",
            Plain::line(program)
        )?;
        if *cpus > 1 {
            write!(f, "{cpus} CPUs, ")?;
        }
        write!(f, "{accel}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_says_what_boots() {
        let spec = Spec::new("hello.cloister".into(), "hello".into(), Isolation::Mpk);
        assert_eq!(spec.to_string(), "booting hello (mpk) on microvm, 64M, tcg");
        let line = Spec { cpus: 4, ..spec }.to_string();
        assert_eq!(line, "booting hello (mpk) on microvm, 64M, 4 CPUs, tcg");
    }
}
