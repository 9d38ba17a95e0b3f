//! The file system in memory against a model, and where it ends.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use domains::archive::{Header, MAGIC, Record, kind};
use proptest::prelude::*;
use zerocopy::IntoBytes;

use super::*;
use crate::files::system::Dirent;

const READ_WRITE: Access = Access {
    read: true,
    write: true,
};
const READ: Access = Access {
    read: true,
    write: false,
};
const ROOT: NodeId = NodeId(0);

/// A file system with the files of `archive`.
pub(in crate::files) fn memory(limit: fn() -> u64, archive: &[u8]) -> Memory {
    let memory = Memory::new(limit, || 77);
    let archive = Box::leak(archive.to_vec().into_boxed_slice());
    memory.build(archive).expect("there is memory");
    memory
}

fn large() -> Memory {
    memory(|| 1 << 24, &[])
}

fn names(memory: &Memory, directory: NodeId) -> Vec<Vec<u8>> {
    struct All(Vec<Vec<u8>>);
    impl Entries for All {
        fn add(&mut self, entry: &Dirent<'_>) -> Result<(), Errno> {
            self.0.push(entry.name.to_vec());
            Ok(())
        }
    }
    let (mut all, mut cookie) = (All(Vec::new()), Some(0));
    while let Some(from) = cookie {
        let listed = memory.list(directory, from, &mut all);
        cookie = listed.expect("a directory");
    }
    all.0.sort();
    all.0
}

fn content(memory: &Memory, file: NodeId) -> Vec<u8> {
    let mut buffer = vec![0; 100];
    let read = memory.read(file, 0, &mut &mut buffer[..]).expect("a file");
    buffer.truncate(read);
    buffer
}

/// What a model knows of a name.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Model {
    File(Vec<u8>),
    Directory(BTreeMap<Vec<u8>, Model>),
}

#[derive(Clone, Debug)]
enum Step {
    Create(Vec<u8>),
    MakeDirectory(Vec<u8>),
    RemoveFile(Vec<u8>),
    RemoveDirectory(Vec<u8>),
    Append(Vec<u8>, u8),
}

fn step() -> impl Strategy<Value = Step> {
    let path = || "[ab](/[ab]){0,2}".prop_map(String::into_bytes);
    prop_oneof![
        path().prop_map(Step::Create),
        path().prop_map(Step::MakeDirectory),
        path().prop_map(Step::RemoveFile),
        path().prop_map(Step::RemoveDirectory),
        (path(), any::<u8>()).prop_map(|(path, byte)| Step::Append(path, byte)),
    ]
}

fn walk<'m>(
    model: &'m mut BTreeMap<Vec<u8>, Model>,
    directory: &[u8],
) -> Result<&'m mut BTreeMap<Vec<u8>, Model>, Errno> {
    let names = directory.split(|byte| *byte == b'/');
    names
        .filter(|name| !name.is_empty())
        .try_fold(model, |model, name| match model.get_mut(name) {
            None => Err(Errno::NotFound),
            Some(Model::File(_)) => Err(Errno::NotDirectory),
            Some(Model::Directory(names)) => Ok(names),
        })
}

fn in_model(model: &mut BTreeMap<Vec<u8>, Model>, step: &Step) -> Result<(), Errno> {
    let (Step::Create(path)
    | Step::MakeDirectory(path)
    | Step::RemoveFile(path)
    | Step::RemoveDirectory(path)
    | Step::Append(path, _)) = step;
    let split = crate::files::path::split(path);
    let names = walk(model, split.directory)?;
    let name = split.name.expect("a path has a name");
    match (step, names.get_mut(name)) {
        (Step::Create(_) | Step::MakeDirectory(_), Some(_)) => Err(Errno::Exists),
        (Step::Create(_), None) => {
            names.insert(name.to_vec(), Model::File(Vec::new()));
            Ok(())
        }
        (Step::MakeDirectory(_), None) => {
            names.insert(name.to_vec(), Model::Directory(BTreeMap::new()));
            Ok(())
        }
        (_, None) => Err(Errno::NotFound),
        (Step::RemoveFile(_) | Step::Append(..), Some(Model::Directory(_))) => {
            Err(Errno::IsDirectory)
        }
        (Step::RemoveDirectory(_), Some(Model::File(_))) => Err(Errno::NotDirectory),
        (Step::RemoveDirectory(_), Some(Model::Directory(inner))) if !inner.is_empty() => {
            Err(Errno::NotEmpty)
        }
        (Step::RemoveFile(_) | Step::RemoveDirectory(_), Some(_)) => {
            names.remove(name);
            Ok(())
        }
        (Step::Append(_, byte), Some(Model::File(bytes))) => {
            bytes.push(*byte);
            Ok(())
        }
    }
}

