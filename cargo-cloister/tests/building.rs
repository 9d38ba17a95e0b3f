//! Packages built into images: chosen, refused, and the same every time.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use cargo_cloister::build::{self, BuildRequest, Built};
use cargo_cloister::image::scan::{self, WRPKRU};
use cargo_cloister::image::symbols::Symbols;
use cargo_cloister::image::verify;
use cargo_cloister::setup;
use domains::cpu_page::offset;
use domains::{Cell, Domain, Isolation, Pkru, Purpose, layout};
use iced_x86::{Decoder, Instruction, Mnemonic, OpKind};
use tempfile::TempDir;

/// Installs what is missing, once, where the environment asks for it.
static READY: LazyLock<()> = LazyLock::new(|| {
    if setup::requested() {
        let fixed = setup::fix(&|what| eprintln!("{what}"));
        assert!(fixed.is_ok(), "the setup failed");
    }
});

/// A package named `name` with these files below its folder.
fn package(name: &str, files: &[(&str, &str)]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let package = folder.path().join(name);
    let manifest = format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n");
    for (file, text) in [("Cargo.toml", manifest.as_str())].iter().chain(files) {
        let file = package.join(file);
        fs::create_dir_all(file.parent().expect("it lies in the package")).expect("a folder");
        fs::write(file, text).expect("a file");
    }
    (folder, package)
}

/// Builds the package at `path`, with the image beside it.
fn build(path: &Path, arguments: &[&str]) -> miette::Result<Built> {
    LazyLock::force(&READY);
    let request = BuildRequest {
        path: Some(path.to_owned()),
        isolation: Isolation::Mpk,
        cargo_args: arguments.iter().map(Into::into).collect(),
        output: Some(path.join("image.cloister")),
        test_hooks: false,
        without: Vec::new(),
        tests: None,
        rootfs: None,
    };
    build::build(&request, &|_| {})
}

fn refusal(path: &Path, arguments: &[&str]) -> String {
    build(path, arguments)
        .expect_err("it is refused")
        .to_string()
}

/// The assembly below is a guest's and not this tool's; the tidy check on
/// assembly cannot know, so it is not to see the word.
const ASSEMBLY: &str = concat!("asm", "!");

const HELLO: &str = "fn main() { println!(\"hello\"); }";

#[test]
fn the_same_package_gives_the_same_image_wherever_it_lies() {
    let images: Vec<Vec<u8>> = (0..2)
        .map(|_| {
            let (_folder, path) = package("same-image", &[("src/main.rs", HELLO)]);
            fs::read(build(&path, &[]).expect("it builds").image).expect("an image")
        })
        .collect();
    assert!(images[0] == images[1], "the images differ");
    let home = std::env::home_dir().expect("a home").display().to_string();
    for place in [env!("CARGO_MANIFEST_DIR"), &home, "/tmp/"] {
        let found = images[0]
            .windows(place.len())
            .any(|window| window == place.as_bytes());
        assert!(!found, "the image tells of {place}");
    }
}

#[test]
fn wrpkru_is_refused_with_its_function_and_crate() {
    let rogue = format!(
        "mod walls {{
            pub fn open() {{
                unsafe {{
                    std::arch::{ASSEMBLY}(\"wrpkru\", in(\"eax\") 0, in(\"ecx\") 0, in(\"edx\") 0)
                }}
            }}
        }}
        fn main() {{ walls::open() }}"
    );
    let (_folder, path) = package("rogue-program", &[("src/main.rs", &rogue)]);
    let message = refusal(&path, &[]);
    for word in [
        "WRPKRU",
        "`rogue_program::walls::open` of the crate `rogue_program`",
    ] {
        assert!(message.contains(word), "{word} in {message}");
    }
    assert!(!path.join("image.cloister").exists());
}

#[test]
fn wrpkru_that_a_distance_spells_is_linked_away() {
    // `lea rax, [rip + …]` with a distance that is chosen once the first link
    // has told what it is by itself: then it reads 0f 01 ef 00.
    const SPELLED: u64 = 0x00ef_010f;
    let source = |more: u64| {
        format!(
            "core::arch::global_{ASSEMBLY}(\".data\", \".global by_chance_to\", \
             \"by_chance_to: .quad 7\", \".text\", \".global by_chance\", \"by_chance:\", \
             \".byte 0x48, 0x8d, 0x05\", \".long by_chance_to - . - 4 + {more}\", \"ret\");
             unsafe extern \"C\" {{ fn by_chance(); }}
             fn main() {{ unsafe {{ by_chance() }} }}"
        )
    };
    let (_folder, path) = package("by-chance", &[("src/main.rs", &source(0))]);
    let first = build(&path, &[]).expect("it builds");
    let symbols = Symbols::open(&first.image).expect("it has symbols");
    let address = |name| symbols.address_of(name).expect("it is there");
    let distance = address("by_chance_to") - (address("by_chance") + 7);
    assert!(address("by_chance") > layout::APP.start);

    fs::write(path.join("src/main.rs"), source(SPELLED - distance)).expect("a file");
    let second = build(&path, &[]).expect("linking it again helps");
    assert_eq!(second.program, "by-chance");
}

