//! Runs one program and says whether its results are right.
//!
//! `macro-bench PROGRAM CLASS` prints `verified PROGRAM CLASS CHECKS` and ends
//! with 0, or says on standard error what is wrong and ends with 1. `list`
//! prints `program NAME KIND CLASS…` for each. Run it by `cargo cloister bench macro`,
//! which counts from outside.

mod region;

use std::process::ExitCode;

use macro_bench::{Class, PROGRAMS, Program, failures, find};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["list"] => list(),
        [name, class] => match find(name).zip(Class::from_name(class)) {
            Some((program, of)) if program.classes.contains(&of) => run(program, of, class),
            _ => usage(),
        },
        _ => usage(),
    }
}

fn run(program: &Program, class: Class, name_of_class: &str) -> ExitCode {
    let checks = region::counted(|| (program.run)(class));
    let wrong = failures(&checks);
    for check in &wrong {
        eprintln!("{} {name_of_class}: {check}", program.name);
    }
    if !wrong.is_empty() || checks.is_empty() {
        return ExitCode::FAILURE;
    }
    println!("verified {} {name_of_class} {}", program.name, checks.len());
    ExitCode::SUCCESS
}

fn list() -> ExitCode {
    for program in PROGRAMS {
        let classes: Vec<&str> = program.classes.iter().map(|class| class.name()).collect();
        let (name, kind) = (program.name, program.kind.name());
        println!("program {name} {kind} {}", classes.join(" "));
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("macro-bench list, or PROGRAM CLASS as the list names them");
    ExitCode::from(2)
}
