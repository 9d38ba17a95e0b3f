//! The plugin that counts inside QEMU, with the QEMU in use.

use std::fs;

use cargo_cloister::build;
use cargo_cloister::vm::{self, Capture, Counter, Input, Spec};
use domains::Isolation;
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::images::{TOOL, image};
use crate::{Verdict, ensure, trial};

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial(
        "counter::the_plugin_counts_in_this_qemu".into(),
        counts,
    )]
}

/// What `hello` does goes through the gates and writes PKRU, and without walls
/// it does the same calls and writes none.
fn counts() -> Verdict {
    let walls = count(Isolation::Mpk)?;
    let none = count(Isolation::None)?;
    let of = |counts: &Value, name: &str| counts[name].as_u64().unwrap_or_default();
    for counts in [&walls, &none] {
        let executed = &counts["instructions"][0];
        let many = executed.as_u64().is_some_and(|count| count > 100_000);
        ensure(many, "the instructions of a boot", counts)?;
        ensure(of(counts, "core_calls") > 0, "core calls", counts)?;
    }
    let calls = [&walls, &none].map(|counts| of(counts, "calls_safe"));
    ensure(
        calls[0] > 0 && calls[0] == calls[1],
        "the same calls of the safe kernel",
        &(&walls, &none),
    )?;
    // Into the kernel and back.
    let writes = [&walls, &none].map(|counts| of(counts, "wrpkru"));
    ensure(
        writes[0] >= 2 * calls[0] && writes[1] == 0,
        "two writes of PKRU a call, and none without walls",
        &(&walls, &none),
    )
}

fn count(mode: Isolation) -> Result<Value, Failed> {
    let plugin = build::counter(&|_| ()).map_err(|error| error.to_string())?;
    let counts = TOOL.scratch_file(&format!("counts.{mode}"));
    let counter = Counter {
        plugin,
        counts: counts.clone(),
    };
    let spec = Spec {
        counter: Some(counter),
        counted: true,
        input: Input::Silent,
        entropy_device: false,
        ..Spec::new(image("examples/hello", mode), "hello".to_owned(), mode)
    };
    let ending = vm::run(&spec, &mut Capture::default()).map_err(|error| error.to_string())?;
    ensure(ending.status == 0, "a run that ends well", &ending)?;
    Ok(serde_json::from_slice(&fs::read(&counts)?)?)
}
