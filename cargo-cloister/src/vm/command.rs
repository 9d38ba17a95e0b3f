//! The exact QEMU command of a run.
//!
//! Guests tell their two consoles apart by place: on virtio-mmio the first
//! device takes the highest slot, on PCI each device has its [`Slot`]. Each
//! console is a port of a virtio device of its own: the guest's driver knows
//! one port of a device.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::slice;

use super::slots::Slot;
use super::{Machine, Spec, VolumeDriver, network};

mod replay;

pub use replay::{replay, shell_line};

/// Has a device serve its queue before the guest goes on, not when the host finds
/// the time.
const AT_ONCE: &str = "ioeventfd=off";

/// What a channel of the guest leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Backend {
    /// A Unix socket on which somebody listens.
    Socket(PathBuf),
    /// QEMU's own standard input and output.
    Stdio,
    /// A file, written only.
    File(PathBuf),
}

/// The channels of a guest, and the boot options' file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Channels {
    /// What the core reports.
    pub control: Backend,
    /// Standard input, in chunks, and standard output.
    pub console: Backend,
    /// Standard error.
    pub errors: Backend,
    /// The core's own console.
    pub serial: Backend,
    /// The module with the boot options.
    pub options: PathBuf,
}

impl Channels {
    /// Sockets and boot options in `directory`.
    pub fn in_directory(directory: &Path) -> Channels {
        let socket = |name: &str| Backend::Socket(directory.join(name));
        Channels {
            control: socket("control"),
            console: socket("console"),
            errors: socket("errors"),
            serial: socket("serial"),
            options: directory.join("options"),
        }
    }

    /// What a person sees who runs the command by hand: the program's output
    /// on standard output, all else on standard error.
    pub fn for_a_person(options: PathBuf) -> Channels {
        let errors = || Backend::File("/dev/stderr".into());
        Channels {
            control: errors(),
            console: Backend::Stdio,
            errors: errors(),
            serial: errors(),
            options,
        }
    }
}

/// The arguments with which QEMU boots `spec`.
pub fn arguments(spec: &Spec, channels: &Channels) -> Vec<OsString> {
    let mut line = Line::default();
    line.machine(spec);
    line.time(spec);
    line.control(channels);
    line.consoles(spec, channels);
    line.entropy(spec);
    line.volumes(spec, channels);
    line.network(spec);
    line.diagnostics(spec);
    line.path("-kernel", &spec.image);
    line.path("-initrd", &channels.options);
    line.0
}

#[derive(Default)]
struct Line(Vec<OsString>);

impl Line {
    fn option(&mut self, name: &str, value: &str) {
        self.0.extend([name.into(), value.into()]);
    }

    fn path(&mut self, name: &str, value: &Path) {
        self.0.extend([name.into(), value.into()]);
    }

    fn machine(&mut self, spec: &Spec) {
        let machine = match spec.machine {
            Machine::Microvm => {
                "microvm,acpi=off,x-option-roms=off,pit=off,pic=off,rtc=on,isa-serial=on"
            }
            Machine::Q35 => "q35,vmport=off,smbus=off,sata=off",
        };
        self.option("-M", machine);
        self.0
            .extend(["-nodefaults", "-no-user-config", "-no-reboot"].map(OsString::from));
        self.option("-display", "none");
        self.translator(spec);
        self.option("-cpu", spec.cpu.as_deref().unwrap_or(spec.accel.cpu()));
        self.option("-smp", &spec.cpus.to_string());
        self.option("-m", &spec.memory.to_string());
        self.memory(spec);
    }

    /// Memory that others see: who serves volumes, and whoever looks afterwards.
    fn memory(&mut self, spec: &Spec) {
        let has_servers =
            spec.volume_driver == VolumeDriver::Virtiofs && !spec.options.volumes.is_empty();
        let size = spec.memory;
        let mut backend = match &spec.memory_file {
            Some(_) => OsString::from("memory-backend-file,id=memory,mem-path="),
            None if has_servers => OsString::from("memory-backend-memfd,id=memory"),
            None => return,
        };
        backend.extend(spec.memory_file.as_deref().map(escaped));
        backend.push(format!(",size={size},share=on"));
        self.0.extend(["-object".into(), backend]);
        self.option("-machine", "memory-backend=memory");
    }

    /// What executes instructions; each is a block of its own where one may go wrong.
    fn translator(&mut self, spec: &Spec) {
        let accel = &spec.accel;
        match spec.injector.as_ref().map(|it| it.has_property) {
            Some(true) => self.option("-accel", &format!("{accel},one-insn-per-tb=on")),
            Some(false) => {
                self.option("-accel", &accel.to_string());
                self.0.push("-singlestep".into());
            }
            None => self.option("-accel", &accel.to_string()),
        }
    }

    /// One nanosecond an instruction, and every source of chance fixed.
    fn time(&mut self, spec: &Spec) {
        if spec.is_counted() {
            self.option("-icount", "shift=0,sleep=off");
            self.option("-seed", "0");
            self.option("-rtc", "base=2000-01-01,clock=vm");
        }
    }

    fn control(&mut self, channels: &Channels) {
        self.chardev("control", &channels.control);
        self.option("-device", "isa-debugcon,iobase=0xe9,chardev=control");
        self.option("-device", "isa-debug-exit,iobase=0xf4,iosize=0x04");
        self.chardev("serial", &channels.serial);
        self.option("-serial", "chardev:serial");
    }

