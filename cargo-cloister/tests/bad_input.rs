//! What users get wrong: one clear message each, and the right status.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use domains::status;
use predicates::str::contains;
use tempfile::TempDir;

fn tool(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-cloister"));
    command.arg("cloister").args(arguments);
    command
        .env_remove("CLOISTER_SETUP")
        .env_remove("CLOISTER_ISOLATION");
    command
}

/// Runs the tool; it must end with `status` and say `message`.
fn refuses(arguments: &[&str], status: u8, message: &str) {
    let run = tool(arguments).assert().code(i32::from(status));
    run.stdout("").stderr(contains(message));
}

/// A folder with one file in it.
fn folder_with(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(name);
    fs::write(&file, bytes).expect("a file");
    (folder, file)
}

/// QEMU's check comes first, and here there is always one.
fn with_some_qemu(arguments: &[&str]) -> Command {
    let mut command = tool(arguments);
    command.env("CLOISTER_QEMU", env!("CARGO_BIN_EXE_cargo-cloister"));
    command
}

fn run_refuses(file: &[u8], status: u8, message: &str) {
    let (_folder, path) = folder_with("guest.cloister", file);
    let run = with_some_qemu(&["run", &path.to_string_lossy()]).assert();
    run.code(i32::from(status))
        .stdout("")
        .stderr(contains(message));
}

#[test]
fn an_unknown_flag_is_a_wrong_command_line() {
    refuses(
        &["run", "--walls"],
        status::USAGE,
        "unexpected argument '--walls'",
    );
    refuses(&["frobnicate"], status::USAGE, "unrecognized subcommand");
    refuses(
        &["run", "--volume", "a:b"],
        status::USAGE,
        "`b` is no place in the guest",
    );
}

#[test]
fn an_unknown_isolation_is_answered_with_the_known_ones() {
    refuses(
        &["build", "--isolation=walls"],
        status::USAGE,
        "[possible values: none, mpk]",
    );
}

#[test]
fn sizes_and_numbers_that_make_no_sense_are_wrong_command_lines() {
    refuses(
        &["run", "-m", "much"],
        status::USAGE,
        "`much` is not a size",
    );
    refuses(&["run", "-m", "1K"], status::USAGE, "from 2M to 1024G");
    refuses(&["run", "-c", "9"], status::USAGE, "at most 8 virtual CPUs");
    refuses(
        &["run", "--timeout", "soon"],
        status::USAGE,
        "not a number of seconds",
    );
    refuses(
        &["run", "--publish", "80"],
        status::USAGE,
        "`80` names no ports",
    );
}

#[test]
fn without_qemu_nothing_is_built_and_the_help_says_what_to_do() {
    let mut run = tool(&["run"]);
    run.env("PATH", "").env_remove("CLOISTER_QEMU");
    let run = run.assert().code(i32::from(status::NOT_STARTED));
    run.stderr(contains("QEMU is not installed"))
        .stderr(contains("doctor --fix"));
}

#[test]
fn a_folder_without_a_package_is_no_package() {
    let (folder, _) = folder_with("notes.txt", b"");
    let path = folder.path().to_string_lossy().into_owned();
    refuses(
        &["build", &path],
        status::BUILD_FAILED,
        "is not a cargo package",
    );
}

#[test]
fn a_path_that_leads_nowhere_is_named() {
    refuses(
        &["build", "no/such/folder"],
        status::BUILD_FAILED,
        "cannot open `no/such/folder`",
    );
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = taken.local_addr().expect("an address").port();
    let run = with_some_qemu(&["run", "--publish", &format!("{port}:80")]).assert();
    let message = format!("tcp port {port} on 127.0.0.1 cannot be published");
    run.code(i32::from(status::NOT_STARTED))
        .stderr(contains(message))
        .stderr(contains(format!("(process {})", std::process::id())))
        .stderr(contains("--publish 0:80"));
}

