//! Which modules of a crate need which, read off its sources.
//!
//! A module here is what `lib.rs` declares, with all that is below it. It needs
//! another if a path in it leads there from the root of the crate. Tests do not
//! count, and what methods are called is not seen. [`circles`] leaves what is in
//! the way of reading modules one after the other, each behind those that it
//! needs.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::{self, Source};

/// Which modules each module needs.
pub type Needs = BTreeMap<String, BTreeSet<String>>;

/// The needs of the modules of the crate whose sources lie in `folder`.
pub fn needs(folder: &str) -> Needs {
    let root = sources::file(&format!("{folder}/lib.rs"));
    let declared = root.lines().filter_map(declared);
    let mut needs: Needs = declared.map(|name| (name, BTreeSet::new())).collect();
    let names: BTreeSet<String> = needs.keys().cloned().collect();
    for source in sources::rust() {
        let Some(path) = source.path.strip_prefix(&format!("{folder}/")) else {
            continue;
        };
        let module = path.split(['/', '.']).next().unwrap_or_default();
        if let Some(found) = needs.get_mut(module).filter(|_| !is_of_tests(path)) {
            let named = named(path, &source);
            found.extend(named.filter(|name| name != module && names.contains(name)));
        }
    }
    needs
}

/// What is left of `needs` without the modules that need none of the rest, or
/// that none of the rest needs: nothing if no two need each other, by whatever
/// way.
pub fn circles(mut needs: Needs) -> Needs {
    loop {
        let before = needs.len();
        let left: BTreeSet<String> = needs.keys().cloned().collect();
        let needed: BTreeSet<String> = needs.values().flatten().cloned().collect();
        needs.retain(|name, of| {
            of.retain(|other| left.contains(other));
            !of.is_empty() && needed.contains(name)
        });
        if needs.len() == before {
            return needs;
        }
    }
}

/// The module that a line declares.
fn declared(line: &str) -> Option<String> {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let name = line.strip_prefix("mod ")?.strip_suffix(';')?;
    Some(name.to_owned())
}

fn is_of_tests(path: &str) -> bool {
    path.split(['/', '.']).any(|part| part == "tests")
}

/// The modules that paths from the root of the crate name in a file.
fn named(path: &str, source: &Source) -> impl Iterator<Item = String> {
    let code = with_one_root(&without_tests(&source.text), depth(path));
    let paths: Vec<String> = code.split("crate::").skip(1).map(str::to_owned).collect();
    paths.into_iter().flat_map(|rest| firsts(&rest))
}

/// How many modules a file is below the root of the crate.
fn depth(path: &str) -> usize {
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    path.split('/').count()
}

/// The code without comments, and without what only tests see.
fn without_tests(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line == "#[cfg(test)]" {
            let item = lines.next().unwrap_or_default();
            let _ = item.ends_with('{') && lines.any(|line| line == "}");
        } else {
            code.push_str(line.split("//").next().unwrap_or_default());
            code.push('\n');
        }
    }
    code
}

/// The code with each path that climbs to the root as one that starts there.
fn with_one_root(code: &str, depth: usize) -> String {
    code.replace(&"super::".repeat(depth), "crate::")
}

/// The first name of the path, or of each of the group of paths, that `rest`
/// begins with.
fn firsts(rest: &str) -> Vec<String> {
    let Some(group) = rest.strip_prefix('{') else {
        return vec![first(rest)];
    };
    let mut inside = 0;
    let paths = group.split(|letter| {
        inside += i32::from(letter == '{') - i32::from(letter == '}');
        letter == ',' && inside == 0
    });
    paths.map(first).collect()
}

fn first(path: &str) -> String {
    let is_of_name = |letter: &char| letter.is_alphanumeric() || *letter == '_';
    path.trim_start().chars().take_while(is_of_name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(rows: &[(&str, &[&str])]) -> Needs {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let row = |(name, of): &(&str, &[&str])| ((*name).to_owned(), set(of));
        rows.iter().map(row).collect()
    }

    #[test]
    fn a_circle_is_left_and_who_leads_there_or_comes_from_there_is_not() {
        let tree = all(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])]);
        assert_eq!(circles(tree), Needs::new());
        let circle = [("b", &["c"] as &[&str]), ("c", &["d"]), ("d", &["b"])];
        let around = [("a", &["b"] as &[&str]), ("d", &["b", "e"]), ("e", &[])];
        assert_eq!(circles(all(&[circle, around].concat())), all(&circle));
    }

    #[test]
    fn every_way_to_name_a_module_is_seen() {
        let source = Source {
            path: String::new(),
            text: "use crate::{a, b::{x, y},\n    c::z as w};\n\
                   pub use super::super::d::E;\nuse super::not;\n\
                   fn f() { crate::g::h() } // crate::not\n\
                   #[cfg(test)]\nmod tests {\n    use crate::not;\n}\n\
                   use crate::i;\n"
                .to_owned(),
        };
        let found: Vec<String> = named("one/two.rs", &source).collect();
        assert_eq!(found, ["a", "b", "c", "d", "g", "i"]);
    }
}
