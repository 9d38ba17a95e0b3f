//! Devices that are the core's: what ring 3 sees of them, and those that nobody
//! drives.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use cargo_cloister::vm;
use domains::Isolation;
use libtest_mimic::Trial;
use tests::boot::{Boot, Outcome};

use crate::images::{TOOL, guest_with, image};
use crate::{Verdict, ensure, trial};

const MACHINES: [&str; 2] = ["microvm", "q35"];

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![trial(
        "devices::one_that_is_older_than_the_standard_is_left_alone".into(),
        legacy,
    )];
    for machine in MACHINES {
        trials.push(trial(
            format!("devices::no_register_is_mapped_for_ring_3_on_{machine}"),
            move || only_memory(machine),
        ));
        trials.push(trial(
            format!("devices::one_that_nobody_drives_is_named_on_{machine}"),
            move || named(machine),
        ));
    }
    trials
}

/// The core reads its page tables, with all devices at work and a volume.
fn only_memory(machine: &str) -> Verdict {
    let flags = ["--machine", machine, "--volume", "docs:/docs:ro"];
    let outcome = guest_with(Isolation::Mpk, &["pages"], &flags);
    ensure(outcome.status == 0, "nothing but memory", &outcome)
}

/// A balloon in the place of the source of entropy.
fn named(machine: &str) -> Verdict {
    let flags = ["--machine", machine, "--log", "info"];
    let arguments = r#""${@/virtio-rng/virtio-balloon}""#;
    let outcome = boot_behind(&format!("nobody-{machine}"), arguments, &flags);
    ensure(outcome.status == 0, "the machine to go on", &outcome)?;
    ensure(
        outcome
            .console
            .contains("nobody drives the device of virtio's kind 5"),
        "a line about the balloon",
        &outcome,
    )
}

/// QEMU's devices on virtio-mmio are of the old kind if nobody asks otherwise.
fn legacy() -> Verdict {
    let arguments = r#""${@/force-legacy=off/force-legacy=on}""#;
    let outcome = boot_behind("legacy", arguments, &["--log", "info"]);
    ensure(outcome.status == 0, "the machine to go on", &outcome)?;
    for line in [
        "a device is left alone that is older than virtio 1.0 (0x3)",
        "there is no console device: output continues here",
    ] {
        ensure(outcome.console.contains(line), line, &outcome)?;
    }
    Ok(())
}

/// Boots with these arguments for QEMU, in the words of Bash.
fn boot_behind(name: &str, arguments: &str, flags: &[&str]) -> Outcome {
    let file = TOOL.scratch_file(name);
    let qemu = vm::qemu_program().expect("it is installed");
    let script = format!("#!/bin/bash\nexec '{}' {arguments}\n", qemu.display());
    fs::write(&file, script).expect("there is room");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("the file is ours");
    let qemu = format!("CLOISTER_QEMU={}", file.display());
    let boot = Boot {
        prefix: &["env", &qemu],
        flags,
        arguments: &["pages"],
        ..Boot::default()
    };
    TOOL.boot(&image("tests/guests", Isolation::Mpk), &boot)
}
