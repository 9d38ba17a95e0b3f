//! Every seed, as an ordinary test: what was found once is not found again.

use std::process::ExitCode;

use fuzz::target::{self, Target};
use fuzz::{corpus, heap, seeds};
use libtest_mimic::{Arguments, Trial};

#[global_allocator]
static ALLOCATOR: heap::Counting = heap::Counting;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Memory is counted, and cells are played, for one at a time.
    arguments.test_threads = Some(1);
    let trial = |target: &'static Target| Trial::test(target.name, || eat_all(target));
    let mut trials: Vec<Trial> = target::ALL.iter().map(trial).collect();
    trials.push(Trial::test("seeds_are_as_code_makes_them", fresh));
    trials.push(Trial::test("names_are_in_order_and_folders_known", folders));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Has the target eat each of its seeds, whole and cut off.
fn eat_all(target: &Target) -> Result<(), libtest_mimic::Failed> {
    let seeds = corpus::read(&corpus::seeds_of(target.name))?;
    if seeds.is_empty() {
        return Err("it has no seeds".into());
    }
    for (path, seed) in seeds {
        println!("{}", path.display());
        for size in [seed.len(), seed.len() / 2, seed.len().saturating_sub(1)] {
            heap::run(target, &seed[..size]);
        }
    }
    Ok(())
}

/// Formats change, and a seed that is refused at once finds nothing.
fn fresh() -> Result<(), libtest_mimic::Failed> {
    for (path, made) in seeds::all() {
        if std::fs::read(&path).ok() != Some(made) {
            let path = path.display();
            return Err(format!("{path} is old: `cargo run -p fuzz -- --make-seeds`").into());
        }
    }
    Ok(())
}

fn folders() -> Result<(), libtest_mimic::Failed> {
    let names: Vec<&str> = target::ALL.iter().map(|target| target.name).collect();
    if !names.is_sorted() {
        return Err(format!("{names:?} are not in order").into());
    }
    let corpus = corpus::seeds_of("");
    for entry in std::fs::read_dir(corpus)? {
        let name = entry?.file_name();
        if !names.iter().any(|target| *target == name) {
            return Err(format!("{} is no target", name.display()).into());
        }
    }
    Ok(())
}
