//! Lines of code and unsafe code by crate, as a compiler's lexer sees them.
//!
//! A line counts if a token stands on it that is no comment. What is there for
//! tests and fuzzing only does not count, nor the footholds of attack tests, which no
//! release has. An unsafe block is the word with a block behind it, also inside
//! of macros.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use serde::{Deserialize, Serialize};

use crate::build;
use crate::cli::bench::rows;
use crate::cli::failure::{Failure, report};

/// The crates of an image, from the most trusted.
const CRATES: [&str; 6] = [
    "trusted-core",
    "gate",
    "domains",
    "kernel-safe",
    "kernel-unsafe",
    "app-abi",
];

/// Files and folders that are there for tests only.
const FOR_TESTS: [&str; 12] = [
    "tests.rs",
    "tests",
    "model.rs",
    "model",
    "hooks.rs",
    "hooks",
    "lies.rs",
    "costs.rs",
    "target",
    "fake.rs",
    "orders.rs",
    "fuzzed.rs",
];

/// What stands before an item that no release has.
const FOR_NO_IMAGE: [&str; 4] = [
    "cfg(test)",
    "cfg(feature=\"test-hooks\")",
    "cfg(feature=\"fuzzed\")",
    "cfg(any(test,feature=\"fuzzed\"))",
];

/// What was counted in a crate, or in a part of one.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(in crate::cli::bench) struct Crate {
    pub(in crate::cli::bench) name: String,
    pub(in crate::cli::bench) lines: u64,
    unsafe_blocks: u64,
    /// Functions that only unsafe code may call.
    unsafe_functions: u64,
    /// And traits that only unsafe code may implement.
    unsafe_impls: u64,
}

/// Counts every crate, and the parts of the most trusted.
pub(super) fn count() -> Result<Vec<Crate>, Failure> {
    let sources = build::sources().map_err(Failure::build)?;
    let mut counted = Vec::new();
    for name in CRATES {
        counted.push(count_folder(&sources.join(name), name)?);
        if name == CRATES[0] {
            counted.extend(parts(&sources.join(name).join("src"))?);
        }
    }
    Ok(counted)
}

/// Each folder in `folder` as a part of a crate.
fn parts(folder: &Path) -> Result<Vec<Crate>, Failure> {
    let name = |path: &Path| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let entries = fs::read_dir(folder).map_err(|why| unreadable(&name(folder), &why))?;
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir() && !FOR_TESTS.contains(&&*name(path)))
        .collect();
    folders.sort();
    let count = |path: &PathBuf| count_folder(path, &format!("– {}", name(path)));
    folders.iter().map(count).collect()
}

fn count_folder(folder: &Path, name: &str) -> Result<Crate, Failure> {
    let mut total = Crate {
        name: name.to_owned(),
        ..Crate::default()
    };
    let mut files = Vec::new();
    collect(folder, &mut files).map_err(|why| unreadable(name, &why))?;
    for file in files {
        let text = fs::read_to_string(&file).map_err(|why| unreadable(name, &why))?;
        total.add(&text).map_err(|why| unreadable(name, &why))?;
    }
    Ok(total)
}

/// The Rust files below `folder` that are not for tests only.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if FOR_TESTS.contains(&&*name) {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else if name.ends_with(".rs") && name != "build.rs" {
            files.push(path);
        }
    }
    Ok(())
}

fn unreadable(name: &str, why: &dyn std::fmt::Display) -> Failure {
    let message = format!("the sources of `{name}` cannot be counted: {why}");
    Failure::new(1, report(message, "does the crate compile?"))
}

impl Crate {
    fn add(&mut self, text: &str) -> Result<(), proc_macro2::LexError> {
        let mut lines = BTreeSet::new();
        self.walk(text.parse()?, &mut lines);
        self.lines += lines.len() as u64;
        Ok(())
    }

