//! What servers of volumes may not do to the host's files, whoever asks.
//!
//! A guest's driver can send a server any message. So the host's kernel refuses
//! the server, by a seccomp filter, what no message may do: give a file the bits
//! setuid, setgid or sticky, write permissions that every volume masks, another
//! owner or other extended attributes (capabilities are one), and make devices. QEMU's
//! own models would not do: `none` and `passthrough` take modes as they come,
//! the mapped ones cannot show a symbolic link of the host's.
//!
//! A filter is a thread's and of what it starts, so a thread is started for it.

use std::collections::BTreeMap;
use std::env;
use std::process::{Child, Command};
use std::thread;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, sock_filter,
};

use super::Error;
use super::volume::Volume;

/// Setuid, setgid and sticky.
const SPECIAL: u32 = 0o7000;
/// All bits of a mode that say who may do what.
const PERMISSIONS: u32 = 0o777;
/// An owner that stays what it is.
const UNCHANGED: u64 = u32::MAX as u64;
/// Linux' numbers, of 6.13, which are the same everywhere.
const SYS_SETXATTRAT: i64 = 463;
const SYS_REMOVEXATTRAT: i64 = 466;
/// The bit of a system call's number that asks for x32, where the same calls
/// have other numbers. Nowhere else has a number so large.
const X32: u32 = 0x4000_0000;

/// Calls that are refused whatever their arguments are, by what they do.
// DEFENCE: host-whole-calls
const REFUSED: [&[i64]; 3] = [&DEVICES, &ATTRIBUTES_SET, &ATTRIBUTES_REMOVED];
#[cfg(target_arch = "x86_64")]
const DEVICES: [i64; 2] = [libc::SYS_mknod, libc::SYS_mknodat];
#[cfg(not(target_arch = "x86_64"))]
const DEVICES: [i64; 1] = [libc::SYS_mknodat];
const ATTRIBUTES_SET: [i64; 4] = [
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    SYS_SETXATTRAT,
];
const ATTRIBUTES_REMOVED: [i64; 4] = [
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    SYS_REMOVEXATTRAT,
];

type Failed = seccompiler::BackendError;
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Who is confined.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Server {
    /// It makes files of its own, too, and sets the mode of a guest's file
    /// once more after it has made it.
    Qemu,
    /// It makes files for the guest alone.
    Virtiofsd,
}

/// Starts `command`, which serves `volumes`, so that it cannot do to them what
/// no guest may have done. Where nothing can be written, nothing need be refused.
pub(super) fn spawn(
    server: Server,
    volumes: &[&Volume],
    command: &mut Command,
) -> Result<std::io::Result<Child>, Error> {
    if !volumes.iter().any(|volume| volume.is_writable) {
        return Ok(command.spawn());
    }
    let program = filter(server, masked_by_all(volumes));
    let program = program.map_err(|error| Error::Confine(error.to_string()))?;
    let confined = || {
        let applied = seccompiler::apply_filter(&program);
        applied.map_err(|error| Error::Confine(error.to_string()))?;
        Ok(command.spawn())
    };
    let done = thread::scope(|scope| scope.spawn(confined).join());
    done.unwrap_or_else(|_| Err(Error::Confine("a thread has died".to_owned())))
}

/// The permissions that no volume gives: a server has one filter for all.
fn masked_by_all(volumes: &[&Volume]) -> u32 {
    let writable = volumes.iter().filter(|volume| volume.is_writable);
    writable.fold(PERMISSIONS, |mask, volume| mask & volume.umask)
}

/// The program that refuses with EPERM what is not to be.
fn filter(server: Server, mask: u32) -> Result<BpfProgram, Failed> {
    let mut rules = Rules::new();
    set_modes(&mut rules, SPECIAL | mask)?;
    make_files(
        &mut rules,
        match server {
            Server::Qemu => SPECIAL,
            Server::Virtiofsd => SPECIAL | mask,
        },
    )?;
    change_owners(&mut rules)?;
    let whole = REFUSED.into_iter().flatten();
    rules.extend(whole.map(|call| (*call, Vec::new())));
    if server == Server::Qemu {
        // Its mode lies in memory, where no filter looks; QEMU does without.
        // DEFENCE: host-unseen-modes
        rules.insert(libc::SYS_openat2, Vec::new());
    }
    let refuse = SeccompAction::Errno(libc::EPERM as u32);
    let arch = env::consts::ARCH.try_into()?;
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch)?;
    let known: BpfProgram = filter.try_into()?;
    // DEFENCE: host-x32
    Ok([&refuse_x32()[..], &known].concat())
}

