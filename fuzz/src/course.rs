//! A course: a target, and inputs until the time is over.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::target::Target;
use crate::{corpus, heap, mutate};

/// The most inputs that are kept beside the seeds.
const POOL_MAX: usize = 4096;

/// What a course has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Came {
    /// How many inputs were eaten.
    pub inputs: u64,
    /// How many different things the target said of them.
    pub kinds: usize,
}

/// The input that is being eaten, where another process finds it if this one dies.
#[derive(Debug)]
pub struct Plate(File);

/// Bytes in front of the input: how many it has.
const HEAD: usize = 8;

impl Plate {
    /// A plate in the file at `path`.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn at(path: &Path) -> io::Result<Plate> {
        File::options().write(true).open(path).map(Plate)
    }

    /// Puts `input` on it, by one call of the system.
    fn put(&self, input: &[u8]) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(HEAD + input.len());
        bytes.extend((input.len() as u64).to_le_bytes());
        bytes.extend(input);
        self.0.write_all_at(&bytes, 0)
    }

    /// What lies on the plate in such a file; none if nothing does.
    pub fn look(bytes: &[u8]) -> Option<&[u8]> {
        let (size, rest) = bytes.split_first_chunk::<HEAD>()?;
        rest.get(..usize::try_from(u64::from_le_bytes(*size)).ok()?)
    }
}

/// Has `target` eat for so long, from its seeds and from what `seed` makes of them.
/// `began` hears of each input before it is eaten.
///
/// # Errors
///
/// Seeds or plate cannot be used.
pub fn run(
    target: &Target,
    seed: u64,
    time: Duration,
    plate: &Plate,
    mut began: impl FnMut(),
) -> io::Result<Came> {
    let mut pool: Vec<Vec<u8>> = seeds(target)?;
    let (seeds, most) = (pool.len(), pool.len() + POOL_MAX);
    let mut random = Rng::with_seed(seed);
    let mut seen = HashSet::new();
    let mut came = Came::default();
    let end = Instant::now() + time;
    while Instant::now() < end {
        let input = match pool.get(came.inputs as usize) {
            Some(input) if (came.inputs as usize) < seeds => input.clone(),
            _ => mutate::next(&pool, &mut random),
        };
        plate.put(&input)?;
        began();
        let is_new = seen.insert(heap::run(target, &input));
        came.inputs += 1;
        if is_new && came.inputs as usize > seeds && pool.len() < most {
            pool.push(input);
        }
    }
    came.kinds = seen.len();
    Ok(came)
}

fn seeds(target: &Target) -> io::Result<Vec<Vec<u8>>> {
    let files = corpus::read(&corpus::seeds_of(target.name))?;
    Ok(files.into_iter().map(|(_, bytes)| bytes).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_on_a_plate_lies_there() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let plate = Plate::at(file.path()).expect("it can be written");
        let look = || std::fs::read(file.path()).expect("it can be read");
        assert_eq!(Plate::look(&look()), None);
        for input in [&b"a long one"[..], b"", b"short"] {
            plate.put(input).expect("it is written");
            assert_eq!(Plate::look(&look()), Some(input));
        }
    }
}
