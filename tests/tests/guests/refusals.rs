//! What does not run: one clear message each, and the right status.

use std::fs;
use std::mem::offset_of;
use std::path::PathBuf;

use domains::manifest::{Header, MAGIC, Segment, VERSION, rights};
use domains::{Isolation, status};
use libtest_mimic::Trial;
use tests::boot::{Boot, Outcome};

use crate::images::{TOOL, image};
use crate::{Verdict, ensure, trial};

const HELLO: &str = "examples/hello";

type Named = (&'static str, fn() -> Verdict);

pub(crate) fn trials() -> Vec<Trial> {
    let all: [Named; 9] = [
        ("a_cpu_without_keys_is_refused_by_name", no_keys),
        ("a_cpu_without_keys_runs_what_needs_none", no_keys_needed),
        ("too_little_memory_says_how_much_is_needed", little_memory),
        ("a_truncated_image_is_not_booted", truncated),
        ("a_manifest_of_another_version_is_not_booted", other_version),
        ("code_that_can_be_written_is_not_booted", writable_code),
        (
            "a_program_that_does_not_build_has_cargos_status",
            does_not_build,
        ),
        (
            "an_application_with_wrpkru_is_refused_with_its_function",
            wrpkru,
        ),
        ("a_new_package_outside_runs_by_its_path", new_package),
    ];
    all.into_iter()
        .map(|(name, body)| trial(format!("refusals::{name}"), body))
        .collect()
}

fn boot(isolation: Isolation, flags: &[&str]) -> Outcome {
    TOOL.boot(
        &image(HELLO, isolation),
        &Boot {
            flags,
            ..Boot::default()
        },
    )
}

/// The tool ended with `status` and said `message`.
fn refused(outcome: &Outcome, status: u8, message: &str) -> Verdict {
    ensure(
        outcome.status == i32::from(status),
        &format!("status {status}"),
        outcome,
    )?;
    ensure(outcome.messages.contains(message), message, outcome)
}

fn no_keys() -> Verdict {
    let outcome = boot(Isolation::Mpk, &["--cpu", "max,-pku"]);
    refused(&outcome, status::NOT_STARTED, "isolation needs: pku\n")
}

fn no_keys_needed() -> Verdict {
    let outcome = boot(Isolation::None, &["--cpu", "max,-pku"]);
    ensure(outcome.status == 0, "a program that runs", &outcome)
}

fn little_memory() -> Verdict {
    let outcome = boot(Isolation::Mpk, &["-m", "3M"]);
    refused(
        &outcome,
        status::NOT_STARTED,
        "has 3 MiB of memory and needs at least ",
    )
}

/// Boots the image after `change`.
fn changed(name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Outcome {
    let mut bytes = fs::read(image(HELLO, Isolation::Mpk)).expect("the image was built");
    change(&mut bytes);
    let file = TOOL.scratch_file(name);
    fs::write(&file, bytes).expect("the scratch folder is writable");
    TOOL.boot(&file, &Boot::default())
}

/// Where the manifest begins in an image's file.
fn manifest(bytes: &[u8]) -> usize {
    let magic = [&MAGIC[..], &VERSION.to_le_bytes()].concat();
    bytes
        .windows(magic.len())
        .position(|window| window == magic)
        .expect("a manifest")
}

fn truncated() -> Verdict {
    let outcome = changed("truncated.cloister", |bytes| {
        bytes.truncate(bytes.len() / 2)
    });
    refused(&outcome, status::NOT_STARTED, "truncated or corrupt")
}

fn other_version() -> Verdict {
    let outcome = changed("other-version.cloister", |bytes| {
        let version = manifest(bytes) + offset_of!(Header, version);
        bytes[version] += 1;
    });
    refused(&outcome, status::NOT_STARTED, "cloister::image")
}

fn writable_code() -> Verdict {
    let outcome = changed("writable-code.cloister", |bytes| {
        let first = manifest(bytes) + size_of::<Header>();
        bytes[first + offset_of!(Segment, rights)] = rights::WRITE | rights::EXECUTE;
    });
    refused(
        &outcome,
        status::NOT_STARTED,
        "both writable and executable",
    )
}

/// Where a folder of this name can be made.
fn scratch_folder(name: &str) -> PathBuf {
    let folder = TOOL.scratch_file(name);
    // It may be left from an earlier run, or not be there at all.
    let _ = fs::remove_dir_all(&folder);
    folder
}

/// A package outside of the repository with this program.
fn package(name: &str, program: &str) -> PathBuf {
    let folder = scratch_folder(name);
    fs::create_dir_all(folder.join("src")).expect("the scratch folder is writable");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).expect("the folder is new");
    fs::write(folder.join("src/main.rs"), program).expect("the folder is new");
    folder
}

fn does_not_build() -> Verdict {
    let folder = package("broken", "fn main() { let x: u8 = \"text\"; }");
    refused(
        &TOOL.boot(&folder, &Boot::default()),
        status::BUILD_FAILED,
        "mismatched types",
    )
}

fn wrpkru() -> Verdict {
    let program = "
        #[inline(never)]
        fn open_the_walls() {
            unsafe { std::arch::asm!(\"wrpkru\", in(\"eax\") 0, in(\"ecx\") 0, in(\"edx\") 0) }
        }
        fn main() { open_the_walls() }";
    let outcome = TOOL.boot(&package("opener", program), &Boot::default());
    refused(&outcome, status::BUILD_FAILED, "opener::open_the_walls")
}

fn new_package() -> Verdict {
    let folder = scratch_folder("newcomer");
    let made = TOOL
        .command(["new"])
        .arg(&folder)
        .output()
        .expect("the tool starts");
    ensure(made.status.success(), "a package", &made)?;
    let outcome = TOOL.boot(&folder, &Boot::default());
    ensure(
        outcome.stdout == "Hello, world!\n",
        "what any new program prints",
        &outcome,
    )
}
