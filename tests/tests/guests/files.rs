//! Files in memory, and files that travel in the image.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use domains::edge::{Forbidden, Target};
use domains::layout::ARCHIVE;
use domains::{Access, Area, Cell, Domain, Isolation};
use libtest_mimic::{Failed, Trial};
use tests::boot::{Boot, Outcome};

use crate::images::{TOOL, guest, guest_with, image};
use crate::reports::{Report, number};
use crate::{Verdict, above_all_with_walls, ensure, trial};

/// The quick checks of the guest's module `files` that need nothing of the host.
const CHECKS: [&str; 5] = ["content", "descriptors", "errors", "pointers", "tree"];

pub(crate) fn trials() -> Vec<Trial> {
    Isolation::ALL.into_iter().flat_map(of_mode).collect()
}

fn of_mode(mode: Isolation) -> Vec<Trial> {
    let named = |name: &str, body: fn(Isolation) -> Verdict| {
        trial(format!("files::{mode}::{name}"), move || body(mode))
    };
    let check = |name: &'static str| {
        trial(format!("files::{mode}::{name}"), move || {
            passes(&guest(mode, &["files", name]))
        })
    };
    let long = [
        check("many"),
        check("room"),
        named("files_take_half_and_give_it_back", share),
    ];
    let others = [
        named("content_on_four_cpus", on_four_cpus),
        named("rootfs_from_a_folder", rootfs_from_a_folder),
        named("rootfs_from_a_tar_file", rootfs_from_a_tar_file),
        named("the_example_counts_its_words", example),
        named("rootfs_is_the_safe_kernels_alone", stolen_rootfs),
    ];
    CHECKS
        .into_iter()
        .map(check)
        .chain(long.map(|trial| above_all_with_walls(mode, trial)))
        .chain(others)
        .collect()
}

fn passes(outcome: &Outcome) -> Verdict {
    let holds = outcome.status == 0 && outcome.stdout.contains("passed");
    ensure(holds, "all checks to pass", outcome)
}

/// Threads of several CPUs append to one file; the CPUs take turns in small
/// steps.
fn on_four_cpus(mode: Isolation) -> Verdict {
    let flags = ["-c", "4", "--icount"];
    passes(&guest_with(mode, &["files", "content"], &flags))
}

/// Little memory: how long it takes to use it up grows with it.
fn share(mode: Isolation) -> Verdict {
    passes(&guest_with(mode, &["files", "share"], &["-m", "24M"]))
}

fn rootfs_from_a_folder(mode: Isolation) -> Verdict {
    finds(mode, "folder", &packed_folder(&format!("{mode}-folder")))
}

fn rootfs_from_a_tar_file(mode: Isolation) -> Verdict {
    let folder = packed_folder(&format!("{mode}-tar"));
    let file = TOOL.scratch_file(&format!("rootfs.{mode}.tar"));
    let mut tar = Command::new("tar");
    tar.arg("-cf").arg(&file).arg("-C").arg(&folder).arg(".");
    let made = tar.status().is_ok_and(|status| status.success());
    ensure(made, "`tar` to make a file", &file)?;
    finds(mode, "tar", &file)
}

/// Nobody but the safe kernel reads the pages of the archive, and nobody writes
/// them. Without walls everybody reads, but still nobody writes.
fn stolen_rootfs(mode: Isolation) -> Verdict {
    let image = image_with(mode, "stolen", &packed_folder(&format!("{mode}-stolen")))?;
    let address = format!("{:#x}", ARCHIVE.start);
    for (domain, access) in [
        (Domain::App, Access::Read),
        (Domain::App, Access::Write),
        (Domain::Cell(Cell::Hostfs), Access::Read),
        (Domain::Cell(Cell::Hostfs), Access::Write),
        (Domain::Safe, Access::Write),
    ] {
        if mode == Isolation::None && access == Access::Read {
            continue;
        }
        let boot = Boot {
            arguments: &["attack", domain.name(), access.name(), &address],
            ..Boot::default()
        };
        let outcome = TOOL.boot(&image, &boot);
        let reports: Vec<Report> = outcome.faults.iter().map(Report::of).collect();
        ensure(
            reports == [theft(mode, domain, access)],
            &format!("the report of a {access} by {domain}"),
            &outcome,
        )?;
        let places = outcome.faults.iter().map(|fault| number(&fault["address"]));
        ensure(
            places.eq([ARCHIVE.start]),
            "the address of the archive",
            &outcome,
        )?;
    }
    Ok(())
}

/// The report of an access to the archive: it is the safe kernel's, and nobody
/// may write it.
fn theft(mode: Isolation, domain: Domain, access: Access) -> Report {
    let target = Target::Area(Area::Safe);
    let edge = Forbidden {
        domain,
        target,
        access,
    };
    match (mode, domain) {
        (Isolation::None, _) | (_, Domain::Safe) => Report::read_only(domain, target),
        (Isolation::Mpk, _) => Report::about(&edge),
    }
}

/// Boots the guest with `rootfs` in its image.
fn finds(mode: Isolation, name: &str, rootfs: &Path) -> Verdict {
    let boot = Boot {
        arguments: &["files", "rootfs"],
        ..Boot::default()
    };
    passes(&TOOL.boot(&image_with(mode, name, rootfs)?, &boot))
}

/// The guest's image with `rootfs` in it.
fn image_with(mode: Isolation, name: &str, rootfs: &Path) -> Result<PathBuf, Failed> {
    let image = TOOL.scratch_file(&format!("rootfs-{name}.{mode}.cloister"));
    let mut build = TOOL.command(["build", "tests/guests", "--test-hooks"]);
    build
        .args(["--isolation", mode.name(), "--rootfs"])
        .arg(rootfs);
    let built = build.arg("-o").arg(&image).output();
    ensure(
        built.as_ref().is_ok_and(|output| output.status.success()),
        "the image to be built",
        &built,
    )?;
    Ok(image)
}

/// A folder with the files that the guest looks for.
fn packed_folder(name: &str) -> PathBuf {
    let root = TOOL.scratch_file(&format!("rootfs.{name}"));
    // It may be left from an earlier run, or not be there at all.
    let _ = fs::remove_dir_all(&root);
    let data = root.join("data");
    fs::create_dir_all(data.join("deep/er")).expect("a folder");
    fs::write(data.join("deep/er/file"), "packed\n").expect("a file");
    let large: Vec<u8> = (0..100_000).map(|place| (place % 251) as u8).collect();
    fs::write(data.join("large"), large).expect("a file");
    for (link, target) in [("link", "deep/er/file"), ("loop", "loop"), ("up", "..")] {
        symlink(target, data.join(link)).expect("a link");
    }
    root
}

fn example(mode: Isolation) -> Verdict {
    let outcome = TOOL.boot(&image("examples/files", mode), &Boot::default());
    let said = [
        "/texts/garden.txt: 8 words",
        "/texts/gate.txt: 10 words",
        "stays as it is: Read-only file system",
        "holds 3 files",
    ];
    let holds = said.iter().all(|line| outcome.stdout.contains(line));
    ensure(
        holds && outcome.status == 0,
        "counts, and status 0",
        &outcome,
    )
}