/// What comes before the rules, which know calls by their usual numbers.
fn refuse_x32() -> [sock_filter; 3] {
    let instruction = |code: u32, skipped, k| sock_filter {
        code: code as u16,
        jt: 0,
        jf: skipped,
        k,
    };
    // The number is the first word of what a filter sees.
    [
        instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0),
        instruction(libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K, 1, X32),
        instruction(
            libc::BPF_RET | libc::BPF_K,
            0,
            libc::SECCOMP_RET_ERRNO | libc::EPERM as u32,
        ),
    ]
}

/// Calls that set modes, with the place of the mode among the arguments.
fn set_modes(rules: &mut Rules, denied: u32) -> Result<(), Failed> {
    // DEFENCE: host-modes
    let everywhere = [
        (libc::SYS_fchmod, 1),
        (libc::SYS_fchmodat, 2),
        (libc::SYS_fchmodat2, 2),
        (libc::SYS_mkdirat, 2),
    ];
    #[cfg(target_arch = "x86_64")]
    let old = [(libc::SYS_chmod, 1), (libc::SYS_mkdir, 1)];
    #[cfg(not(target_arch = "x86_64"))]
    let old = [];
    for (call, mode) in everywhere.into_iter().chain(old) {
        let denied = bits(denied).map(|bit| SeccompRule::new(vec![has(mode, bit)?]));
        rules.insert(call, denied.collect::<Result<_, _>>()?);
    }
    Ok(())
}

/// Calls that open files and may make them, with the places of flags and mode.
fn make_files(rules: &mut Rules, denied: u32) -> Result<(), Failed> {
    // A file without a name has this bit, and others.
    const NAMELESS: u32 = libc::O_TMPFILE as u32 & !(libc::O_DIRECTORY as u32);
    const CREATE: u32 = libc::O_CREAT as u32;
    // DEFENCE: host-new-modes
    let everywhere = [(libc::SYS_openat, 2, 3)];
    #[cfg(target_arch = "x86_64")]
    let old = [(libc::SYS_open, 1, 2)];
    #[cfg(not(target_arch = "x86_64"))]
    let old = [];
    for (call, flags, mode) in everywhere.into_iter().chain(old) {
        let mut all = Vec::new();
        for bit in bits(denied) {
            for flag in [CREATE, NAMELESS] {
                all.push(SeccompRule::new(vec![has(flags, flag)?, has(mode, bit)?])?);
            }
        }
        rules.insert(call, all);
    }
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_creat, Vec::new());
    Ok(())
}

/// Calls that change owners, with the place of the user; the group follows.
fn change_owners(rules: &mut Rules) -> Result<(), Failed> {
    // DEFENCE: host-owners
    let everywhere = [(libc::SYS_fchown, 1), (libc::SYS_fchownat, 2)];
    #[cfg(target_arch = "x86_64")]
    let old = [(libc::SYS_chown, 1), (libc::SYS_lchown, 1)];
    #[cfg(not(target_arch = "x86_64"))]
    let old = [];
    for (call, user) in everywhere.into_iter().chain(old) {
        let changes = |place| {
            let is_other = SeccompCmpOp::Ne;
            let condition =
                SeccompCondition::new(place, SeccompCmpArgLen::Dword, is_other, UNCHANGED)?;
            SeccompRule::new(vec![condition])
        };
        rules.insert(call, vec![changes(user)?, changes(user + 1)?]);
    }
    Ok(())
}

/// Whether the argument at `place` has `bit`.
fn has(place: u8, bit: u32) -> Result<SeccompCondition, Failed> {
    let bit = u64::from(bit);
    let is_set = SeccompCmpOp::MaskedEq(bit);
    SeccompCondition::new(place, SeccompCmpArgLen::Dword, is_set, bit)
}

/// The bits of a mode, one by one.
fn bits(mode: u32) -> impl Iterator<Item = u32> {
    let all = (0..12).map(|place| 1 << place);
    all.filter(move |bit| mode & bit != 0)
}