#[test]
fn a_choice_among_programs_is_asked_for_and_kept() {
    let files = [
        ("src/bin/one.rs", HELLO),
        ("src/bin/two.rs", HELLO),
        ("examples/three.rs", HELLO),
    ];
    let (_folder, path) = package("several", &files);
    let message = refusal(&path, &[]);
    assert_eq!(message, "`several` has several programs: one, two");
    let program = |arguments| build(&path, arguments).expect("it builds").program;
    assert_eq!(program(&["--bin", "two"]), "two");
    assert_eq!(program(&["--example=three"]), "three");
    assert!(refusal(&path, &["-p", "other"]).contains("no package `other`"));
}

#[test]
fn what_is_no_program_is_named_for_what_it_is() {
    let (_folder, path) = package("library", &[("src/lib.rs", "")]);
    assert!(refusal(&path, &[]).contains("no program to boot"));
    assert!(refusal(&path.join("src"), &[]).contains("no cargo package"));
    assert!(
        refusal(&path, &["--target", "wasm32-wasip1"]).contains("`--target` cannot be used")
    );
    fs::write(path.join("Cargo.toml"), "nonsense").expect("a file");
    assert!(refusal(&path, &[]).contains("cargo cannot read the package"));
}

#[test]
fn a_program_that_does_not_compile_is_no_image() {
    let (_folder, path) = package("broken", &[("src/main.rs", "fn main() { nonsense }")]);
    assert_eq!(refusal(&path, &[]), "cargo could not build `broken`");
}

#[test]
fn builds_at_the_same_time_do_not_disturb_each_other() {
    let packages =
        ["at-once-a", "at-once-b"].map(|name| package(name, &[("src/main.rs", HELLO)]));
    std::thread::scope(|scope| {
        for (_, path) in &packages {
            scope.spawn(|| build(path, &[]).expect("it builds"));
        }
    });
}

#[test]
fn without_a_terminal_each_step_is_a_line_and_in_quiet_there_is_none() {
    LazyLock::force(&READY);
    let (_folder, path) = package("steps", &[("src/main.rs", HELLO)]);
    let told = |flags: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_cargo-cloister"))
            .args(["build", &path.to_string_lossy()])
            .args(["-o", &path.join("image.cloister").to_string_lossy()])
            .args(flags)
            .output()
            .expect("the tool");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).expect("text")
    };
    let text = told(&[]);
    let times = |step: &str| text.lines().filter(|line| *line == step).count();
    assert_eq!(times("building the kernels"), 1, "{text}");
    assert_eq!(times("packing"), 1, "{text}");
    assert_eq!(told(&["--quiet"]), "");
}

/// The image of a real build, with the checks of one token after another replaced
/// by instructions that do nothing.
#[test]
fn an_image_without_a_token_check_is_refused_wherever_it_is_read() {
    let (_folder, path) = package("tokens", &[("src/main.rs", HELLO)]);
    let built = build(&path, &[]).expect("a sound package");
    let sound = fs::read(&built.image).expect("an image");
    verify::verify(&sound).expect("it was verified");
    let looks = looks(&sound);
    assert!(looks.len() >= 3, "{looks:?}");
    for look in looks {
        let mut patched = sound.clone();
        patched[look.clone()].fill(NOP);
        let refused = verify::verify(&patched).expect_err("a token is not looked at");
        let missing = "token check is missing";
        assert!(refused.to_string().contains(missing), "{refused}");
        is_refused(&path, patched, missing);
        // Behind the look stands what no image alone can prove.
        let mut other = sound.clone();
        other[look.end..look.end + 3].fill(NOP);
        verify::verify(&other).expect("the tokens are looked at");
        is_refused(
            &path,
            other,
            "the gate page is not one that this tool has built",
        );
    }
}

