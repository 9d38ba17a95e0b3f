//! What clients can have done.

use std::io;

use crate::protocol::Reply;
use crate::store::Store;

/// Does what a command says.
///
/// # Errors
///
/// The file could not be written; what went wrong with the command is a reply.
pub fn run(words: &[Vec<u8>], store: &Store) -> io::Result<Reply> {
    let Some((name, arguments)) = words.split_first() else {
        return Ok(Reply::Error("ERR no command".into()));
    };
    let name = name.to_ascii_uppercase();
    Ok(match (name.as_slice(), arguments) {
        (b"PING", []) => Reply::Simple("PONG"),
        (b"PING" | b"ECHO", [word]) => Reply::Bulk(Some(word.clone())),
        (b"GET", [key]) => Reply::Bulk(store.get(key)),
        (b"SET", [key, value]) => {
            store.set(key, value)?;
            Reply::Simple("OK")
        }
        (b"DEL", [_, ..]) => count(arguments, |key| store.remove(key))?,
        (b"EXISTS", [_, ..]) => count(arguments, |key| Ok(store.get(key).is_some()))?,
        (b"INCR", [key]) => match store.increment(key)? {
            Some(number) => Reply::Integer(number),
            None => Reply::Error("ERR value is not an integer or out of range".into()),
        },
        (b"MGET", [_, ..]) => {
            let values = arguments.iter().map(|key| Reply::Bulk(store.get(key)));
            Reply::Array(values.collect())
        }
        (b"DBSIZE", []) => Reply::Integer(store.count() as i64),
        (b"SELECT", [number]) if number == b"0" => Reply::Simple("OK"),
        // What tools ask before they begin.
        (b"CONFIG", [_, name]) => {
            let pair = [name.clone(), Vec::new()];
            Reply::Array(pair.map(|word| Reply::Bulk(Some(word))).into())
        }
        (b"COMMAND" | b"CLIENT", _) => Reply::Array(Vec::new()),
        (b"GET" | b"SET" | b"DEL" | b"EXISTS" | b"INCR" | b"MGET" | b"ECHO", _) => {
            Reply::Error("ERR wrong number of arguments".into())
        }
        _ => {
            let name = String::from_utf8_lossy(&name).escape_debug().to_string();
            Reply::Error(format!("ERR unknown command '{name:.64}'"))
        }
    })
}

fn count(
    keys: &[Vec<u8>],
    mut is_counted: impl FnMut(&[u8]) -> io::Result<bool>,
) -> io::Result<Reply> {
    let mut count = 0;
    for key in keys {
        count += i64::from(is_counted(key)?);
    }
    Ok(Reply::Integer(count))
}
