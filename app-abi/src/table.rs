//! The table of the ABI in the documentation, made from the declarations.

use std::format;
use std::path::{Path, PathBuf};
use std::string::{String, ToString};
use std::vec::Vec;
use std::{env, fs};

use crate::export::{Server, Symbol};

/// What comes before the table.
const HEAD: &str = "# The ABI

Every symbol that the crate `hermit-abi` declares, and what becomes of it here. A test makes this file from the declarations in
`app-abi` and fails when it is not what they say; `CLOISTER_BLESS=1 cargo test -p app-abi` writes it anew.

*Served* says who answers: **here**, in the application's own domain, without a gate; the safe **kernel**; or **both**, which is here where
it suffices and the kernel where it does not. Nothing is refused. Failures are negative errnos, also in the thread's `errno`;
`sys_getaddrinfo` returns a positive `EAI_` code.

**Pointers.** The kernel tries each pointer against the application's own region, copies once, and answers `EFAULT` where the bytes are
not the application's, not mapped, or not writable. What is served here answers `EFAULT` for every pointer that leads out of the region;
an unmapped address *inside* the region faults there as any store of the program would, but for times, names and results of the slower
calls (`sys_nanosleep`, `sys_sem_timedwait`, `sys_getaddrinfo`, `sys_getaddrbyname`) and for addresses and options of sockets, which the
kernel copies. A null or misaligned futex, semaphore or queue is `EINVAL`, as Hermit documents. No kernel object is ever named by an address.

**Sockets.** The byte for the length of an address is written and never read. An address that is too short is `EINVAL`, one of another
family than the Internet's `EAFNOSUPPORT`; `sys_connect` takes `AF_UNSPEC` and has a socket of datagrams forget its peer. A result is cut where
the caller has less room, and its size is always that of all of it. That a descriptor is closed (`EBADF`) or no socket (`ENOTSOCK`) comes
before what is wrong with other arguments. Options have the sizes and bounds of Linux, but a negative time limit is `EDOM`, and one of more
than 292 years is none.

**Fuzz.** `CLOISTER_FUZZ=1000000 cargo test -p tests --test guests -- fuzz::` makes a million hostile calls in each isolation mode, alone
and from four CPUs: without the variable it makes 50,000. `CLOISTER_FUZZ_SEED` names another seed, or `clock` for one of its own; each run
prints its seed.
";

/// The column heads.
const COLUMNS: &str = "
| symbol | does | served | errors | what differs from Hermit |
|---|---|---|---|---|
";

/// Writes the file if that is asked for, and fails if it is not up to date.
pub(crate) fn check(mut symbols: Vec<Symbol>) {
    symbols.sort_by_key(|symbol| symbol.name);
    let text = symbols
        .iter()
        .map(row)
        .fold(format!("{HEAD}{COLUMNS}"), |text, row| text + &row);
    let file = file();
    if env::var_os("CLOISTER_BLESS").is_some() {
        fs::write(&file, &text).expect("the documentation can be written");
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == text,
        "docs/abi.md is not what the declarations say: run CLOISTER_BLESS=1 cargo test -p app-abi"
    );
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/abi.md")
}

fn row(symbol: &Symbol) -> String {
    let served = symbol.served.expect(symbol.name);
    let by = match served.by {
        Server::here => "here",
        Server::kernel => "kernel",
        Server::both => "both",
    };
    let errors: Vec<String> = served
        .errors
        .iter()
        .map(|error| format!("`{error}`"))
        .collect();
    format!(
        "| `{}` `{}` | {} | {by} | {} | {} |\n",
        symbol.name,
        tidy(symbol.signature),
        summary(symbol.docs),
        errors.join(" "),
        served.differs.first().unwrap_or(&""),
    )
}

/// The first paragraph.
fn summary(docs: &[&str]) -> String {
    let lines = docs.iter().take_while(|line| !line.trim().is_empty());
    let words: Vec<&str> = lines.flat_map(|line| line.split_whitespace()).collect();
    words.join(" ")
}

/// A signature without the spaces that the compiler puts where nobody does.
fn tidy(signature: &str) -> String {
    signature.replace("& mut", "&mut").to_string()
}
