//! Folders of the host: what is written, what is refused, and who fails.

mod drivers;
mod restarts;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{fs, thread};

use cargo_cloister::vm::virtiofsd_program;
use domains::Isolation;
use libtest_mimic::Trial;
use tests::boot::{Boot, Outcome};

use crate::images::{TOOL, image};
use crate::{Verdict, ensure, is_set, long, soak, trial};

/// The image of all these guests.
const GUEST: &str = "tests/guests";
/// How long the host waits for a guest to be ready.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lets no file of what it starts grow beyond a mebibyte, and tells so by an
/// error instead of a signal.
const LIMITED: [&str; 4] = [
    "sh",
    "-c",
    "trap '' XFSZ; ulimit -f 2048; exec \"$@\"",
    "limited",
];

/// A machine and who serves its volumes.
#[derive(Clone, Copy, Debug)]
struct Server {
    name: &'static str,
    flags: &'static [&'static str],
}

const MICROVM: Server = Server {
    name: "9p_on_microvm",
    flags: &["--machine", "microvm"],
};
const Q35: Server = Server {
    name: "9p_on_q35",
    flags: &["--machine", "q35"],
};
const VIRTIOFS: Server = Server {
    name: "virtiofs",
    flags: &["--machine", "q35", "--volume-driver", "virtiofs"],
};
const VIRTIOFS_ON_MICROVM: Server = Server {
    name: "virtiofs_on_microvm",
    flags: &["--machine", "microvm", "--volume-driver", "virtiofs"],
};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = by_ninep();
    trials.extend(drivers::by_ninep());
    trials.extend(restarts::by_ninep());
    trials.extend(by_virtiofs());
    trials
}

fn by_ninep() -> Vec<Trial> {
    use Isolation::{Mpk, None};
    vec![
        checks(MICROVM, Mpk, &["content"]),
        checks(MICROVM, None, &["content"]),
        checks(Q35, Mpk, &["content"]),
        checks(MICROVM, Mpk, &["errors"]),
        checks(Q35, None, &["errors"]),
        checks(MICROVM, Mpk, &["large"]),
        long(checks(MICROVM, None, &["many", "10000"])),
        checks(MICROVM, Mpk, &["many", "1000"]),
        checks(MICROVM, Mpk, &["threads"]),
        trial(
            "volumes::a_read_only_volume_stays_as_it_is".into(),
            read_only,
        ),
        trial("volumes::two_volumes_are_two_folders".into(), two),
        trial("volumes::what_the_host_writes_is_seen".into(), || {
            seen(&MICROVM)
        }),
        trial("volumes::links_stay_in_the_guest".into(), || {
            links(&MICROVM)
        }),
        trial("volumes::a_folder_that_goes_is_an_error".into(), gone),
        trial("volumes::a_full_disk_is_an_error".into(), limited),
        trial("volumes::what_is_no_folder_stops_a_run".into(), no_folder),
        trial("volumes::lying_drivers_are_not_believed".into(), lies),
        trial(
            "volumes::a_server_that_lies_for_ever_is_given_up_alone".into(),
            liar,
        ),
        trial("volumes::modes_are_the_volumes".into(), || modes(&MICROVM)),
        trial("volumes::noise_leaves_the_kernel_alive".into(), noise),
        trial("volumes::a_silent_server_is_given_up".into(), silent),
        trial("volumes::without_drivers_volumes_fail".into(), no_drivers),
    ]
}

