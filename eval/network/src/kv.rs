//! A store that speaks the Redis protocol, RESP2.
//!
//! It knows PING, SET, GET, DEL and DBSIZE, as arrays of bulk strings, which is
//! how clients send them. What it cannot read ends the connection with an error,
//! as in Redis; a command that it does not know does not.

use std::collections::HashMap;
use std::io::{Read, Result, Write};
use std::sync::{Mutex, PoisonError};

use crate::talk::{self, Step};

/// The most words of a command, and bytes of a word.
const WORDS_MAX: usize = 16;
const WORD_MAX: usize = 1 << 20;
/// The longest line with a number.
const LINE_MAX: usize = 32;

/// What all connections share.
#[derive(Default)]
pub struct Store(Mutex<HashMap<Vec<u8>, Vec<u8>>>);

/// Why bytes are no command.
enum Not {
    /// The rest of it is still to come.
    Whole,
    /// They never will be one.
    Command,
}

/// Answers commands until the input ends.
pub fn serve(store: &Store, mut stream: impl Read + Write) -> Result<()> {
    talk::until_end(&mut stream, |waiting, output| match command(waiting) {
        Ok((words, size)) => {
            answer(&words, store, output);
            Step::Answered(size)
        }
        Err(Not::Whole) => Step::More,
        Err(Not::Command) => {
            output.extend_from_slice(b"-ERR Protocol error\r\n");
            Step::Last
        }
    })
}

/// The words of the command that `waiting` begins with, and its size.
fn command(waiting: &[u8]) -> std::result::Result<(Vec<&[u8]>, usize), Not> {
    let mut rest = waiting;
    let count = number(&mut rest, b'*')?;
    if count > WORDS_MAX {
        return Err(Not::Command);
    }
    let mut words = Vec::with_capacity(count);
    for _ in 0..count {
        words.push(word(&mut rest)?);
    }
    Ok((words, waiting.len() - rest.len()))
}

fn word<'a>(rest: &mut &'a [u8]) -> std::result::Result<&'a [u8], Not> {
    let size = number(rest, b'$')?;
    if size > WORD_MAX {
        return Err(Not::Command);
    }
    let (word, behind) = rest.split_at_checked(size).ok_or(Not::Whole)?;
    let (end, behind) = behind.split_at_checked(2).ok_or(Not::Whole)?;
    *rest = behind;
    match end {
        b"\r\n" => Ok(word),
        _ => Err(Not::Command),
    }
}

/// Takes a line of `kind` and a number off `rest`.
fn number(rest: &mut &[u8], kind: u8) -> std::result::Result<usize, Not> {
    let seen = &rest[..rest.len().min(LINE_MAX)];
    let Some(size) = seen.windows(2).position(|bytes| bytes == b"\r\n") else {
        let may_become_one = seen.len() < LINE_MAX && seen.first().is_none_or(|it| *it == kind);
        return Err(match may_become_one {
            true => Not::Whole,
            false => Not::Command,
        });
    };
    let digits = seen[..size].strip_prefix(&[kind]).ok_or(Not::Command)?;
    let digits = str::from_utf8(digits).map_err(|_| Not::Command)?;
    *rest = &rest[size + 2..];
    digits.parse().map_err(|_| Not::Command)
}

fn answer(words: &[&[u8]], store: &Store, output: &mut Vec<u8>) {
    let name = words.first().map(|word| word.to_ascii_uppercase());
    let mut store = store.0.lock().unwrap_or_else(PoisonError::into_inner);
    match (name.as_deref(), words.get(1..).unwrap_or_default()) {
        (Some(b"PING"), []) => output.extend_from_slice(b"+PONG\r\n"),
        (Some(b"SET"), [key, value]) => {
            store.insert(key.to_vec(), value.to_vec());
            output.extend_from_slice(b"+OK\r\n");
        }
        (Some(b"GET"), [key]) => match store.get(*key) {
            Some(value) => {
                output.extend_from_slice(format!("${}\r\n", value.len()).as_bytes());
                output.extend_from_slice(value);
                output.extend_from_slice(b"\r\n");
            }
            None => output.extend_from_slice(b"$-1\r\n"),
        },
        (Some(b"DEL"), keys @ [_, ..]) => {
            let removed = keys.iter().filter(|key| store.remove(**key).is_some());
            let removed = format!(":{}\r\n", removed.count());
            output.extend_from_slice(removed.as_bytes());
        }
        (Some(b"DBSIZE"), []) => {
            output.extend_from_slice(format!(":{}\r\n", store.len()).as_bytes());
        }
        _ => output.extend_from_slice(b"-ERR unknown command\r\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::tests::Both;

    fn answers(commands: &str) -> String {
        let mut both = Both::of(commands.as_bytes());
        serve(&Store::default(), &mut both).expect("memory does not fail");
        String::from_utf8(both.output).expect("text")
    }

    #[test]
    fn commands_are_answered_in_order() {
        let set = "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\nxy\r\n";
        let get = "*2\r\n$3\r\nget\r\n$1\r\na\r\n";
        let del = "*2\r\n$3\r\nDEL\r\n$1\r\na\r\n";
        let all = answers(&[set, get, del, get, "*1\r\n$4\r\nPING\r\n"].concat());
        assert_eq!(all, "+OK\r\n$2\r\nxy\r\n:1\r\n$-1\r\n+PONG\r\n");
    }

    #[test]
    fn what_is_no_command_is_refused_politely() {
        for bad in ["hello\r\n", "*1\r\n$2\r\nabc\r\n", "*99\r\n", "*-1\r\n"] {
            assert!(answers(bad).starts_with("-ERR Protocol"), "{bad:?}");
        }
        assert!(answers("*1\r\n$4\r\nEVAL\r\n").starts_with("-ERR unknown"));
        for early in ["", "*", "*1\r\n", "*1\r\n$4\r\nPIN"] {
            assert_eq!(answers(early), "", "{early:?}");
        }
    }
}