#[test]
fn forms_of_the_network_that_make_no_sense_are_wrong_command_lines() {
    let lines: [(&str, &str, &str); 11] = [
        ("--net", "tap:sixteen-letters-", "at most 15 bytes"),
        ("--publish", "8080:80000", "ports up to 65535"),
        ("--net", "bridge", "`bridge` is no network: write `user`"),
        (
            "--net",
            "tap:",
            "write `user`, `none`, `tap:` and an interface",
        ),
        (
            "--publish",
            "[::1]:8080:80",
            "publishes at addresses of IPv4 alone",
        ),
        ("--ip", "10.0.0.1", "write ADDR/PREFIX"),
        (
            "--ip",
            "10.0.0.0/24",
            "cannot be a host's own: it is the network's",
        ),
        ("--gateway", "router", "invalid IP address syntax"),
        ("--dns", "1.1.1", "invalid IP address syntax"),
        ("--hostname", "a_b", "`a_b` is no name of a host"),
        ("--mtu", "100", "not a number of bytes from 1280 to 9000"),
    ];
    for (option, value, message) in lines {
        refuses(&["run", option, value], status::USAGE, message);
    }
    refuses(
        &["build", "--without", "walls"],
        status::USAGE,
        "[possible values: net]",
    );
}

#[test]
fn a_network_that_cannot_be_is_told_before_anything_is_built() {
    let long = format!("dgram:/tmp/{}", "x".repeat(100));
    let lines: [(&[&str], u8, &str); 10] = [
        (
            &["--net", "none", "--publish", "8080:80"],
            status::USAGE,
            "is about the network",
        ),
        (
            &["--net", "tap:lo", "--publish", "8080:80"],
            status::USAGE,
            "an address of its own",
        ),
        (
            &["--publish", "39082:80", "--publish", "0.0.0.0:39082:81"],
            status::USAGE,
            "want the same port of this machine",
        ),
        (
            &["--net", "tap:no-such-tap"],
            status::NOT_STARTED,
            "ip tuntap add dev no-such-tap",
        ),
        (&["--net", "tap:lo"], status::NOT_STARTED, "it is no tap"),
        (
            &["--net", "tap:lo"],
            status::NOT_STARTED,
            "tuntap add dev NAME",
        ),
        (
            &["--net", "dgram:/no/such/socket"],
            status::NOT_STARTED,
            "there is none at that path",
        ),
        (
            &["--net", &long],
            status::USAGE,
            "is too long for the path of a socket",
        ),
        (
            &["--net", "dgram:/tmp/net", "--publish", "8080:80"],
            status::USAGE,
            "an address of its own",
        ),
        (
            &["--pcap", "/no/such/folder/x"],
            status::NOT_STARTED,
            "`/no/such/folder/x`",
        ),
    ];
    for (line, status, message) in lines {
        let run = with_some_qemu(&[&["run"], line].concat()).assert();
        run.code(i32::from(status))
            .stdout("")
            .stderr(contains(message));
    }
}

#[test]
fn a_file_that_is_no_program_is_no_image() {
    run_refuses(b"just text", status::NOT_STARTED, "is not an ELF file");
    run_refuses(b"", status::NOT_STARTED, "is not an ELF file");
}

#[test]
fn a_program_of_the_host_is_no_image() {
    let program = fs::read(env!("CARGO_BIN_EXE_cargo-cloister")).expect("this very tool");
    run_refuses(
        &program,
        status::NOT_STARTED,
        "not an image of cargo cloister",
    );
}

#[test]
fn a_truncated_program_is_corrupt() {
    let program = fs::read(env!("CARGO_BIN_EXE_cargo-cloister")).expect("this very tool");
    run_refuses(
        &program[..200],
        status::NOT_STARTED,
        "is truncated or corrupt",
    );
}

#[test]
fn a_package_that_asks_for_the_unknown_is_told_so() {
    let manifest = "[package]\nname = \"odd\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
                    [workspace]\n[package.metadata.cloister]\nwalls = 3\n";
    let (folder, _) = folder_with("Cargo.toml", manifest.as_bytes());
    fs::create_dir(folder.path().join("src")).expect("a folder");
    fs::write(folder.path().join("src/main.rs"), "fn main() {}").expect("a file");
    let path = folder.path().to_string_lossy().into_owned();
    refuses(
        &["build", &path],
        status::BUILD_FAILED,
        "unknown field `walls`",
    );
}