/// Where there is no server for them, they count as ignored. Where the set-up
/// was to bring one, they fail instead, and say what to type.
fn by_virtiofs() -> Vec<Trial> {
    use Isolation::{Mpk, None};
    let trials = vec![
        checks(VIRTIOFS, Mpk, &["content"]),
        checks(VIRTIOFS_ON_MICROVM, Mpk, &["content"]),
        checks(VIRTIOFS, None, &["errors"]),
        long(checks(VIRTIOFS, Mpk, &["large"])),
        checks(VIRTIOFS, Mpk, &["many", "1000"]),
        checks(VIRTIOFS, Mpk, &["threads"]),
        trial(
            "volumes::virtiofs_shows_what_the_host_writes".into(),
            || seen(&VIRTIOFS),
        ),
        trial("volumes::virtiofs_links_stay_in_the_guest".into(), || {
            links(&VIRTIOFS)
        }),
        trial("volumes::virtiofs_modes_are_the_volumes".into(), || {
            modes(&VIRTIOFS)
        }),
        trial("volumes::a_killed_virtiofsd_is_an_error".into(), killed),
    ];
    let trials = trials.into_iter().chain(drivers::by_virtiofs());
    let trials = trials.chain(restarts::by_virtiofs());
    let trials: Vec<Trial> = trials.chain(soak::by_virtiofs()).collect();
    if virtiofsd_program().is_some() || is_set("CLOISTER_SETUP") {
        return trials;
    }
    eprintln!(
        "not tried: {} trials of volumes by virtio-fs, for there is no virtiofsd here; type \
         `cargo cloister doctor --fix`, or set CLOISTER_VIRTIOFSD to where it is",
        trials.len()
    );
    let ignored = |trial: Trial| trial.with_ignored_flag(true);
    trials.into_iter().map(ignored).collect()
}

/// A folder of this name, empty, for one trial alone.
fn folder(name: &str) -> PathBuf {
    let path = TOOL.scratch_file(&format!("volume-{name}"));
    // It may be left from an earlier run, or not be there at all.
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("the scratch folder can be written");
    path
}

fn at(host: &Path, guest: &str) -> String {
    format!("{}:{guest}", host.display())
}

fn boot(mode: Isolation, server: &Server, volumes: &[String], words: &[&str]) -> Outcome {
    boot_behind(&[], mode, server, volumes, words)
}

fn boot_behind(
    prefix: &[&str],
    mode: Isolation,
    server: &Server,
    volumes: &[String],
    words: &[&str],
) -> Outcome {
    let mut flags = server.flags.to_vec();
    flags.extend(volumes.iter().flat_map(|volume| ["--volume", volume]));
    let arguments = [&["volume"], words].concat();
    let boot = Boot {
        prefix,
        flags: &flags,
        arguments: &arguments,
        ..Boot::default()
    };
    TOOL.boot(&image(GUEST, mode), &boot)
}

fn passed(outcome: &Outcome) -> Verdict {
    let holds = outcome.status == 0 && outcome.stdout.contains("passed");
    ensure(holds, "the guest's checks to pass", outcome)
}

/// A trial of the guest's own checks, in an empty folder.
fn checks(server: Server, mode: Isolation, words: &'static [&'static str]) -> Trial {
    let name = words.join("_");
    trial(
        format!("volumes::{}::{mode}::{name}", server.name),
        move || {
            let folder = folder(&format!("{}-{mode}-{name}", server.name));
            let words = [&["/data"], words].concat();
            let outcome = boot(mode, &server, &[at(&folder, "/data")], &words);
            fs::remove_dir_all(&folder)?;
            passed(&outcome)
        },
    )
}

fn read_only() -> Verdict {
    let folder = folder("read-only");
    fs::write(folder.join("kept"), "kept")?;
    let volumes = [at(&folder, "/data:ro")];
    let outcome = boot(Isolation::Mpk, &MICROVM, &volumes, &["/data", "read-only"]);
    passed(&outcome)?;
    let kept = fs::read_to_string(folder.join("kept"))?;
    let count = fs::read_dir(&folder)?.count();
    ensure(kept == "kept" && count == 1, "the folder as it was", &count)
}

/// The host's paths hold what QEMU's options and the tool's treat as special.
fn two() -> Verdict {
    let (first, second) = (folder("first,of two"), folder("second:of two"));
    fs::write(second.join("kept"), "kept")?;
    let volumes = [at(&first, "/a/first"), at(&second, "/a/second:ro")];
    let words = ["/a/first", "content"];
    passed(&boot(Isolation::Mpk, &MICROVM, &volumes, &words))?;
    let words = ["/a/second", "read-only"];
    passed(&boot(Isolation::Mpk, &Q35, &volumes, &words))
}

