//! Programs that need not be built again: those of Rust's own tests.
//!
//! What they are made of is the toolchain's, so a program is the same as long as
//! compiler, ABI, flags and manifest are. It is linked once and packed for each
//! mode; cargo is not even asked whether it is fresh. Of each program the newest
//! is kept.

use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{BuildError, folders};

/// The program `name` that is made from `ingredients`: the one in `folder`, or
/// else what `make` gives.
pub(super) fn kept(
    folder: &Path,
    name: &str,
    ingredients: &[&str],
    make: impl FnOnce() -> Result<Vec<u8>, BuildError>,
) -> Result<Vec<u8>, BuildError> {
    let path = folder.join(format!("{name}.{}.elf", hash(ingredients)));
    if let Ok(program) = fs::read(&path) {
        return Ok(program);
    }
    let program = make()?;
    forget(folder, name)?;
    folders::install(&path, &program)?;
    Ok(program)
}

fn hash(ingredients: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for ingredient in ingredients {
        hasher.update(ingredient.len().to_le_bytes());
        hasher.update(ingredient);
    }
    let hash = hasher.finalize();
    hash.iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Removes what was kept of this name.
fn forget(folder: &Path, name: &str) -> Result<(), BuildError> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let rest = file
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('.'));
        if rest.is_some_and(|rest| rest.ends_with(".elf") && rest.matches('.').count() == 1) {
            fs::remove_file(&path).map_err(BuildError::io("remove", &path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_made_again_only_if_an_ingredient_changes() {
        let folder = tempfile::tempdir().expect("a folder");
        let made = |name: &str, ingredients: &[&str], made: u8| {
            kept(folder.path(), name, ingredients, || Ok(vec![made])).expect("a program")
        };
        assert_eq!(made("core", &["1.95", "abi"], 1), [1]);
        assert_eq!(made("core", &["1.95", "abi"], 2), [1]);
        assert_eq!(made("core.b", &["1.95", "abi"], 3), [3]);
        assert_eq!(made("core", &["1.95a", "bi"], 4), [4], "not the same words");
        assert_eq!(made("core", &["1.95", "abi"], 5), [5], "the newest is kept");
        assert_eq!(made("core.b", &["1.95", "abi"], 6), [3]);
        let files = fs::read_dir(folder.path()).expect("the folder").count();
        assert_eq!(files, 2);
    }
}
