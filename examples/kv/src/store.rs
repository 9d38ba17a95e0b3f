//! Keys and values, in memory and in a file.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::log::{Entry, Log};

type Values = HashMap<Vec<u8>, Vec<u8>>;

/// What was set. The file has it before a client is told so.
pub struct Store(Mutex<State>);

struct State {
    values: Values,
    /// None if there is no folder for it.
    log: Option<Log>,
}

impl Store {
    /// What the file in `folder` says; nothing if there is no such folder.
    pub fn open(folder: &Path) -> io::Result<Store> {
        let mut values = Values::new();
        let log = match folder.is_dir() {
            true => Some(Log::open(&folder.join("kv.log"), |entry| {
                apply(&mut values, entry)
            })?),
            false => None,
        };
        Ok(Store(Mutex::new(State { values, log })))
    }

    /// The value of `key`.
    pub fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.lock().values.get(key).cloned()
    }

    /// Sets it.
    pub fn set(&self, key: &[u8], value: &[u8]) -> io::Result<()> {
        self.lock().change(Entry {
            key: key.to_vec(),
            value: Some(value.to_vec()),
        })
    }

    /// Removes it; whether it was there.
    pub fn remove(&self, key: &[u8]) -> io::Result<bool> {
        let mut state = self.lock();
        let was_there = state.values.contains_key(key);
        if was_there {
            let key = key.to_vec();
            state.change(Entry { key, value: None })?;
        }
        Ok(was_there)
    }

    /// Adds one to it; what it is then. None if it is no number.
    pub fn increment(&self, key: &[u8]) -> io::Result<Option<i64>> {
        let mut state = self.lock();
        let old = match state.values.get(key) {
            None => Some(0),
            Some(value) => str::from_utf8(value)
                .ok()
                .and_then(|it| it.parse::<i64>().ok()),
        };
        let Some(new) = old.and_then(|old| old.checked_add(1)) else {
            return Ok(None);
        };
        let value = Some(new.to_string().into_bytes());
        let key = key.to_vec();
        state.change(Entry { key, value })?;
        Ok(Some(new))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.lock().values.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn change(&mut self, entry: Entry) -> io::Result<()> {
        if let Some(log) = &mut self.log {
            log.write(&entry)?;
        }
        apply(&mut self.values, entry);
        Ok(())
    }
}

fn apply(values: &mut Values, Entry { key, value }: Entry) {
    match value {
        Some(value) => values.insert(key, value),
        None => values.remove(&key),
    };
}