/// Does `what` when the guest is ready, while `guest` runs.
fn meanwhile(
    folder: &Path,
    what: impl FnOnce() -> std::io::Result<()> + Send + 'static,
    guest: impl FnOnce() -> Outcome,
) -> Result<Outcome, libtest_mimic::Failed> {
    // The host's patience is for the boot, not for a build before it.
    let _ = image(GUEST, Isolation::Mpk);
    let ready = folder.join("ready");
    let host = thread::spawn(move || {
        let end = Instant::now() + PATIENCE;
        while !ready.exists() {
            if Instant::now() > end {
                return Err(std::io::ErrorKind::TimedOut.into());
            }
            thread::sleep(Duration::from_millis(10));
        }
        what()
    });
    let outcome = guest();
    match host.join() {
        Ok(Ok(())) => Ok(outcome),
        other => Err(format!("the host's part: {other:?}; {outcome:#?}").into()),
    }
}

fn seen(server: &Server) -> Verdict {
    let folder = folder(&format!("seen-{}", server.name));
    let host = folder.clone();
    let write = move || {
        fs::write(host.join("shared"), "and from the host")?;
        fs::remove_file(host.join("ready"))?;
        fs::write(host.join("go"), "")
    };
    let volumes = [at(&folder, "/data")];
    let outcome = meanwhile(&folder, write, || {
        boot(Isolation::Mpk, server, &volumes, &["/data", "seen"])
    })?;
    passed(&outcome)
}

fn links(server: &Server) -> Verdict {
    let folder = folder(&format!("links-{}", server.name));
    fs::write(folder.join("file"), "text")?;
    for (name, target) in [
        ("inside", "file"),
        ("root", "/etc/passwd"),
        ("up", "../../../../../../../../etc/passwd"),
        ("itself", "itself"),
    ] {
        symlink(target, folder.join(name))?;
    }
    Command::new("mkfifo").arg(folder.join("pipe")).status()?;
    let volumes = [at(&folder, "/data")];
    passed(&boot(Isolation::Mpk, server, &volumes, &["/data", "links"]))
}

fn gone() -> Verdict {
    let folder = folder("gone");
    let host = folder.clone();
    let volumes = [at(&folder, "/data")];
    let outcome = meanwhile(
        &folder,
        move || fs::remove_dir_all(host),
        || boot(Isolation::Mpk, &MICROVM, &volumes, &["/data", "gone"]),
    )?;
    passed(&outcome)
}

fn limited() -> Verdict {
    let folder = folder("limited");
    let volumes = [at(&folder, "/data")];
    let words = ["/data", "limit"];
    let outcome = boot_behind(&LIMITED, Isolation::Mpk, &MICROVM, &volumes, &words);
    passed(&outcome)
}

/// Folders that cannot be volumes stop a run before anything is built.
fn no_folder() -> Verdict {
    for (volume, code) in [
        ("/nowhere/at/all:/data", "cloister::volume"),
        ("/proc/self/status:/data", "cloister::volume"),
    ] {
        let output = TOOL
            .command(["run", "examples/hello", "--volume", volume])
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let holds = !output.status.success() && said.contains(code);
        ensure(holds, code, &said)?;
    }
    Ok(())
}

/// What a cell lies about is found out: it is started anew, and nobody sees it.
fn lies() -> Verdict {
    let folder = folder("lies");
    let volumes: Vec<String> = (0..8)
        .map(|place| at(&folder, &format!("/{place}")))
        .collect();
    for lies in ["1,2,3,4,5,6,7,11", "12,13"] {
        let words = ["/", "found-out", lies];
        let outcome = boot(Isolation::Mpk, &Q35, &volumes, &words);
        passed(&outcome)?;
        let restarts = outcome.restarts.len();
        ensure(
            restarts == lies.split(',').count(),
            "a restart for each lie",
            &restarts,
        )?;
    }
    Ok(())
}

