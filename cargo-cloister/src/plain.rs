//! Words of others, without what could steer a terminal.
//!
//! Names of symbols, files, packages and tests, and what QEMU and the core
//! say, are chosen by others and printed as the tool's own. Control characters
//! (C0, DEL, C1) and those that turn the direction of writing are therefore
//! escaped wherever the tool speaks; what the program itself prints passes as
//! it is. [`super::outlet::Outlet::say`] does it to every text, so that nothing
//! is forgotten; who puts a foreign name into a line uses [`Plain::line`], so
//! that the name cannot begin a line of its own.

use std::fmt::{self, Write};

use serde::Serialize;

/// A text that shows everything that is in it, and does nothing.
#[derive(Clone, Copy, Debug)]
pub struct Plain<'a> {
    text: &'a str,
    keeps_lines: bool,
}

impl<'a> Plain<'a> {
    /// A name or a line, where an end of line is escaped as well.
    pub fn line(text: &'a str) -> Plain<'a> {
        Plain {
            text,
            keeps_lines: false,
        }
    }

    /// A text of several lines, which stay.
    pub fn text(text: &'a str) -> Plain<'a> {
        Plain {
            text,
            keeps_lines: true,
        }
    }

    fn shows(self, letter: char) -> bool {
        !steers(letter) || self.keeps_lines && matches!(letter, '\n' | '\t')
    }
}

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // DEFENCE: foreign-words
        self.text
            .chars()
            .try_for_each(|letter| match self.shows(letter) {
                true => f.write_char(letter),
                false => write!(f, "{}", letter.escape_unicode()),
            })
    }
}

/// A value as JSON on one line.
pub fn json(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(value).map(escaped)
}

/// A value as JSON that people can read.
pub fn pretty_json(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value).map(escaped)
}

/// JSON's own writing of what steers: a reader gets the very same strings.
/// Outside of strings JSON has no such characters but ends of lines.
fn escaped(json: String) -> String {
    let mut plain = String::with_capacity(json.len());
    for letter in json.chars() {
        match steers(letter) && letter != '\n' {
            true => plain.push_str(&format!("\\u{:04x}", u32::from(letter))),
            false => plain.push(letter),
        }
    }
    plain
}

/// Whether a terminal could take this for more than a letter. None of them
/// lies beyond the basic plane.
pub(crate) fn steers(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_and_does_nothing() {
        let foreign = "a\u{1b}[31m\u{7f}\u{9b}2J\u{202e}€\n\tb\r";
        assert_eq!(
            Plain::line(foreign).to_string(),
            "a\\u{1b}[31m\\u{7f}\\u{9b}2J\\u{202e}€\\u{a}\\u{9}b\\u{d}"
        );
        assert_eq!(
            Plain::text(foreign).to_string(),
            "a\\u{1b}[31m\\u{7f}\\u{9b}2J\\u{202e}€\n\tb\\u{d}"
        );
    }

    #[test]
    fn json_says_the_same_in_its_own_escapes() {
        let foreign = ["a\u{1b}\u{7f}\u{9b}\u{2066}€\n"];
        let text = json(&foreign).expect("a string");
        assert_eq!(text, r#"["a\u001b\u007f\u009b\u2066€\n"]"#);
        let read: [String; 1] = serde_json::from_str(&text).expect("JSON");
        assert_eq!(read, foreign);
        let text = pretty_json(&foreign).expect("a string");
        assert!(text.contains('\n') && !text.contains('\u{9b}'), "{text}");
    }
}
