//! Volumes whose cell is started anew, again and again.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use domains::Isolation;
use libtest_mimic::Trial;
use tests::boot::Outcome;

use super::{
    MICROVM, Q35, Server, VIRTIOFS, VIRTIOFS_ON_MICROVM, at, boot, folder, meanwhile, passed,
};
use crate::{Verdict, ensure, long, trial};

const ON_TWO: Server = Server {
    name: "9p_on_microvm_with_2",
    flags: &["--machine", "microvm", "-c", "2"],
};

pub(super) fn by_ninep() -> Vec<Trial> {
    let mut trials = both(MICROVM);
    trials.extend(both(Q35).into_iter().map(long));
    for server in [MICROVM, ON_TWO] {
        trials.push(checked(server, "restarts-of-names", nothing));
    }
    trials.push(checked(ON_TWO, "restarts", same_content));
    trials.push(trial("volumes::restarts_have_an_end".into(), too_many));
    trials
}

pub(super) fn by_virtiofs() -> Vec<Trial> {
    let mut trials = both(VIRTIOFS);
    trials.extend(both(VIRTIOFS_ON_MICROVM).into_iter().map(long));
    trials
}

/// What holds whatever the server speaks.
fn both(server: Server) -> Vec<Trial> {
    vec![
        checked(server, "restarts", same_content),
        checked(server, "restarts-unlinked", nothing),
        trial(
            format!("volumes::{}::restarts_find_no_other_file", server.name),
            move || renamed(&server),
        ),
    ]
}

/// A trial of the guest's own checks, and of what they leave in the folder.
fn checked(server: Server, what: &'static str, left: fn(&Path) -> Verdict) -> Trial {
    let name = what.replace('-', "_");
    trial(format!("volumes::{}::{name}", server.name), move || {
        let folder = folder(&format!("{what}-{}", server.name));
        let volumes = [at(&folder, "/data")];
        let outcome = boot(Isolation::Mpk, &server, &volumes, &["/data", what]);
        passed(&outcome)?;
        has_failed(&outcome)?;
        left(&folder)?;
        Ok(fs::remove_dir_all(&folder)?)
    })
}

/// The trial is none if the cell was not started anew for each of its faults.
fn has_failed(outcome: &Outcome) -> Verdict {
    let restarts = outcome.restarts.len();
    let holds = restarts > 0 && restarts == outcome.faults.len();
    ensure(holds, "a new start for each fault", outcome)
}

fn too_many() -> Verdict {
    let volumes = [at(&folder("restarts-too-many"), "/data")];
    let words = ["/data", "restarts-too-many"];
    let outcome = boot(Isolation::Mpk, &ON_TWO, &volumes, &words);
    passed(&outcome)?;
    let is_given_up = outcome
        .console
        .contains("`hostfs` failed too often and is given up");
    ensure(is_given_up, "a word of it", &outcome)
}

fn nothing(_: &Path) -> Verdict {
    Ok(())
}

/// The host has the same, with and without faults.
fn same_content(folder: &Path) -> Verdict {
    let calm = content(&folder.join("calm/inner"))?;
    for other in ["between/inner", "meanwhile/inner"] {
        let is_same = content(&folder.join(other))? == calm;
        ensure(is_same, "the content of the calm folder", &other)?;
    }
    ensure(calm.len() == 41, "all files", &calm.keys())
}

fn content(folder: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let read = |entry: io::Result<fs::DirEntry>| {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        Ok((name, fs::read(entry.path())?))
    };
    fs::read_dir(folder)?.map(read).collect()
}

fn renamed(server: &Server) -> Verdict {
    let folder = folder(&format!("restarts-renamed-{}", server.name));
    let host = folder.clone();
    let rename = move || {
        fs::rename(host.join("mine"), host.join("moved"))?;
        fs::rename(host.join("other"), host.join("mine"))?;
        fs::write(host.join("go"), "")
    };
    let volumes = [at(&folder, "/data")];
    let outcome = meanwhile(&folder, rename, || {
        boot(
            Isolation::Mpk,
            server,
            &volumes,
            &["/data", "restarts-renamed"],
        )
    })?;
    passed(&outcome)?;
    has_failed(&outcome)
}
