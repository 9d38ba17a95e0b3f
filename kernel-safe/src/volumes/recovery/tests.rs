//! Courses of a program on a played server that is started anew in between.

mod program;

use alloc::string::String;
use alloc::vec::Vec;

use self::program::{BOTH, Program, Told};
use super::*;
use crate::files::path::PATH_MAX;
use crate::files::system::{FileSystem, NodeId};
use crate::volumes::played::host::{Host, ROOT};
use crate::volumes::played::{Fate, Played, Speaker, fuse, ninep};
use crate::volumes::{fuse as by_fuse, ninep as by_ninep};

/// What a course of a program comes to, the host after it, and how many messages it
/// took.
type End = (Told, Host, usize);

fn run(volume: &dyn FileSystem) -> Told {
    let mut program = Program::new(volume);
    let end = program.go();
    program.note("end", end);
    program.told
}

fn ninep(restarts: &[(usize, Fate)]) -> End {
    let line = Played::new(ninep::Server::new(Host::new()), restarts);
    let told = run(&by_ninep::Volume::new(line.clone()));
    let world = line.0.lock();
    let fids: Vec<_> = world.server.fids.keys().collect();
    assert!(fids.iter().all(|fid| **fid == 0), "left: {fids:?}");
    (told, world.server.host.clone(), world.messages)
}

fn fuse(restarts: &[(usize, Fate)]) -> End {
    let line = Played::new(fuse::Server::new(Host::new()), restarts);
    let told = run(&by_fuse::Volume::new(line.clone()));
    let world = line.0.lock();
    assert!(world.server.handles.is_empty(), "something is left open");
    assert!(world.server.nodes.len() <= 1, "something is not forgotten");
    (told, world.server.host.clone(), world.messages)
}

/// What a program sees and leaves does not depend on restarts at `place`, and at
/// places behind it, where files are being found again.
fn same_with(run: fn(&[(usize, Fate)]) -> End, fates: &[Fate]) {
    let (told, host, messages) = run(&[]);
    assert!(told.iter().all(|step| !step.contains("Device")), "{told:?}");
    for place in 0..messages {
        for fate in fates {
            for next in [None, Some(1), Some(2), Some(3), Some(5), Some(8)] {
                let more = next.map(|next| (place + next, *fate));
                let restarts: Vec<_> = [(place, *fate)].into_iter().chain(more).collect();
                let (now, left, _) = run(&restarts);
                assert_eq!(now, told, "{restarts:?}");
                assert_eq!(left, host, "{restarts:?}");
            }
        }
    }
}

#[test]
fn by_9p_a_restart_at_any_message_is_not_seen() {
    same_with(ninep, &[Fate::Unsent, Fate::Undone, Fate::Answered]);
}

#[test]
fn by_fuse_a_restart_at_any_message_with_a_reply_is_not_seen() {
    same_with(fuse, &[Fate::Unsent, Fate::Answered]);
}

/// It may have been done or not: then it is an error, if once more would not be the
/// same, and never done twice.
#[test]
fn by_fuse_what_may_be_done_is_done_once() {
    let (told, host, messages) = fuse(&[]);
    let steps = ["mkdir", "create", "remove", "twice"];
    let mut errors = 0;
    for place in 0..messages {
        for fate in [Fate::Undone, Fate::Silent] {
            let (now, left, _) = fuse(&[(place, fate)]);
            let other = now.iter().zip(&told).find(|(now, told)| now != told);
            let Some((now, _)) = other else {
                assert_eq!(left, host);
                continue;
            };
            errors += 1;
            let step = now.split(':').next().unwrap_or_default();
            assert!(
                now.ends_with("Err(Device)") && steps.contains(&step),
                "{now}"
            );
            assert!(left.changes <= host.changes);
        }
    }
    assert!(errors >= 2 * 6, "{errors}");
}

/// Restarts without end: everything is an error, and everything comes to its end.
#[test]
fn a_cell_that_fails_at_every_message_is_an_error() {
    for run in [ninep, fuse] {
        let restarts: Vec<_> = (0..5000).map(|place| (place, Fate::Undone)).collect();
        let (told, ..) = run(&restarts);
        assert_eq!(told, ["end: Err(Device)"]);
    }
}

