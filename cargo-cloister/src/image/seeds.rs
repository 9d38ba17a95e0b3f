//! Seeds for the fuzzer that take a packer: they lie in its corpus.
//!
//! A seed of an old format is refused at once and finds nothing, so this fails where they
//! are not what is packed today; with `CLOISTER_SEEDS=1` it writes them anew.

use std::path::{Path, PathBuf};
use std::{env, fs};

use domains::Cell;
use object::elf;

use super::pack::{self, Parts};
use super::testing::{self, MPK};
use super::{sidecar, verify};

/// What the fuzzer takes for the build of its symbols.
const BUILD: &str = "0123";

/// A program with some relocations.
fn relocated() -> Vec<u8> {
    let parts = testing::with_relocations(
        testing::app_parts(),
        &[
            (0x2008, elf::R_X86_64_RELATIVE.0, 0x1000),
            (0x2080, elf::R_X86_64_RELATIVE.0, 0x2010),
        ],
    );
    testing::app_file(&parts)
}

fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let parts = testing::parts();
    let whole = pack::pack(&parts, MPK).expect("it is sound");
    let less = testing::without(Cell::Net);
    let small = Parts {
        cells: Cell::ALL.map(|cell| match less.cells.has(cell) {
            true => parts.cells[cell.number()].clone(),
            false => Vec::new(),
        }),
        ..parts.clone()
    };
    vec![
        ("elf/a-program", parts.app.clone()),
        ("elf/relocated", relocated()),
        ("image/whole", whole),
        ("image/less", pack::pack(&small, less).expect("it is sound")),
        ("sidecar/whole", sidecar::write(&parts, BUILD)),
    ]
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus")
}

#[test]
fn the_fuzzers_seeds_are_what_is_packed() {
    let writes = env::var_os("CLOISTER_SEEDS").is_some_and(|value| value == "1");
    for (name, bytes) in seeds() {
        let path = corpus().join(name);
        if writes {
            fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
            fs::write(&path, &bytes).expect("it is written");
        }
        let is_same = fs::read(&path).is_ok_and(|found| found == bytes);
        assert!(is_same, "{name} is old: run this with CLOISTER_SEEDS=1");
        if name.starts_with("image/") {
            verify::verify(&bytes).expect("it is sound");
        }
    }
}
