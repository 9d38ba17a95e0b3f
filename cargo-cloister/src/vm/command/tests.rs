//! The command lines that QEMU must get, word for word.

use domains::Isolation;

use super::*;
use crate::vm::{Publish, slots};

fn spec(machine: Machine) -> Spec {
    let spec = Spec::new("hello.cloister".into(), "hello".into(), Isolation::Mpk);
    Spec { machine, ..spec }
}

fn line(spec: &Spec) -> String {
    let channels = Channels::in_directory(Path::new("d"));
    shell_line(Path::new("qemu"), &arguments(spec, &channels))
}

#[test]
fn a_microvm_has_its_consoles_in_order() {
    assert_eq!(
        line(&spec(Machine::Microvm)),
        "qemu -M microvm,acpi=off,x-option-roms=off,pit=off,pic=off,rtc=on,isa-serial=on \
         -nodefaults -no-user-config -no-reboot -display none -accel tcg -cpu max -smp 1 -m 64M \
         -chardev socket,id=control,path=d/control \
         -device isa-debugcon,iobase=0xe9,chardev=control \
         -device isa-debug-exit,iobase=0xf4,iosize=0x04 \
         -chardev socket,id=serial,path=d/serial -serial chardev:serial \
         -global virtio-mmio.force-legacy=off \
         -chardev socket,id=console,path=d/console \
         -device virtio-serial-device,id=console-bus,max_ports=2 \
         -device virtserialport,bus=console-bus.0,nr=1,chardev=console \
         -chardev socket,id=errors,path=d/errors \
         -device virtio-serial-device,id=errors-bus,max_ports=2 \
         -device virtserialport,bus=errors-bus.0,nr=1,chardev=errors \
         -device virtio-rng-device -kernel hello.cloister -initrd d/options"
    );
}

#[test]
fn a_q35_has_modern_devices_at_fixed_addresses() {
    let line = line(&spec(Machine::Q35));
    for device in [
        "-device virtio-serial-pci,disable-legacy=on,addr=0x2,id=console-bus,max_ports=2",
        "-device virtio-serial-pci,disable-legacy=on,addr=0x3,id=errors-bus,max_ports=2",
        "-device virtio-rng-pci,disable-legacy=on,addr=0x4",
    ] {
        assert!(line.contains(device), "{device} in {line}");
    }
    assert!(!line.contains("virtio-mmio"), "{line}");
}

#[test]
fn a_plugin_counts_where_somebody_wants_to_know() {
    let line = line(&Spec {
        counter: Some(Counter {
            plugin: "libcounter.so".into(),
            counts: "a,b".into(),
        }),
        ..spec(Machine::Microvm)
    });
    let plugin = "-plugin file=libcounter.so,out=a,,b";
    assert!(line.contains(plugin), "{line}");
}

#[test]
fn a_guest_gets_as_many_cpus_as_asked_for() {
    let line = line(&Spec {
        cpus: 4,
        ..spec(Machine::Q35)
    });
    assert!(line.contains(" -smp 4 "), "{line}");
}

#[test]
fn counted_runs_have_no_chance_in_them() {
    let line = line(&Spec {
        counted: true,
        entropy_device: false,
        ..spec(Machine::Microvm)
    });
    let fixed = "-icount shift=0,sleep=off -seed 0 -rtc base=2000-01-01,clock=vm";
    assert!(line.contains(fixed), "{line}");
    assert!(line.contains("-global virtio-mmio.ioeventfd=off"), "{line}");
    assert!(
        !line.contains("virtio-rng"),
        "it interrupts when it likes: {line}"
    );
}

#[test]
fn devices_of_counted_runs_do_not_wait_for_the_host() {
    for (machine, count) in [(Machine::Microvm, 1), (Machine::Q35, 3)] {
        let line = |counted| {
            line(&Spec {
                counted,
                ..spec(machine)
            })
        };
        assert_eq!(line(true).matches("ioeventfd=off").count(), count);
        assert!(!line(false).contains("ioeventfd"), "{machine:?}");
    }
}

#[test]
fn published_ports_come_with_a_network_device_behind_the_others() {
    let publish: Publish = "8080:80".parse().expect("two ports");
    let line = line(&Spec {
        publish: vec![publish],
        ..spec(Machine::Microvm)
    });
    let network = "-device virtio-rng-device \
                   -netdev user,id=net,hostfwd=tcp:127.0.0.1:8080-:80 \
                   -device virtio-net-device,netdev=net";
    assert!(line.contains(network), "{line}");
}

#[test]
fn a_capture_needs_a_network_and_gets_one() {
    let line = line(&Spec {
        capture: Some("a,b".into()),
        ..spec(Machine::Q35)
    });
    assert!(
        line.contains("-netdev user,id=net -device virtio-net-pci"),
        "{line}"
    );
    assert!(
        line.contains("-object filter-dump,id=capture,netdev=net,file=a,,b"),
        "{line}"
    );
}