/// What is read of an open file after the guest did something, the cell was started
/// anew, and host and guest did something more.
fn read_after<S: Speaker>(
    line: &Played<S>,
    volume: &dyn FileSystem,
    before: fn(&dyn FileSystem, NodeId),
    host: fn(&mut Host),
    after: fn(&dyn FileSystem, NodeId),
) -> String {
    let root = volume.root().expect("a root");
    let mut program = Program::new(volume);
    let file = program.two_files(root);
    before(volume, root);
    line.0.lock().restart();
    host(line.0.lock().server.host());
    after(volume, root);
    program.told.clear();
    program.read(file, 0);
    program.told.remove(0)
}

/// The same by both languages.
fn both_read(
    before: fn(&dyn FileSystem, NodeId),
    host: fn(&mut Host),
    after: fn(&dyn FileSystem, NodeId),
) -> String {
    let line = Played::new(ninep::Server::new(Host::new()), &[]);
    let volume = by_ninep::Volume::new(line.clone());
    let read = read_after(&line, &volume, before, host, after);
    let line = Played::new(fuse::Server::new(Host::new()), &[]);
    let volume = by_fuse::Volume::new(line.clone());
    assert_eq!(read_after(&line, &volume, before, host, after), read);
    read
}

const FILE: (u64, &[u8]) = (ROOT, b"file");
const LOST: &str = "read: Err(Device)";

fn name((directory, name): (u64, &[u8])) -> (u64, Vec<u8>) {
    (directory, name.to_vec())
}

#[test]
fn what_stands_where_it_was_is_found_again() {
    assert_eq!(
        both_read(|_, _| {}, |_| {}, |_, _| {}),
        "read: Ok(\"mine\")"
    );
}

#[test]
fn another_file_of_that_name_is_never_taken_for_it() {
    let replace = |host: &mut Host| {
        let other = host.find(ROOT, b"other").expect("it is there");
        host.names.insert(name(FILE), other);
    };
    assert_eq!(both_read(|_, _| {}, replace, |_, _| {}), LOST);
    let go = |host: &mut Host| host.remove(ROOT, b"file").expect("it is there");
    assert_eq!(both_read(|_, _| {}, go, |_, _| {}), LOST);
    let become_directory = |host: &mut Host| {
        let inode = host.find(ROOT, b"file").expect("it is there");
        host.files.insert(inode, None);
    };
    assert_eq!(both_read(|_, _| {}, become_directory, |_, _| {}), LOST);
}

/// The host gives the inode of the removed file to the next one.
#[test]
fn what_the_guest_removed_is_not_what_it_made_then() {
    let remove = |volume: &dyn FileSystem, root| {
        volume.remove_file(root, b"file").expect("it is there");
    };
    let make = |volume: &dyn FileSystem, root| {
        volume
            .create(root, b"file", 0o644, BOTH)
            .expect("it is free");
    };
    assert_eq!(both_read(remove, |_| {}, make), LOST);
    assert_eq!(both_read(remove, |_| {}, |_, _| {}), LOST);
    let both = |volume: &dyn FileSystem, root| {
        volume.remove_file(root, b"file").expect("it is there");
        volume
            .create(root, b"file", 0o644, BOTH)
            .expect("it is free");
    };
    assert_eq!(both_read(|_, _| {}, |_| {}, both), LOST);
}

/// A file below a directory that was removed is not looked for; what has a longer
/// name, or was not removed after all, is.
#[test]
fn a_removal_is_about_its_name_and_what_lies_below() {
    let origins = Origins::new();
    origins.note(0, Origin::root(0)).expect("memory");
    let paths: [&[&[u8]]; 4] = [&[b"a"], &[b"a", b"b"], &[b"ab"], &[b"b", b"a"]];
    for (number, path) in (1..).zip(paths) {
        let mut origin = Origin::root(0);
        for name in path {
            origin = origin.child(name).expect("memory");
        }
        origins.note(number, origin).expect("memory");
    }
    let found = || {
        let ensure = |number: &u64| origins.ensure(*number, 1, |_| Err(Trouble::Unsent));
        let lost = Err(Trouble::Failed(Errno::Device));
        (1..5)
            .filter(|number| ensure(number) != lost)
            .collect::<Vec<_>>()
    };
    let removal = origins.remove(0, b"a").expect("memory");
    assert_eq!(found(), [3, 4]);
    assert_eq!(
        origins.judge(removal, Err(Errno::NotEmpty)),
        Err(Errno::NotEmpty)
    );
    assert_eq!(found(), [1, 2, 3, 4]);
    let removal = origins.remove(0, b"a").expect("memory");
    assert_eq!(
        origins.judge(removal, Err(Errno::Device)),
        Err(Errno::Device)
    );
    assert_eq!(found(), [3, 4]);
    let removal = origins.remove(0, b"b").expect("memory");
    let absent = Err(Errno::NotFound);
    assert_eq!(origins.judge(removal, absent), absent);
    assert_eq!(found(), [3]);
}