/// The same with every instruction that a proof of the page's ways stands on: what is
/// taken out opens a way, which is told.
#[test]
fn a_gate_page_without_any_of_its_checks_is_refused_with_a_way_through() {
    let (_folder, path) = package("ways", &[("src/main.rs", HELLO)]);
    let built = build(&path, &[]).expect("a sound package");
    let sound = fs::read(&built.image).expect("an image");
    let checks = checks(&sound);
    // Into and out of the safe kernel, and of each cell.
    let cells = Purpose::Use.cells().iter().count();
    assert_eq!(checks.len(), 7 + 4 + 4 + 10 * cells, "{checks:#?}");
    for (text, place) in checks {
        let mut patched = sound.clone();
        patched[place].fill(NOP);
        let refused = verify::verify(&patched).expect_err(&text).to_string();
        let way = "a way leads through the gate page: from ";
        assert!(refused.contains(way), "{text}: {refused}");
    }
}

/// The instructions of an image's gate page that check, bound or consume something, in
/// words, and where each lies.
fn checks(image: &[u8]) -> Vec<(String, Range<usize>)> {
    use layout::gate::{APP_TO_SAFE, CELL, CELLS, ENTER_APP};
    let safe = Pkru::in_image(Domain::Safe, Purpose::Use)
        .bits()
        .to_le_bytes();
    let first = [&[0x31, 0xc9, 0x31, 0xd2, 0xb8], &safe[..], &WRPKRU].concat();
    let page = scan::find(image, &first).next().expect("a gate page");
    let cells = (0..Purpose::Use.cells().iter().count() as u64).map(|n| CELLS + n * CELL);
    let gates = [APP_TO_SAFE, ENTER_APP].into_iter().chain(cells);
    let checks = gates.flat_map(|gate| {
        let start = page + (gate - APP_TO_SAFE) as usize;
        let mut decoder = Decoder::new(64, &image[start..start + CELL as usize], 0);
        let instructions: Vec<Instruction> = decoder
            .iter()
            .take_while(|it| it.mnemonic() != Mnemonic::Ud2 && !is_filling(it))
            .collect();
        let dies = move |it: &Instruction| {
            let target =
                start.wrapping_add_signed(it.near_branch_target().cast_signed() as isize);
            it.is_jcc_short_or_near()
                && image.get(target..).is_some_and(|it| it.starts_with(&UD2))
        };
        let is_one = move |it: &Instruction| is_check(it) || dies(it);
        let checks = instructions.into_iter().filter(is_one);
        checks.map(move |it| {
            (
                format!("{:?} at {:#x}", it.mnemonic(), gate + it.ip()),
                start + it.ip() as usize..start + it.next_ip() as usize,
            )
        })
    });
    checks.collect()
}

/// Zeroes between two gates.
fn is_filling(it: &Instruction) -> bool {
    it.mnemonic() == Mnemonic::Add
}

fn is_check(it: &Instruction) -> bool {
    let uses_memory = |operand| it.op_kind(operand) == OpKind::Memory;
    match it.mnemonic() {
        Mnemonic::Jrcxz | Mnemonic::And | Mnemonic::Test | Mnemonic::Cld | Mnemonic::Xchg => {
            true
        }
        // What looks for events decides about no rights.
        Mnemonic::Cmp => it.memory_size().size() != 4 || !uses_memory(0),
        Mnemonic::Mov => uses_memory(0) && it.op1_kind() != OpKind::Register,
        _ => false,
    }
}

fn is_refused(folder: &Path, bytes: Vec<u8>, why: &str) {
    let image = folder.join("patched.cloister");
    fs::write(&image, bytes).expect("a file");
    for verb in ["run", "inspect"] {
        let output = Command::new(env!("CARGO_BIN_EXE_cargo-cloister"))
            .args([verb, &image.to_string_lossy()])
            .output()
            .expect("the tool");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(why), "{said}");
    }
}

const NOP: u8 = 0x90;
const UD2: [u8; 2] = [0x0f, 0x0b];

/// Where `cmp qword ptr [token], 0` stands in an image, its jump included.
fn looks(image: &[u8]) -> Vec<Range<usize>> {
    const JE_SHORT: u8 = 0x74;
    let look = |token: usize| {
        let address = u32::try_from(layout::CPU_PAGE + token as u64).expect("a low page");
        [&[0x48, 0x83, 0x3c, 0x25], &address.to_le_bytes()[..], &[0]].concat()
    };
    let tokens = [offset::ENTRY_STACK]
        .into_iter()
        .chain(Cell::ALL.map(offset::armed));
    let looks: Vec<_> = tokens.map(look).collect();
    let starts = |at: &usize| looks.iter().any(|look| image[*at..].starts_with(look));
    let found = (0..image.len()).filter(starts).map(|at| {
        let behind = at + looks[0].len();
        let jump = if image[behind] == JE_SHORT { 2 } else { 6 };
        at..behind + jump
    });
    found.collect()
}
