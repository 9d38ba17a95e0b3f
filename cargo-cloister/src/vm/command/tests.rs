//! The command lines that QEMU must get, word for word.

use domains::Isolation;

use super::*;
use crate::vm::{Backend, Counter, Given, HostName, Network, slots};

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
        counter: Some(Counter::new("libcounter.so".into(), "a,b".into())),
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

/// A network with these ports published.
fn network(backend: &str, publish: &[&str]) -> Network {
    let publish = publish.iter().map(|text| text.parse().expect(text));
    Network {
        backend: backend.parse().expect(backend),
        publish: publish.collect(),
        ..Network::default()
    }
}

/// A run that gives the guest these addresses, each perhaps with a router.
fn with_addresses(machine: Machine, network: Network, given: &[(&str, &str)]) -> Spec {
    let routers = given.iter().filter(|(_, router)| !router.is_empty());
    let given = Given {
        addresses: given
            .iter()
            .map(|(own, _)| own.parse().expect(own))
            .collect(),
        routers: routers
            .map(|(_, router)| router.parse().expect(router))
            .collect(),
        servers: Vec::new(),
        host: HostName::of_program("hello"),
    };
    let mut spec = spec(machine);
    spec.options.network = given.setting(&network.backend).expect("it goes together");
    Spec { network, ..spec }
}

/// What a card's line has in any case.
const CARD: &str = "netdev=net,mq=off,rx_queue_size=256,tx_queue_size=256";

#[test]
fn a_card_is_the_last_device_of_either_machine() {
    for (machine, device) in [
        (Machine::Microvm, format!("virtio-net-device,{CARD}")),
        (
            Machine::Q35,
            format!("virtio-net-pci,disable-legacy=on,addr=0xe,{CARD},romfile="),
        ),
    ] {
        let spec = Spec {
            network: network("user", &["8080:80", "0.0.0.0:53:53/udp"]),
            ..full(machine, VolumeDriver::Ninep)
        };
        let line = line(&spec);
        let expected = format!(
            "mount_tag=volume7 \
             -netdev user,id=net,hostfwd=tcp:127.0.0.1:8080-:80,hostfwd=udp:0.0.0.0:53-:53 \
             -device {device} -kernel "
        );
        assert!(line.contains(&expected), "{line}");
    }
}

#[test]
fn without_a_network_there_is_no_card() {
    for machine in [Machine::Microvm, Machine::Q35] {
        let line = line(&Spec {
            network: network("none", &[]),
            ..spec(machine)
        });
        assert!(!line.contains("net"), "{line}");
    }
}

#[test]
fn a_capture_is_of_the_cards_network() {
    let line = line(&Spec {
        network: Network {
            capture: Some("a,b".into()),
            mtu: Some(1400),
            ..network("user", &[])
        },
        ..spec(Machine::Microvm)
    });
    let expected = format!(
        "-netdev user,id=net -device virtio-net-device,{CARD},host_mtu=1400 \
         -object filter-dump,id=capture,netdev=net,file=a,,b "
    );
    assert!(line.contains(&expected), "{line}");
}

#[test]
fn a_tap_is_taken_as_it_is_and_has_a_card_of_its_own() {
    let network = network("tap:vm,1", &[]);
    let Backend::Tap(tap) = &network.backend else {
        panic!("{network:?}");
    };
    let card = tap.card.map(|byte| format!("{byte:02x}")).join(":");
    for machine in [Machine::Microvm, Machine::Q35] {
        let given = [("192.168.7.2/24", "192.168.7.1")];
        let line = line(&with_addresses(machine, network.clone(), &given));
        let backend =
            "-netdev tap,id=net,ifname=vm,,1,script=no,downscript=no -device virtio-net";
        assert!(line.contains(backend), "{line}");
        assert!(line.contains(&format!("{CARD},mac={card}")), "{line}");
    }
}

#[test]
fn a_peer_at_a_socket_has_the_guests_beside_it() {
    let network = network("dgram:/a,b", &[]);
    let Backend::Socket(socket) = &network.backend else {
        panic!("{network:?}");
    };
    let card = socket.card.map(|byte| format!("{byte:02x}")).join(":");
    for machine in [Machine::Microvm, Machine::Q35] {
        let line = line(&with_addresses(machine, network.clone(), &[]));
        let backend = "-netdev dgram,id=net,local.type=unix,local.path=/a,,b.guest,\
                       remote.type=unix,remote.path=/a,,b -device virtio-net";
        assert!(line.contains(backend), "{line}");
        assert!(line.contains(&format!("{CARD},mac={card}")), "{line}");
    }
}

#[test]
fn qemus_network_is_the_one_that_the_guest_was_given() {
    let published = || network("user", &["8080:80"]);
    let own = [("192.168.7.9/24", "192.168.7.1"), ("fd00:7::9/64", "")];
    let line_of =
        |given: &[(&str, &str)]| line(&with_addresses(Machine::Microvm, published(), given));
    let line = line_of(&own);
    let expected = "-netdev user,id=net,net=192.168.7.0/24,host=192.168.7.1,dns=192.168.7.3,\
                    dhcpstart=192.168.7.9,ipv6-net=fd00:7::/64,ipv6-host=fd00:7::2,\
                    ipv6-dns=fd00:7::3,hostfwd=tcp:127.0.0.1:8080-192.168.7.9:80 ";
    assert!(line.contains(expected), "{line}");
    let line = line_of(&[("fd00:7::9/64", "")]);
    assert!(line.contains("hostfwd=tcp:127.0.0.1:8080-:80 "), "{line}");
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
        network: network("user", &["8080:80"]),
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
    let found = blocks(&Spec {
        network: network("user", &[]),
        ..spec(Machine::Microvm)
    });
    assert_eq!(found[2..5], [(0xfeb0_0a00, 10), (0xfeb0_0800, 9), (0, 0)]);
    assert_eq!(blocks(&spec(Machine::Q35)), [(0, 0); 8]);
}

#[test]
fn volumes_come_behind_the_rest_and_in_order() {
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
    let memory = " -object memory-backend-memfd,id=memory,size=64M,share=on \
         -machine memory-backend=memory ";
    let server = " -chardev socket,id=volume0,path=d/volume0 ";
    let microvm = "-device vhost-user-fs-device,chardev=volume0,tag=volume0 ";
    let q35 = "-device vhost-user-fs-pci,addr=0x6,chardev=volume0,tag=volume0 ";
    for (machine, device) in [(Machine::Microvm, microvm), (Machine::Q35, q35)] {
        let line = line(&full(machine, VolumeDriver::Virtiofs));
        let has_server = line.contains(&[server, device].concat());
        assert!(line.contains(memory) && has_server, "{line}");
    }
}

#[test]
fn memory_that_is_looked_at_lies_in_its_file_and_nowhere_else() {
    let seen = Spec {
        memory_file: Some("a,b/memory".into()),
        ..full(Machine::Microvm, VolumeDriver::Virtiofs)
    };
    let line = line(&seen);
    let backend =
        "-object memory-backend-file,id=memory,mem-path=a,,b/memory,size=64M,share=on ";
    assert!(line.contains(backend), "{line}");
    assert_eq!(line.matches("memory-backend=memory").count(), 1, "{line}");
}