/// Nobody knows whether the file was found before its name was removed or after.
#[test]
fn what_is_removed_while_it_is_found_is_lost() {
    let origins = Origins::new();
    origins.note(0, Origin::root(0)).expect("memory");
    let file = Origin::root(0).child(b"a").expect("memory");
    origins.note(1, file).expect("memory");
    let found = origins.ensure(1, 1, |_| Ok(origins.remove(0, b"a").map(|_| ())?));
    let lost = Err(Trouble::Failed(Errno::Device));
    assert_eq!(found, lost);
    assert_eq!(origins.ensure(1, 1, |_| Ok(())), lost);
    assert_eq!(origins.ensure(1, 2, |_| Ok(())), lost);
}

/// What a server says of a name is no news of the file; that memory is short is.
#[test]
fn why_a_file_is_not_found_is_not_told() {
    let origins = Origins::new();
    origins.note(1, Origin::root(0)).expect("memory");
    let ensure = |trouble| origins.ensure(1, 1, |_| Err(trouble));
    for (found, told) in [
        (
            Trouble::Failed(Errno::Denied),
            Trouble::Failed(Errno::Device),
        ),
        (
            Trouble::Failed(Errno::NotFound),
            Trouble::Failed(Errno::Device),
        ),
        (
            Trouble::Failed(Errno::NoMemory),
            Trouble::Failed(Errno::NoMemory),
        ),
        (Trouble::Unanswered, Trouble::Unsent),
    ] {
        assert_eq!(ensure(found), Err(told), "{found:?}");
    }
    assert_eq!(
        origins.ensure(2, 1, |_| Ok(())),
        Err(Trouble::Failed(Errno::Invalid))
    );
}

#[test]
fn names_have_an_end() {
    let mut origin = Origin::root(0);
    let name = [b'x'; 255];
    for _ in 0..PATH_MAX / 256 {
        origin = origin.child(&name).expect("it is short");
    }
    assert_eq!(origin.child(b"x"), Err(Errno::NameTooLong));
    assert_eq!(origin.names().count(), PATH_MAX / 256);
}

/// The first words of a session can always be said again.
#[test]
fn by_fuse_a_restart_while_a_session_begins_is_not_seen() {
    let (told, host, messages) = fuse(&[]);
    for place in 0..messages {
        let (now, left, _) = fuse(&[(place, Fate::Unsent), (place + 1, Fate::Undone)]);
        assert_eq!((now, left), (told.clone(), host.clone()), "{place}");
    }
}

/// A file that was opened by nobody is found again by its name alone.
fn metadata_after<S: Speaker>(line: &Played<S>, volume: &dyn FileSystem) -> Result<u64, Errno> {
    let root = volume.root().expect("a root");
    let mut program = Program::new(volume);
    program.create(root, "other");
    let file = program.create(root, "file");
    volume.release(file);
    let file = volume.lookup(root, b"file").expect("it is there").node;
    line.0.lock().restart();
    swap_in(line, b"other");
    volume.metadata(file).map(|it| it.size)
}

/// Has the host put another file in the place of the program's; which was there.
fn swap_in<S: Speaker>(line: &Played<S>, other: &[u8]) -> u64 {
    let mut world = line.0.lock();
    let host = world.server.host();
    let other = host.find(ROOT, other).expect("it is there");
    put(host, other)
}

/// Puts a file in the place of the program's; which was there.
fn put(host: &mut Host, file: u64) -> u64 {
    let own = host.find(ROOT, b"file").expect("it is there");
    host.names.insert(name(FILE), file);
    own
}