fn in_memory(memory: &Memory, step: &Step) -> Result<(), Errno> {
    let (Step::Create(path)
    | Step::MakeDirectory(path)
    | Step::RemoveFile(path)
    | Step::RemoveDirectory(path)
    | Step::Append(path, _)) = step;
    let split = crate::files::path::split(path);
    let name = split.name.expect("a path has a name");
    let mut directory = memory.root()?;
    for part in split.directory.split(|byte| *byte == b'/') {
        if !part.is_empty() {
            let found = memory.lookup(directory, part);
            memory.release(directory);
            directory = found?.node;
        }
    }
    let done = match step {
        Step::Create(_) => memory
            .create(directory, name, 0o644, READ_WRITE)
            .map(|file| memory.release(file)),
        Step::MakeDirectory(_) => memory.make_directory(directory, name, 0o755),
        Step::RemoveFile(_) => memory.remove_file(directory, name),
        Step::RemoveDirectory(_) => memory.remove_directory(directory, name),
        Step::Append(_, byte) => memory.lookup(directory, name).and_then(|found| {
            let done = memory.append(found.node, &&[*byte][..]).map(|_| ());
            memory.release(found.node);
            done
        }),
    };
    memory.release(directory);
    done
}

/// Compares everything below a directory, and removes it on the way.
fn compare(memory: &Memory, directory: NodeId, model: &BTreeMap<Vec<u8>, Model>) {
    assert_eq!(
        names(memory, directory),
        model.keys().cloned().collect::<Vec<_>>()
    );
    for (name, model) in model {
        let found = memory.lookup(directory, name).expect("it is listed");
        match model {
            Model::File(bytes) => {
                assert_eq!(&content(memory, found.node), bytes);
                assert_eq!(memory.remove_file(directory, name), Ok(()));
            }
            Model::Directory(inner) => {
                let links = memory.metadata(found.node).expect("it is held").links;
                let directories = inner
                    .values()
                    .filter(|model| matches!(model, Model::Directory(_)));
                assert_eq!(links, 2 + directories.count() as u64);
                compare(memory, found.node, inner);
                assert_eq!(memory.remove_directory(directory, name), Ok(()));
            }
        }
        memory.release(found.node);
    }
}

proptest! {
    #[test]
    fn files_and_directories_are_a_tree(steps in proptest::collection::vec(step(), 0..120)) {
        let memory = Memory::new(|| 1 << 24, || 77);
        memory.make(Content::Directory(Names::default()), 0o755, 1, 0).expect("memory");
        let before = memory.room.used();
        let mut model = BTreeMap::new();
        for step in &steps {
            prop_assert_eq!(in_memory(&memory, step), in_model(&mut model, step), "{:?}", step);
        }
        compare(&memory, ROOT, &model);
        prop_assert_eq!(memory.room.used(), before, "all room came back");
    }
}

#[test]
fn a_program_finds_what_it_expects() {
    let memory = large();
    assert_eq!(names(&memory, ROOT), [&b"dev"[..], b"proc", b"tmp"]);
    let proc = memory.lookup(ROOT, b"proc").expect("it was made");
    let version = memory.lookup(proc.node, b"version").expect("it was made");
    assert!(content(&memory, version.node).starts_with(b"Cloister"));
    assert_eq!(memory.open(version.node, READ_WRITE), Err(Errno::ReadOnly));
    assert_eq!(memory.open(version.node, READ), Ok(version.node));
    assert_eq!(memory.build(&[]), Ok(()), "a second time changes nothing");
}

#[test]
fn a_file_without_a_name_lives_while_it_is_held() {
    let memory = large();
    let file = memory
        .create(ROOT, b"f", 0o600, READ_WRITE)
        .expect("memory");
    let used = memory.room.used();
    assert_eq!(memory.write(file, 0, &&b"abc"[..]), Ok(3));
    assert_eq!(memory.remove_file(ROOT, b"f"), Ok(()));
    assert_eq!(memory.lookup(ROOT, b"f"), Err(Errno::NotFound));
    assert_eq!(content(&memory, file), b"abc");
    assert_eq!(memory.metadata(file).map(|metadata| metadata.links), Ok(0));
    memory.release(file);
    assert!(memory.room.used() < used);
}