fn liar() -> Verdict {
    let volumes = ["/0", "/1"].map(|place| at(&folder("liar"), place));
    let server = Server {
        flags: &["--restart-limit", "none"],
        ..MICROVM
    };
    let outcome = boot(Isolation::Mpk, &server, &volumes, &["/", "lies-for-ever"]);
    passed(&outcome)?;
    let restarts = outcome.restarts.len();
    ensure(restarts == 8, "a few restarts", &restarts)
}

/// Neither the program nor a driver that was taken over gives a file of the
/// host more rights than the volume does.
fn modes(server: &Server) -> Verdict {
    for (suffix, lie, expected) in [
        ("", "14", 0o755),
        ("", "15", 0o755),
        (":umask=007", "15", 0o770),
        (":rw:umask=000", "14", 0o777),
    ] {
        let folder = folder(&format!("modes-{}", server.name));
        let volumes = [at(&folder, &format!("/data{suffix}"))];
        let words = ["/data", "modes", lie];
        passed(&boot(Isolation::Mpk, server, &volumes, &words))?;
        for name in ["plain", "folder"] {
            let mode = fs::metadata(folder.join(name))?.permissions().mode() & 0o7777;
            ensure(
                mode == expected,
                &format!("{expected:o}"),
                &format!("{mode:o}"),
            )?;
        }
        let count = fs::read_dir(&folder)?.count();
        ensure(count == 2, "nothing else", &count)?;
    }
    Ok(())
}

fn noise() -> Verdict {
    for seed in ["1", "1000"] {
        let folder = folder("noise");
        let volumes: Vec<String> = (0..8)
            .map(|place| at(&folder, &format!("/{place}")))
            .collect();
        let server = Server {
            flags: &["--machine", "q35", "--restart-limit", "none"],
            ..Q35
        };
        let words = ["/", "noise", seed];
        passed(&boot(Isolation::Mpk, &server, &volumes, &words))?;
    }
    Ok(())
}

fn silent() -> Verdict {
    let folder = folder("silent");
    let volumes = [at(&folder, "/0"), at(&folder, "/1")];
    let server = Server {
        flags: &["--volume-timeout", "2"],
        ..MICROVM
    };
    passed(&boot(
        Isolation::Mpk,
        &server,
        &volumes,
        &["/", "lies", "8"],
    ))
}

/// A driver that faults takes the volumes along, and the program goes on.
fn no_drivers() -> Verdict {
    let folder = folder("no-drivers");
    let volumes = [at(&folder, "/0")];
    let words = ["/", "lies", "9"];
    let server = Server {
        flags: &["--restart-limit", "0/s,0/min"],
        ..MICROVM
    };
    let outcome = boot(Isolation::Mpk, &server, &volumes, &words);
    let said = outcome.stdout.contains("passed");
    ensure(
        outcome.status == 0 && said && outcome.faults.len() == 1,
        "errors, and one fault of the driver",
        &outcome,
    )
}

fn killed() -> Verdict {
    let (folder, other) = (folder("killed"), folder("killed-other"));
    let host = folder.clone();
    let volumes = [at(&folder, "/data"), at(&other, "/other")];
    let server = Server {
        flags: &[
            "--machine",
            "q35",
            "--volume-driver",
            "virtiofs",
            "--volume-timeout",
            "2",
        ],
        ..VIRTIOFS
    };
    let outcome = meanwhile(
        &folder,
        move || kill_server_of(&host),
        || boot(Isolation::Mpk, &server, &volumes, &["/data", "killed"]),
    )?;
    let said = outcome
        .console
        .contains("virtiofsd for the volume at /data has ended");
    passed(&outcome)?;
    ensure(said, "a word about the server", &outcome)
}

/// Kills the `virtiofsd` that serves this folder, and no other.
fn kill_server_of(folder: &Path) -> std::io::Result<()> {
    let folder = folder.canonicalize()?;
    let source = format!("source={}", folder.display());
    for process in fs::read_dir("/proc")?.flatten() {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
        let is_server = words
            .first()
            .is_some_and(|word| word.ends_with(b"virtiofsd"));
        if is_server && words.iter().any(|word| word.ends_with(source.as_bytes())) {
            let id = process.file_name();
            Command::new("kill").arg("-KILL").arg(id).status()?;
        }
    }
    Ok(())
}
