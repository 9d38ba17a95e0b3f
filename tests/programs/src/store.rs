//! `redb`, an embedded store, in memory.

use redb::backends::InMemoryBackend;
use redb::{Database, Error, ReadableDatabase, ReadableTableMetadata};
use redb::{TableDefinition, WriteTransaction};

const NUMBERS: TableDefinition<'_, u64, &str> = TableDefinition::new("numbers");

/// What was committed is there, what was aborted is not, and a reader sees
/// what was there when it began.
pub fn transactions() -> bool {
    commits_and_aborts().unwrap()
}

fn commits_and_aborts() -> Result<bool, Error> {
    let database = empty()?;
    let write = database.begin_write()?;
    insert(&write, 0..10)?;
    write.commit()?;

    let reader = database.begin_read()?;
    let write = database.begin_write()?;
    insert(&write, 10..20)?;
    write.abort()?;
    let write = database.begin_write()?;
    write.open_table(NUMBERS)?.remove(5)?;
    write.commit()?;

    let before = reader.open_table(NUMBERS)?;
    let after = database.begin_read()?.open_table(NUMBERS)?;
    let fives = [&before, &after].map(|table| table.get(5).map(|five| five.is_some()));
    let [old, new] = fives;
    Ok(before.len()? == 10 && after.len()? == 9 && old? && !new?)
}

/// Keys come in their order, and ranges hold what lies between.
pub fn many_keys() -> bool {
    ordered().unwrap()
}

fn ordered() -> Result<bool, Error> {
    const KEYS: u64 = 2_000;
    let database = empty()?;
    let write = database.begin_write()?;
    // 7919 is prime to the number of keys, so each comes once, in disorder.
    insert(&write, (0..KEYS).map(|n| n * 7919 % KEYS))?;
    write.commit()?;
    let table = database.begin_read()?.open_table(NUMBERS)?;
    let mut between = table.range(990..1_010)?;
    let in_order = (990..1_010).all(|key| match between.next() {
        Some(Ok((found, text))) => found.value() == key && text.value() == key.to_string(),
        _ => false,
    });
    Ok(table.len()? == KEYS && in_order && between.next().is_none())
}

fn empty() -> Result<Database, Error> {
    Ok(Database::builder().create_with_backend(InMemoryBackend::new())?)
}

fn insert(write: &WriteTransaction, keys: impl IntoIterator<Item = u64>) -> Result<(), Error> {
    let mut table = write.open_table(NUMBERS)?;
    for key in keys {
        table.insert(key, key.to_string().as_str())?;
    }
    Ok(())
}