#[test]
fn by_hand_the_programs_output_stands_alone() {
    let channels = Channels::for_a_person("options".into());
    let line = shell_line(
        Path::new("qemu"),
        &arguments(&spec(Machine::Microvm), &channels),
    );
    assert!(line.contains("-chardev stdio,id=console "), "{line}");
    assert!(
        line.contains("-chardev file,id=control,path=/dev/stderr,append=on "),
        "{line}"
    );
}

/// With everything that a guest can have.
fn full(machine: Machine, volume_driver: VolumeDriver) -> Spec {
    let mut spec = spec(machine);
    let places = 0..domains::boot::VOLUMES_MAX;
    let volumes = places.map(|number| format!("/x:/{number}").parse().expect("a volume"));
    spec.options.volumes = volumes.collect();
    Spec {
        publish: vec!["8080:80".parse().expect("two ports")],
        volume_driver,
        ..spec
    }
}

/// The slots that a command line gives to its devices.
fn addressed(line: &str) -> Vec<u32> {
    let values = line.split(",addr=0x").skip(1);
    let digits = values.map(|rest| rest.split([',', ' ']).next().expect("split gives one"));
    digits
        .map(|digits| u32::from_str_radix(digits, 16).expect("a slot"))
        .collect()
}

#[test]
fn the_guest_is_told_the_slots_of_the_command_line() {
    let sparse = Spec {
        entropy_device: false,
        ..spec(Machine::Q35)
    };
    for (spec, devices) in [
        (sparse, 2),
        (full(Machine::Q35, VolumeDriver::Ninep), 12),
        (full(Machine::Q35, VolumeDriver::Virtiofs), 12),
    ] {
        let slots = addressed(&line(&spec));
        let mask = slots.iter().fold(0, |mask, slot| mask | 1 << slot);
        assert_eq!(slots.len(), devices, "{slots:?}");
        assert_eq!(slots::mask(&spec), mask, "{slots:?}");
    }
}

#[test]
fn a_machine_without_pci_has_no_slots() {
    for driver in [VolumeDriver::Ninep, VolumeDriver::Virtiofs] {
        let spec = full(Machine::Microvm, driver);
        assert!(addressed(&line(&spec)).is_empty());
        assert_eq!(slots::mask(&spec), 0);
    }
}

#[test]
fn the_guest_is_told_the_registers_of_a_microvms_devices() {
    let blocks = |spec: &Spec| slots::blocks(spec).map(|block| (block.address, block.pin));
    let found = blocks(&spec(Machine::Microvm));
    let expected = [
        (0xfeb0_0e00, 12),
        (0xfeb0_0c00, 11),
        (0xfeb0_0a00, 10),
        (0, 0),
    ];
    assert_eq!(found[..4], expected);
    let found = blocks(&full(Machine::Microvm, VolumeDriver::Ninep));
    assert_eq!(found[7], (0xfeb0_0000, 5));
    assert_eq!(blocks(&spec(Machine::Q35)), [(0, 0); 8]);
}

#[test]
fn volumes_come_last_and_in_order() {
    let volumes = |spec: Spec| {
        let volume = |text: &str| text.parse().expect("a volume");
        let options = crate::vm::BootOptions {
            volumes: vec![volume("/x:/a"), volume("/y,z:/b:ro")],
            ..spec.options
        };
        Spec { options, ..spec }
    };
    let on_microvm = line(&volumes(spec(Machine::Microvm)));
    let devices = "-device virtio-rng-device \
         -fsdev local,id=volume0,path=/x,security_model=none,multidevs=remap \
         -device virtio-9p-device,fsdev=volume0,mount_tag=volume0 \
         -fsdev local,id=volume1,path=/y,,z,security_model=none,multidevs=remap,readonly=on \
         -device virtio-9p-device,fsdev=volume1,mount_tag=volume1";
    assert!(on_microvm.contains(devices), "{on_microvm}");
    let on_q35 = line(&volumes(spec(Machine::Q35)));
    let device = "virtio-9p-pci,disable-legacy=on,addr=0x7,fsdev=volume1,mount_tag=volume1";
    assert!(on_q35.contains(device), "{on_q35}");
}

#[test]
fn servers_of_volumes_share_the_memory_of_either_machine() {
    let memory = "-object memory-backend-memfd,id=memory,size=64M,share=on \
         -machine memory-backend=memory -chardev socket,id=volume0,path=d/volume0 ";
    let microvm = "-device vhost-user-fs-device,chardev=volume0,tag=volume0 ";
    let q35 = "-device vhost-user-fs-pci,addr=0x6,chardev=volume0,tag=volume0 ";
    for (machine, device) in [(Machine::Microvm, microvm), (Machine::Q35, q35)] {
        let line = line(&full(machine, VolumeDriver::Virtiofs));
        assert!(line.contains(&[memory, device].concat()), "{line}");
    }
}