    fn walk(&mut self, tokens: TokenStream, lines: &mut BTreeSet<usize>) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut index = 0;
        while let Some(token) = tokens.get(index) {
            let rest = &tokens[index..];
            if let Some(length) = length_of_comment(rest).or_else(|| length_of_test(rest)) {
                index += length;
                continue;
            }
            self.note_unsafe(rest);
            self.note_lines(token, lines);
            index += 1;
        }
    }

    fn note_unsafe(&mut self, tokens: &[TokenTree]) {
        let [TokenTree::Ident(word), next, ..] = tokens else {
            return;
        };
        if word != "unsafe" {
            return;
        }
        match next {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                self.unsafe_blocks += 1;
            }
            TokenTree::Ident(next) if next == "impl" || next == "trait" => {
                self.unsafe_impls += 1;
            }
            TokenTree::Ident(_) if is_function(&tokens[1..]) => self.unsafe_functions += 1,
            _ => (),
        }
    }

    fn note_lines(&mut self, token: &TokenTree, lines: &mut BTreeSet<usize>) {
        match token {
            TokenTree::Group(group) => {
                lines.insert(group.span_open().start().line);
                lines.insert(group.span_close().end().line);
                self.walk(group.stream(), lines);
            }
            token => lines.extend(token.span().start().line..=token.span().end().line),
        }
    }

    pub(super) fn cells(&self) -> Vec<String> {
        let counts = [
            self.lines,
            self.unsafe_blocks,
            self.unsafe_functions,
            self.unsafe_impls,
        ];
        let mut cells = vec![self.name.clone()];
        cells.extend(counts.map(rows::whole));
        cells
    }
}

/// Whether the tokens are those of a function: not of a block of foreign ones.
fn is_function(tokens: &[TokenTree]) -> bool {
    let words = tokens.iter().take(3);
    words
        .take_while(|token| !matches!(token, TokenTree::Group(_)))
        .any(|token| matches!(token, TokenTree::Ident(word) if word == "fn"))
}

/// How many tokens a documentation comment at the start takes, which the lexer
/// makes an attribute of.
fn length_of_comment(tokens: &[TokenTree]) -> Option<usize> {
    let (length, attribute) = attribute(tokens)?;
    let is_comment = attribute.to_string().starts_with("doc =");
    is_comment.then_some(length)
}

/// How many tokens an item at the start takes that is for tests only.
fn length_of_test(tokens: &[TokenTree]) -> Option<usize> {
    let (_, attribute) = attribute(tokens)?;
    let text = attribute.to_string().replace(' ', "");
    if !FOR_NO_IMAGE.contains(&&*text) {
        return None;
    }
    let is_end = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    };
    let end = tokens.iter().position(is_end);
    Some(end.map_or(tokens.len(), |end| end + 1))
}

/// The attribute at the start, and how many tokens it takes.
fn attribute(tokens: &[TokenTree]) -> Option<(usize, TokenStream)> {
    let is = |token: &TokenTree, sign| matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign);
    let (length, group) = match tokens {
        [hash, TokenTree::Group(group), ..] if is(hash, '#') => (2, group),
        [hash, bang, TokenTree::Group(group), ..] if is(hash, '#') && is(bang, '!') => {
            (3, group)
        }
        _ => return None,
    };
    (group.delimiter() == Delimiter::Bracket).then(|| (length, group.stream()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
//! Head.

/// Comment.
#[inline]
pub unsafe fn one() {
    // SAFETY: none.
    unsafe { two() }
    print!(
        \"nop\",
    );
}

unsafe impl Send for X {}
macro_rules! m { () => { unsafe { three() } }; }
unsafe extern \"C\" { fn six(); }
#[cfg(feature = \"test-hooks\")]
unsafe fn attack() { unsafe { seven() } }

#[cfg(test)]
mod tests {
    fn four() {
        unsafe { five() }
    }
}
";

    #[test]
    fn code_is_counted_and_comments_and_tests_are_not() {
        let mut found = Crate::default();
        found.add(TEXT).unwrap();
        let expected = Crate {
            lines: 10,
            unsafe_blocks: 2,
            unsafe_functions: 1,
            unsafe_impls: 1,
            ..Crate::default()
        };
        assert_eq!(found, expected);
    }
}