/// Builds a new package with this compiler.
fn build_with(compiler: &Path) -> Assert {
    let folder = tempfile::tempdir().expect("a folder");
    let package = folder.path().join("my-program");
    let package = package.to_string_lossy();
    tool(&["new", &package]).assert().success();
    let mut build = tool(&["build", &package]);
    let run = build.env("CLOISTER_RUSTC", compiler).assert();
    run.code(i32::from(status::BUILD_FAILED))
}

/// A compiler that says where its libraries lie, where there is no source.
fn compiler_without_source() -> (TempDir, PathBuf) {
    let (folder, script) = folder_with("script", b"");
    let sysroot = folder.path().join("sysroot");
    fs::create_dir_all(sysroot.join("lib/rustlib")).expect("a folder");
    let answers = format!(
        "#!/bin/sh\ncase $1 in\n--print) echo '{}' ;;\n*) echo 'rustc 1.96.0' ;;\nesac\n",
        sysroot.display()
    );
    fs::write(&script, answers).expect("a file");
    let rustc = folder.path().join("rustc");
    // Another process makes the program: had this one it open for writing, it
    // could not be started while any other test starts something.
    let mut install = std::process::Command::new("install");
    install.args(["-m", "755"]).args([&script, &rustc]);
    assert!(install.status().expect("install starts").success());
    (folder, rustc)
}

#[test]
fn a_compiler_without_library_source_is_told_of() {
    let (_folder, rustc) = compiler_without_source();
    build_with(&rustc)
        .stderr(contains("has no library source"))
        .stderr(contains(format!("`{}`", rustc.display())))
        .stderr(contains("unset CLOISTER_RUSTC"));
}

#[test]
fn a_program_that_is_no_compiler_is_named() {
    let compiler = env!("CARGO_BIN_EXE_cargo-cloister");
    let message = format!("CLOISTER_RUSTC names `{compiler}`, which cannot be used");
    build_with(Path::new(compiler)).stderr(contains(message));
}

#[test]
fn flags_of_cargo_that_would_surprise_are_refused_with_the_reason() {
    let because = |arguments: &[&str], reason| refuses(arguments, status::USAGE, reason);
    let target = "`--target` cannot be used here: applications are built for";
    because(&["build", "--target", "wasm32-wasip1"], target);
    because(&["run", "--target=wasm32-wasip1"], target);
    because(&["run", "--lib"], "a library is no program");
    because(
        &["inspect", "--manifest-path", "Cargo.toml"],
        "the package is given by its path",
    );
    let one = "an image holds one program";
    because(&["build", "--workspace", "--release"], one);
}

#[test]
fn an_image_is_too_late_for_options_of_building() {
    let (_folder, image) = folder_with("guest.cloister", b"an image, as far as we look");
    let image = image.to_string_lossy();
    let lines: [(&[&str], &str); 6] = [
        (&["run", &image, "--release"], "--release"),
        (&["run", &image, "--without", "net"], "--without"),
        (&["run", &image, "-F", "fast"], "--features"),
        (&["run", &image, "-o", "other"], "-o"),
        (&["run", &image, "-q", "--locked"], "--locked"),
        (&["inspect", &image, "--profile", "dev"], "--profile"),
    ];
    for (line, option) in lines {
        let message = format!("this is an image already, and `{option}` is for building one");
        refuses(line, status::USAGE, &message);
    }
}

#[test]
fn the_runner_is_for_programs_that_cargo_built() {
    refuses(
        &[
            "runner",
            "target/x86_64-unknown-hermit/debug/deps/hello-0123",
        ],
        status::BUILD_FAILED,
        "no program that cargo built",
    );
}

/// Asks for help; it must speak of all of these.
fn explains(arguments: &[&str], words: &[&str]) {
    let help = tool(arguments).assert().success();
    words
        .iter()
        .fold(help, |help, word| help.stdout(contains(*word)));
}

#[test]
fn help_and_version_are_no_errors() {
    let general = ["Usage: cargo cloister", "--setup", "CLOISTER_QEMU"];
    explains(&["--help"], &general);
    tool(&["--version"]).assert().success();
}