    fn consoles(&mut self, spec: &Spec, channels: &Channels) {
        if spec.machine == Machine::Microvm {
            self.option("-global", "virtio-mmio.force-legacy=off");
        }
        if spec.machine == Machine::Microvm && spec.is_counted() {
            self.option("-global", &format!("virtio-mmio.{AT_ONCE}"));
        }
        for (slot, name, backend) in [
            (Slot::Console, "console", &channels.console),
            (Slot::Errors, "errors", &channels.errors),
        ] {
            self.chardev(name, backend);
            // Not port 0, a system console: QEMU throws away what the host does
            // not read from one at once.
            let bus = format!("id={name}-bus,max_ports=2");
            self.virtio("virtio-serial", &bus, spec, slot);
            let port = format!("virtserialport,bus={name}-bus.0,nr=1,chardev={name}");
            self.option("-device", &port);
        }
    }

    fn entropy(&mut self, spec: &Spec) {
        if spec.entropy_device {
            self.virtio("virtio-rng", "", spec, Slot::Entropy);
        }
    }

    /// Each volume's device; guests know them by their order.
    fn volumes(&mut self, spec: &Spec, channels: &Channels) {
        if spec.volume_driver == VolumeDriver::Virtiofs {
            return self.virtiofs(spec, channels);
        }
        for (number, volume) in spec.options.volumes.iter().enumerate() {
            let mut folder = OsString::from(format!("local,id=volume{number},path="));
            folder.push(escaped(&volume.host));
            folder.push(",security_model=none,multidevs=remap");
            if !volume.is_writable {
                folder.push(",readonly=on");
            }
            self.0.extend(["-fsdev".into(), folder]);
            let device = format!("fsdev=volume{number},mount_tag=volume{number}");
            self.virtio("virtio-9p", &device, spec, Slot::Volume(number));
        }
    }

    /// Each volume's server is another program.
    fn virtiofs(&mut self, spec: &Spec, channels: &Channels) {
        let volumes = spec.options.volumes.len();
        for number in 0..volumes {
            let name = format!("volume{number}");
            self.chardev(
                &name,
                &Backend::Socket(channels.options.with_file_name(&name)),
            );
            let device = virtiofs_device(spec.machine, Slot::Volume(number));
            self.option("-device", &format!("{device},chardev={name},tag={name}"));
        }
    }

    /// The card, behind all other devices.
    fn network(&mut self, spec: &Spec) {
        let told = network::arguments(&spec.network, &spec.options.network, spec.machine);
        let Some(network::Arguments {
            backend,
            card,
            capture,
        }) = told
        else {
            return;
        };
        self.0.extend(["-netdev".into(), backend]);
        self.virtio("virtio-net", &card, spec, Slot::Network);
        self.0.extend(
            capture
                .into_iter()
                .flat_map(|value| ["-object".into(), value]),
        );
    }

    fn diagnostics(&mut self, spec: &Spec) {
        if let Some(file) = &spec.interrupt_log {
            self.option("-d", "int");
            self.path("-D", file);
        }
        if let Some(counter) = &spec.counter {
            self.0.extend(["-plugin".into(), counter.argument()]);
        }
        if let Some(injector) = &spec.injector {
            self.0.extend(["-plugin".into(), injector.argument()]);
        }
    }

    /// A virtio device on the bus that the machine has.
    fn virtio(&mut self, kind: &str, properties: &str, spec: &Spec, slot: Slot) {
        let mut value = match spec.machine {
            Machine::Microvm => format!("{kind}-device"),
            Machine::Q35 => format!("{kind}-pci,disable-legacy=on,addr={:#x}", slot.number()),
        };
        if spec.machine == Machine::Q35 && spec.is_counted() {
            value = format!("{value},{AT_ONCE}");
        }
        if !properties.is_empty() {
            value = format!("{value},{properties}");
        }
        self.option("-device", &value);
    }

    fn chardev(&mut self, id: &str, backend: &Backend) {
        let (kind, path) = match backend {
            Backend::Socket(path) => ("socket", Some(path)),
            Backend::File(path) => ("file", Some(path)),
            Backend::Stdio => ("stdio", None),
        };
        let mut value = OsString::from(format!("{kind},id={id}"));
        if let Some(path) = path {
            value.push(",path=");
            value.push(escaped(path));
        }
        if kind == "file" {
            // Several channels may share a file, which none must truncate.
            value.push(",append=on");
        }
        self.0.extend(["-chardev".into(), value]);
    }
}

/// The device of a volume by virtio-fs. It has no legacy interface that could be
/// disabled.
fn virtiofs_device(machine: Machine, slot: Slot) -> String {
    match machine {
        Machine::Microvm => "vhost-user-fs-device".to_owned(),
        Machine::Q35 => format!("vhost-user-fs-pci,addr={:#x}", slot.number()),
    }
}

/// A path inside a QEMU option, where a comma must be doubled.
pub(super) fn escaped(path: &Path) -> OsString {
    let bytes = path.as_os_str().as_bytes().iter();
    let doubled = bytes.flat_map(|byte| match byte {
        b',' => &b",,"[..],
        byte => slice::from_ref(byte),
    });
    OsString::from_vec(doubled.copied().collect())
}

#[cfg(test)]
mod tests;
