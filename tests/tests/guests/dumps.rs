//! Core dumps of programs that were stopped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cargo_cloister::image::Component;
use cargo_cloister::image::packed::Packed;
use domains::{Isolation, layout, status};
use goblin::elf::Elf;
use goblin::elf::program_header::{PT_LOAD, PT_NOTE};
use libtest_mimic::{Completion, Failed, Trial};

use crate::images::{TOOL, image};
use crate::{Verdict, ensure, trial, where_allowed};

/// Bytes of data by which a component is known.
const SAMPLE: usize = 48;

pub(crate) fn trials() -> Vec<Trial> {
    let of = |name: &str, body: fn() -> Verdict| trial(format!("dumps::{name}"), body);
    vec![
        of("have_the_application_and_nothing_else", alone),
        of("are_left_only_where_they_are_wanted", unwanted),
        where_allowed("dumps::are_read_by_a_debugger".into(), debugger),
    ]
}

/// Runs the example that writes where it may not, in a folder of its own: that, and what it
/// says.
fn violate(folder: &str, flags: &[&str]) -> Result<(PathBuf, Output), Failed> {
    let folder = TOOL.scratch_file(folder);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let mut command = TOOL.command(["run"]);
    command
        .arg(image("examples/wild-write", Isolation::Mpk))
        .args(["--timeout", "120", "--net", "none"])
        .args(flags)
        .current_dir(&folder);
    let output = command.output()?;
    let is_stopped = output.status.code() == Some(status::VIOLATION.into());
    ensure(is_stopped, "a violation", &output)?;
    Ok((folder, output))
}

fn dump_in(folder: &Path) -> Result<PathBuf, Failed> {
    let entries = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let mut dumps = entries.filter(|path| path.extension().is_some_and(|it| it == "core"));
    Ok(dumps.next().ok_or("there is no dump")?)
}

fn alone() -> Verdict {
    let (folder, output) = violate("dump-alone", &["--on-violation", "core"])?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure(said.contains("core dump: "), "a word of it", &said)?;
    let dump = fs::read(dump_in(&folder)?)?;
    let elf = Elf::parse(&dump)?;
    let loads: Vec<_> = elf
        .program_headers
        .iter()
        .filter(|it| it.p_type == PT_LOAD)
        .collect();
    let is_of_app = |start: u64, size: u64| layout::APP.contains_range(start, size);
    let holds = loads.len() > 3 && loads.iter().all(|it| is_of_app(it.p_vaddr, it.p_memsz));
    ensure(holds, "pages of the application", &loads)?;
    let notes = elf.program_headers.iter().filter(|it| it.p_type == PT_NOTE);
    ensure(notes.count() == 1, "notes", &elf.program_headers)?;
    for (component, sample) in samples(&image("examples/wild-write", Isolation::Mpk))? {
        let has = dump.windows(SAMPLE).any(|bytes| bytes == sample);
        let expected = component == Component::App;
        ensure(
            has == expected,
            &format!("{component} there: {expected}"),
            &has,
        )?;
    }
    Ok(())
}

/// Bytes that each component of an image begins with, as far as they tell something.
fn samples(image: &Path) -> Result<Vec<(Component, Vec<u8>)>, Failed> {
    let packed = Packed::read(&fs::read(image)?)?;
    let mut samples = Vec::new();
    for load in &packed.loads {
        let Some(component) = Component::at(load.address) else {
            continue;
        };
        let mut parts = load.bytes.chunks_exact(SAMPLE).skip(8);
        let tells = |part: &&[u8]| part.iter().filter(|byte| **byte != 0).count() > SAMPLE / 2;
        samples.extend(parts.find(tells).map(|part| (component, part.to_vec())));
    }
    let others = samples
        .iter()
        .filter(|(component, _)| *component != Component::App);
    ensure(
        others.count() >= 6,
        "samples of all components",
        &samples.len(),
    )?;
    Ok(samples)
}

fn unwanted() -> Verdict {
    let (folder, _) = violate("dump-unwanted", &[])?;
    ensure(dump_in(&folder).is_err(), "no dump", &folder)
}

/// A debugger knows where the program was, by its own symbols.
fn debugger() -> Result<Completion, Failed> {
    if Command::new("gdb").arg("--version").output().is_err() {
        return Ok(Completion::ignored_with("there is no gdb"));
    }
    let (folder, _) = violate("dump-debugger", &["--on-violation", "core"])?;
    let image = image("examples/wild-write", Isolation::Mpk);
    let symbols = image.with_file_name(format!(
        "{}.sym",
        image.file_name().unwrap_or_default().to_string_lossy()
    ));
    let mut unpack = Command::new("tar");
    let unpacked = unpack
        .arg("-xf")
        .arg(symbols)
        .arg("app")
        .current_dir(&folder)
        .status()?;
    ensure(unpacked.success(), "the program's symbols", &folder)?;
    let output = Command::new("gdb")
        .args(["-batch", "-nx", "-ex", "backtrace", "app"])
        .arg(dump_in(&folder)?)
        .current_dir(&folder)
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let holds = said.contains("wild_write::commit") && said.contains("wild_write::main");
    ensure(holds, "a backtrace with names", &said)?;
    Ok(Completion::Completed)
}