#[cfg(test)]
mod judged;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::path::Path;
    use std::process::Stdio;

    use super::*;

    /// Has a shell do `script` in an empty folder as a server of a volume with
    /// this mask; whether it could, and the mode of `f` afterwards.
    fn confined(server: Server, umask: &str, script: &str) -> (bool, u32) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("f");
        fs::write(&file, "").expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("it is ours");
        let volume = format!("{}:/v:umask={umask}", folder.path().display());
        let volume: Volume = volume.parse().expect("a volume");
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("umask 0; {script}")]);
        shell.current_dir(folder.path()).stderr(Stdio::null());
        let child = spawn(server, &[&volume], &mut shell).expect("seccomp");
        let status = child.expect("a shell").wait().expect("it ends");
        (status.success(), mode(&file))
    }

    fn mode(file: &Path) -> u32 {
        fs::metadata(file).map_or(0, |known| known.mode() & 0o7777)
    }

    #[test]
    fn nobody_sets_the_bits_of_others() {
        use Server::{Qemu, Virtiofsd};
        for server in [Qemu, Virtiofsd] {
            for script in [
                "chmod 4700 f",
                "chmod 2700 f",
                "chmod 1700 f",
                "chmod 620 f",
            ] {
                assert_eq!(confined(server, "022", script), (false, 0o600), "{script}");
            }
            assert_eq!(confined(server, "022", "chmod 755 f"), (true, 0o755));
            assert_eq!(confined(server, "000", "chmod 777 f"), (true, 0o777));
            assert_eq!(confined(server, "000", "chmod 4777 f"), (false, 0o600));
            assert!(!confined(server, "022", "mkdir -m 1755 d").0);
            assert!(confined(server, "022", "mkdir -m 755 d").0);
        }
    }

    #[test]
    fn nobody_gives_files_away_or_makes_devices() {
        for script in ["chown 1:1 f", "chgrp 1 f", "mknod c c 1 3", "mkfifo p"] {
            assert!(!confined(Server::Qemu, "022", script).0, "{script}");
        }
    }

    /// What the filter says to a call without arguments.
    fn answer(server: Server, call: i64) -> u32 {
        judged::answer(&filter(server, 0o022).expect("a filter"), call)
    }

    #[test]
    fn every_call_of_every_family_is_refused() {
        let families = [
            &[libc::SYS_mknodat][..],
            &[
                libc::SYS_setxattr,
                libc::SYS_lsetxattr,
                libc::SYS_fsetxattr,
                463,
            ],
            &[
                libc::SYS_removexattr,
                libc::SYS_lremovexattr,
                libc::SYS_fremovexattr,
                466,
            ],
        ];
        for server in [Server::Qemu, Server::Virtiofsd] {
            for call in families.into_iter().chain(REFUSED).flatten() {
                assert_eq!(answer(server, *call), judged::REFUSED, "{call}");
            }
            assert_eq!(answer(server, libc::SYS_getppid), judged::ALLOWED);
        }
    }

    #[test]
    fn qemu_makes_no_file_with_a_mode_that_no_filter_sees() {
        assert_eq!(answer(Server::Qemu, libc::SYS_openat2), judged::REFUSED);
        // This one does not do without the call.
        assert_eq!(
            answer(Server::Virtiofsd, libc::SYS_openat2),
            judged::ALLOWED
        );
    }

    #[test]
    fn no_call_goes_by_its_other_number() {
        for call in [libc::SYS_fchmod, libc::SYS_setxattr, libc::SYS_getppid] {
            let other = call | i64::from(X32);
            assert_eq!(answer(Server::Qemu, other), judged::REFUSED, "{call}");
        }
    }

    #[test]
    fn a_server_makes_no_file_that_others_may_write() {
        // A shell makes files that everybody may write.
        assert!(!confined(Server::Virtiofsd, "022", ": > new").0);
        assert!(confined(Server::Virtiofsd, "000", ": > new").0);
        assert!(confined(Server::Qemu, "022", ": > new").0);
    }

    #[test]
    fn what_is_only_read_needs_no_filter() {
        let volume: Volume = "/:/v:ro".parse().expect("a volume");
        let mut command = Command::new("grep");
        command.args(["-q", "^Seccomp:.*0$", "/proc/self/status"]);
        let before = command.status().expect("grep").success();
        let child = spawn(Server::Qemu, &[&volume], &mut command).expect("no filter");
        let status = child.expect("grep").wait().expect("it ends");
        assert_eq!(status.success(), before);
    }

    #[test]
    fn one_filter_is_for_all_volumes() {
        let volume = |text: &str| text.parse::<Volume>().expect(text);
        let (usual, open, closed) =
            (volume("/:/a"), volume("/:/b:umask=002"), volume("/:/c:ro"));
        assert_eq!(masked_by_all(&[&usual]), 0o022);
        assert_eq!(masked_by_all(&[&usual, &open]), 0o002);
        assert_eq!(masked_by_all(&[&usual, &closed]), 0o022);
    }
}