#[test]
fn a_directory_that_was_removed_takes_no_names() {
    let memory = large();
    assert_eq!(memory.make_directory(ROOT, b"d", 0o755), Ok(()));
    let directory = memory.lookup(ROOT, b"d").expect("it was made").node;
    assert_eq!(memory.remove_directory(ROOT, b"d"), Ok(()));
    let made = memory.create(directory, b"f", 0o600, READ_WRITE);
    assert_eq!(made, Err(Errno::NotFound));
    assert!(names(&memory, directory).is_empty());
}

#[test]
fn a_full_file_system_says_so_and_recovers() {
    let memory = memory(|| 40_000, &[]);
    let file = memory.create(ROOT, b"f", 0o600, READ_WRITE).expect("room");
    let bytes = vec![1; 100_000];
    let written = memory.write(file, 0, &&bytes[..]).expect("some room");
    assert!(written < bytes.len());
    let again = memory.write(file, written as u64, &&bytes[..]);
    assert_eq!(again, Err(Errno::NoSpace));
    assert_eq!(memory.set_size(file, 0), Ok(()));
    assert_eq!(memory.write(file, 0, &&bytes[..4096]), Ok(4096));
    let many = (0..100_u8).map(|name| memory.make_directory(ROOT, &[name], 0o755));
    assert_eq!(many.last(), Some(Err(Errno::NoSpace)));
}

#[test]
fn modes_are_kept_to() {
    let memory = large();
    let file = memory
        .create(ROOT, b"f", 0o400, READ_WRITE)
        .expect("memory");
    assert_eq!(memory.open(file, READ_WRITE), Err(Errno::Denied));
    assert_eq!(memory.open(file, READ), Ok(file));
}

/// An archive as the host tool makes it.
pub(in crate::files) fn archive(items: &[(&str, u16, &str)]) -> Vec<u8> {
    let records = items.len() * size_of::<Record>();
    let (mut table, mut bytes) = (Vec::new(), Vec::new());
    let start = (size_of::<Header>() + records) as u64;
    for (path, kind, content) in items {
        let at = start + bytes.len() as u64;
        let record = Record {
            path: at,
            content: at + path.len() as u64,
            content_size: content.len() as u64,
            modified: 5,
            path_size: path.len() as u32,
            mode: 0o755,
            kind: *kind,
        };
        table.extend_from_slice(record.as_bytes());
        bytes.extend_from_slice(path.as_bytes());
        bytes.extend_from_slice(content.as_bytes());
    }
    let header = Header {
        magic: MAGIC,
        records: items.len() as u64,
    };
    [header.as_bytes(), &table, &bytes].concat()
}

#[test]
fn the_images_files_are_there_and_stay() {
    let archive = archive(&[
        ("etc", kind::DIRECTORY, ""),
        ("etc/name", kind::FILE, "cloister"),
        ("etc/link", kind::LINK, "name"),
        ("lost/name", kind::FILE, "no directory"),
        ("tmp", kind::DIRECTORY, ""),
    ]);
    let memory = memory(|| 1 << 24, &archive);
    let etc = memory
        .lookup(ROOT, b"etc")
        .expect("it is in the archive")
        .node;
    let name = memory
        .lookup(etc, b"name")
        .expect("it is in the archive")
        .node;
    assert_eq!(content(&memory, name), b"cloister");
    assert_eq!(
        memory.metadata(name).map(|metadata| metadata.modified),
        Ok(5)
    );
    assert_eq!(memory.open(name, READ_WRITE), Err(Errno::ReadOnly));
    assert_eq!(memory.write(name, 0, &&b"x"[..]), Err(Errno::ReadOnly));
    assert_eq!(memory.remove_file(etc, b"name"), Err(Errno::ReadOnly));
    let link = memory.lookup(etc, b"link").expect("it is in the archive");
    let mut path = [0; 10];
    assert_eq!(memory.read_link(link.node, &mut path), Ok(4));
    assert_eq!(memory.lookup(ROOT, b"lost"), Err(Errno::NotFound));
    assert!(memory.create(etc, b"new", 0o600, READ_WRITE).is_ok());
    assert_eq!(memory.remove_file(etc, b"new"), Ok(()));
    let removed = memory.remove_directory(ROOT, b"tmp");
    assert_eq!(removed, Err(Errno::ReadOnly), "as the archive has it");
}

#[test]
fn ten_thousand_files_are_quickly_made_and_found() {
    let memory = large();
    for number in 0..10_000_u32 {
        let name = alloc::format!("name number {number}");
        assert_eq!(memory.make_directory(ROOT, name.as_bytes(), 0o755), Ok(()));
    }
    assert_eq!(names(&memory, ROOT).len(), 10_003);
}