#[test]
fn another_file_is_not_taken_for_one_that_is_not_open() {
    let line = Played::new(ninep::Server::new(Host::new()), &[]);
    let volume = by_ninep::Volume::new(line.clone());
    assert_eq!(metadata_after(&line, &volume), Err(Errno::Device));
    let line = Played::new(fuse::Server::new(Host::new()), &[]);
    let volume = by_fuse::Volume::new(line.clone());
    assert_eq!(metadata_after(&line, &volume), Err(Errno::Device));
}

/// A file that stands at its place again is found again.
fn read_back<S: Speaker>(line: &Played<S>, volume: &dyn FileSystem) -> Vec<String> {
    let root = volume.root().expect("a root");
    let mut program = Program::new(volume);
    let file = program.two_files(root);
    line.0.lock().restart();
    let own = swap_in(line, b"other");
    program.told.clear();
    program.read(file, 0);
    put(line.0.lock().server.host(), own);
    program.read(file, 0);
    program.told
}

#[test]
fn what_stands_there_again_is_found_again() {
    let back = [LOST, "read: Ok(\"mine\")"];
    let line = Played::new(ninep::Server::new(Host::new()), &[]);
    assert_eq!(read_back(&line, &by_ninep::Volume::new(line.clone())), back);
    let line = Played::new(fuse::Server::new(Host::new()), &[]);
    assert_eq!(read_back(&line, &by_fuse::Volume::new(line.clone())), back);
    assert!(
        line.0.lock().server.nodes.len() <= 3,
        "what was found in vain is forgotten"
    );
}

/// It may be what goes: its number is the file's that was there, and the name is free.
#[test]
fn what_was_found_while_its_name_went_is_not_looked_for_again() {
    let origins = Origins::new();
    origins.note(0, Origin::root(0)).expect("memory");
    origins
        .note(1, origins.child(0, b"a").expect("memory"))
        .expect("memory");
    let opened = origins.of(1).expect("memory").opened(0, BOTH);
    let removal = origins.remove(0, b"a").expect("memory");
    let found = origins.child(0, b"a").expect("memory");
    origins.note(2, found).expect("memory");
    origins.judge(removal, Ok(())).expect("it went");
    origins.note(3, opened).expect("memory");
    let ensure = |number| origins.ensure(number, 1, |_| Ok(()));
    let lost = Err(Trouble::Failed(Errno::Device));
    assert_eq!([1, 2, 3].map(ensure), [lost; 3]);
    let another = origins.child(0, b"a").expect("memory");
    origins.note(4, another).expect("memory");
    assert_eq!(ensure(4), Ok(()), "it was found later");
}

#[test]
fn what_was_found_while_its_removal_was_refused_is_there() {
    let origins = Origins::new();
    origins.note(0, Origin::root(0)).expect("memory");
    let removal = origins.remove(0, b"a").expect("memory");
    let found = origins.child(0, b"a").expect("memory");
    origins.note(1, found).expect("memory");
    assert_eq!(
        origins.judge(removal, Err(Errno::NotEmpty)),
        Err(Errno::NotEmpty)
    );
    assert_eq!(origins.ensure(1, 1, |_| Ok(())), Ok(()));
}

/// How often something is asked that brings `trouble` at first.
fn asked(repeat: Repeat, trouble: Trouble) -> (u32, Result<(), Errno>) {
    let mut count = 0;
    let done = steadily(repeat, || {
        count += 1;
        if count == 1 { Err(trouble) } else { Ok(()) }
    });
    (count, done)
}

#[test]
fn what_may_have_been_done_is_repeated_only_if_that_does_no_harm() {
    let lost = Err(Errno::Device);
    for (repeat, unanswered, garbled) in [
        (Repeat::Freely, (2, Ok(())), (2, Ok(()))),
        (Repeat::Undone, (2, Ok(())), (1, lost)),
        (Repeat::Never, (1, lost), (1, lost)),
    ] {
        assert_eq!(asked(repeat, Trouble::Unsent), (2, Ok(())));
        assert_eq!(asked(repeat, Trouble::Unanswered), unanswered);
        assert_eq!(asked(repeat, Trouble::Garbled), garbled);
    }
}
