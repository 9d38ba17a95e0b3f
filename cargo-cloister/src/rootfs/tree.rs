//! The files to pack, by path, with every name checked.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use domains::archive::kind;

/// The most bytes of a name, as the guest has it.
const NAME_MAX: usize = 255;
/// The most bytes of a path, as the guest has it.
const PATH_MAX: usize = 4095;

/// What a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    File,
    Directory,
    Link,
}

impl Kind {
    pub(super) const fn number(self) -> u16 {
        match self {
            Kind::File => kind::FILE,
            Kind::Directory => kind::DIRECTORY,
            Kind::Link => kind::LINK,
        }
    }
}

/// A file, directory or link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) mode: u16,
    /// In nanoseconds since 1970.
    pub(super) modified: u64,
    /// What a file holds, or where a link leads.
    pub(super) content: Vec<u8>,
}

/// Names from the root on, so that directories sort before what is in them.
type Names = Vec<Vec<u8>>;

/// The files to pack.
#[derive(Debug, Default)]
pub(super) struct Tree {
    items: BTreeMap<Names, Item>,
    /// Bytes of all contents that were ever added.
    content: u64,
}

impl Tree {
    /// All files, directories first, with their paths.
    pub(super) fn items(&self) -> impl Iterator<Item = (Vec<u8>, &Item)> {
        self.items
            .iter()
            .map(|(names, item)| (names.join(&b'/'), item))
    }

    /// The file at `path`.
    pub(super) fn find(&self, path: &[u8]) -> Option<&Item> {
        self.items.get(&names(path).ok()?)
    }

    /// About how many bytes an archive of it has.
    pub(super) fn size(&self) -> u64 {
        let each = |(names, item): (&Names, &Item)| {
            let path: usize = names.iter().map(|name| name.len() + 1).sum();
            (path + item.content.len() + 64) as u64
        };
        self.items.iter().map(each).sum()
    }

    /// Bytes of memory that the contents take by now.
    pub(super) fn content(&self) -> u64 {
        self.content
    }

    /// Adds a file, and the directories on the way to it that are missing.
    ///
    /// A directory may come twice: the later one says its mode. Everything else
    /// is refused, with the reason.
    pub(super) fn add(&mut self, path: &[u8], item: Item) -> Result<(), String> {
        let names = names(path)?;
        self.content = self.content.saturating_add(item.content.len() as u64);
        if names.is_empty() {
            return match item.kind {
                Kind::Directory => Ok(()),
                _ => Err("it has no name".into()),
            };
        }
        if item.kind == Kind::Link {
            check_link(&item.content)?;
        }
        for end in 1..names.len() {
            self.add_directory(&names[..end])?;
        }
        match self.items.entry(names) {
            Entry::Vacant(place) => _ = place.insert(item),
            Entry::Occupied(mut place) => {
                let kinds = (place.get().kind, item.kind);
                if kinds != (Kind::Directory, Kind::Directory) {
                    return Err("the name is there twice".into());
                }
                place.insert(item);
            }
        }
        Ok(())
    }

    fn add_directory(&mut self, names: &[Vec<u8>]) -> Result<(), String> {
        let made = self.items.entry(names.to_vec()).or_insert_with(|| Item {
            kind: Kind::Directory,
            mode: 0o755,
            modified: 0,
            content: Vec::new(),
        });
        match made.kind {
            Kind::Directory => Ok(()),
            _ => {
                let above = String::from_utf8_lossy(&names.join(&b'/')).into_owned();
                Err(format!("`{above}` is not a directory"))
            }
        }
    }
}

/// The names of a path below the root.
fn names(path: &[u8]) -> Result<Names, String> {
    if path.first() == Some(&b'/') {
        return Err("its name is absolute".into());
    }
    if path.len() > PATH_MAX {
        return Err(format!("its path has more than {PATH_MAX} bytes"));
    }
    let mut names = Vec::new();
    for name in path.split(|byte| *byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." => return Err("its name leads out of the root by `..`".into()),
            _ if name.contains(&0) => return Err("its name has a zero byte".into()),
            _ if name.len() > NAME_MAX => {
                return Err(format!("a name has more than {NAME_MAX} bytes"));
            }
            _ => names.push(name.to_vec()),
        }
    }
    Ok(names)
}

fn check_link(target: &[u8]) -> Result<(), String> {
    if target.is_empty() || target.contains(&0) || target.len() > PATH_MAX {
        return Err("it is a link that leads nowhere".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(kind: Kind) -> Item {
        Item {
            kind,
            mode: 0o644,
            modified: 0,
            content: b"x".to_vec(),
        }
    }

    fn paths(tree: &Tree) -> Vec<String> {
        tree.items()
            .map(|(path, _)| String::from_utf8(path).expect("text"))
            .collect()
    }

    #[test]
    fn directories_come_first_and_are_made_where_they_are_missing() {
        let mut tree = Tree::default();
        for path in ["a/b/c", "a-b", "./a//d", "a/b"] {
            let kind = if path == "a/b" {
                Kind::Directory
            } else {
                Kind::File
            };
            assert_eq!(tree.add(path.as_bytes(), item(kind)), Ok(()));
        }
        assert_eq!(paths(&tree), ["a", "a/b", "a/b/c", "a/d", "a-b"]);
        assert_eq!(tree.find(b"a/b").map(|item| item.mode), Some(0o644));
        assert_eq!(tree.add(b".", item(Kind::Directory)), Ok(()));
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let long = [b'x'; 256];
        let deep = b"ab/".repeat(1400);
        for (path, why) in [
            (&b"/etc/passwd"[..], "absolute"),
            (b"../x", "`..`"),
            (b"a/../../x", "`..`"),
            (b"a\0b", "zero"),
            (&long, "255"),
            (&deep, "4095"),
            (b"./", "no name"),
        ] {
            let refused = Tree::default().add(path, item(Kind::File));
            assert!(refused.is_err_and(|said| said.contains(why)), "{why}");
        }
    }

    #[test]
    fn a_name_leads_to_one_file() {
        let mut tree = Tree::default();
        assert_eq!(tree.add(b"a", item(Kind::File)), Ok(()));
        assert!(tree.add(b"a", item(Kind::File)).is_err());
        assert!(tree.add(b"a", item(Kind::Directory)).is_err());
        let below = tree.add(b"a/b", item(Kind::File));
        assert!(below.is_err_and(|why| why.contains("`a` is not a directory")));
    }

    #[test]
    fn a_link_leads_somewhere() {
        let empty = Item {
            content: Vec::new(),
            ..item(Kind::Link)
        };
        assert!(Tree::default().add(b"l", empty).is_err());
        assert_eq!(Tree::default().add(b"l", item(Kind::Link)), Ok(()));
    }
}
