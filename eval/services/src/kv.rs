//! A store that speaks the Redis protocol, RESP2.
//!
//! It knows PING, SET, GET, DEL and DBSIZE, as arrays of bulk strings, which is
//! how clients send them. What it cannot read ends the connection with an
//! error, as in Redis; a command that it does not know does not.

use std::collections::HashMap;
use std::io::{BufReader, Error, Read, Result, Write};

use crate::stream::{flush_if_waiting, read_line};

/// The most words of a command, and bytes of a word.
const WORDS_MAX: usize = 16;
const WORD_MAX: usize = 1 << 20;
/// The longest line with a number.
const LINE_MAX: u64 = 32;

type Words = Vec<Vec<u8>>;
type Store = HashMap<Vec<u8>, Vec<u8>>;

/// Answers commands until the input ends.
pub fn serve(input: &mut BufReader<impl Read>, output: &mut impl Write) -> Result<()> {
    let mut store = Store::new();
    loop {
        match command(input) {
            Ok(Some(words)) => answer(&words, &mut store, output)?,
            Ok(None) => return output.flush(),
            Err(error) => {
                write!(output, "-ERR Protocol error: {error}\r\n")?;
                return output.flush();
            }
        }
        flush_if_waiting(input, output)?;
    }
}

/// Reads a command; none at the end of the input.
fn command(input: &mut BufReader<impl Read>) -> Result<Option<Words>> {
    let Some(count) = number(input, b'*')? else {
        return Ok(None);
    };
    if count > WORDS_MAX {
        return Err(Error::other("too many words"));
    }
    let mut words = Words::with_capacity(count);
    for _ in 0..count {
        words.push(word(input)?);
    }
    Ok(Some(words))
}

fn word(input: &mut BufReader<impl Read>) -> Result<Vec<u8>> {
    let size = number(input, b'$')?.ok_or_else(|| Error::other("a command ends early"))?;
    if size > WORD_MAX {
        return Err(Error::other("a word is too long"));
    }
    let mut bytes = vec![0; size + 2];
    input.read_exact(&mut bytes)?;
    match bytes.ends_with(b"\r\n") {
        true => bytes.truncate(size),
        false => return Err(Error::other("a word has another length")),
    }
    Ok(bytes)
}

/// Reads a line of `kind` and a number; none at the end of the input.
fn number(input: &mut BufReader<impl Read>, kind: u8) -> Result<Option<usize>> {
    let mut line = Vec::new();
    if !read_line(input, &mut line, LINE_MAX)? && line.is_empty() {
        return Ok(None);
    }
    let digits = line
        .strip_prefix(&[kind])
        .and_then(|rest| rest.strip_suffix(b"\r\n"));
    let number = digits.and_then(|digits| str::from_utf8(digits).ok()?.parse().ok());
    let wrong = || Error::other(format!("expected '{}' and a number", char::from(kind)));
    number.ok_or_else(wrong).map(Some)
}

fn answer(words: &Words, store: &mut Store, output: &mut impl Write) -> Result<()> {
    let name = words.first().map(|word| word.to_ascii_uppercase());
    match (name.as_deref(), words.get(1..).unwrap_or_default()) {
        (Some(b"PING"), []) => output.write_all(b"+PONG\r\n"),
        (Some(b"SET"), [key, value]) => {
            store.insert(key.clone(), value.clone());
            output.write_all(b"+OK\r\n")
        }
        (Some(b"GET"), [key]) => match store.get(key) {
            Some(value) => {
                write!(output, "${}\r\n", value.len())?;
                output.write_all(value)?;
                output.write_all(b"\r\n")
            }
            None => output.write_all(b"$-1\r\n"),
        },
        (Some(b"DEL"), keys @ [_, ..]) => {
            let removed = keys.iter().filter(|key| store.remove(*key).is_some());
            write!(output, ":{}\r\n", removed.count())
        }
        (Some(b"DBSIZE"), []) => write!(output, ":{}\r\n", store.len()),
        _ => output.write_all(b"-ERR unknown command\r\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(commands: &str) -> String {
        let mut output = Vec::new();
        serve(&mut BufReader::new(commands.as_bytes()), &mut output).expect("memory");
        String::from_utf8(output).expect("text")
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
        for bad in [
            "hello\r\n",
            "*1\r\n",
            "*1\r\n$9\r\nab\r\n",
            "*99\r\n",
            "*-1\r\n",
        ] {
            assert!(answers(bad).starts_with("-ERR"), "{bad:?}");
        }
        assert!(answers("*1\r\n$4\r\nEVAL\r\n").starts_with("-ERR unknown"));
        assert_eq!(answers(""), "");
    }
}