#[test]
fn the_help_of_a_subcommand_is_all_of_it() {
    let run = [
        "120 if the program crossed a wall",
        "user|tap:IF|dgram:PATH|none",
        "--icount",
    ];
    explains(&["run", "--help"], &run);
    let runner = ["runner = \"cargo-cloister runner\"", "CLOISTER_ISOLATION"];
    explains(&["runner", "--help"], &runner);
    explains(&["build", "--help"], &["cloister/images", "--without"]);
}

#[test]
fn a_new_package_is_one_that_cargo_accepts_and_stands_alone() {
    let manifest = b"[workspace]\nmembers = []\n";
    let (folder, workspace) = folder_with("Cargo.toml", manifest);
    let package = folder.path().join("my-program");
    let path = package.to_string_lossy().into_owned();
    tool(&["new", &path]).assert().success();
    assert_eq!(fs::read(workspace).expect("a manifest"), manifest);
    let check = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version=1"])
        .current_dir(&package)
        .output();
    assert!(check.expect("cargo starts").status.success());
    refuses(&["new", &path], status::BUILD_FAILED, "is there already");
    let odd = folder.path().join("1st").to_string_lossy().into_owned();
    refuses(
        &["new", &odd],
        status::BUILD_FAILED,
        "invalid character `1`",
    );
}

/// Building must stop at files that cannot be packed, before it compiles.
fn rootfs_refuses(rootfs: &Path, message: &str) {
    let (package, _) = folder_with("Cargo.toml", b"");
    let package = package.path().join("program");
    let package = package.to_string_lossy();
    tool(&["new", &package]).assert().success();
    let rootfs = rootfs.to_string_lossy();
    let build = tool(&["build", &package, "--rootfs", &rootfs]).assert();
    build
        .code(i32::from(status::BUILD_FAILED))
        .stdout("")
        .stderr(contains(message));
}

#[test]
fn files_for_an_image_that_are_not_there_are_named() {
    rootfs_refuses(Path::new("/nonexistent"), "could not open `/nonexistent`");
}

#[test]
fn a_file_that_is_no_tar_file_is_refused() {
    let (_folder, text) = folder_with("files.tar", &[b'x'; 2000]);
    rootfs_refuses(&text, "is not a whole tar file");
    let (_folder, empty) = folder_with("files.tar", b"");
    rootfs_refuses(&empty, "its end is missing");
    let (_folder, packed) = folder_with("files.tar.gz", &[0x1f, 0x8b, 8, 0]);
    rootfs_refuses(&packed, "gunzip");
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("socket");
    let _socket = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    rootfs_refuses(folder.path(), "it is a device, a pipe or a socket");
}

#[test]
fn an_image_takes_no_more_files() {
    let (_folder, image) = folder_with("guest.cloister", b"");
    let image = image.to_string_lossy();
    refuses(
        &["run", &image, "--rootfs", "/"],
        status::USAGE,
        "`--rootfs` is for building one",
    );
}

#[test]
fn results_that_cannot_be_kept_are_told_before_anything_is_measured() {
    let (_folder, file) = folder_with("results", b"not a folder");
    let file = file.to_string_lossy();
    refuses(&["bench", "--results", &file], 1, "cannot be written");
    refuses(
        &["bench", "--adopt"],
        status::USAGE,
        "only full results within all limits can be adopted",
    );
    refuses(&["bench", "everything"], status::USAGE, "unrecognized");
    refuses(
        &["bench", "--adopt", "--results", "x"],
        status::USAGE,
        "cannot be used with",
    );
}

#[test]
fn a_file_that_holds_no_results_is_named() {
    let (folder, file) = folder_with("full.json", b"{\"set\": 7}");
    let (folder, file) = (folder.path().to_string_lossy(), file.to_string_lossy());
    let line = ["bench", "--results", &folder, "--from", &file];
    refuses(&line, 1, "full.json holds no results");
    let line = ["bench", "--results", &folder, "--from", "/no/such/file"];
    refuses(&line, 1, "/no/such/file holds no results");
}
