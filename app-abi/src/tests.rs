//! The whole ABI is here, and has the signatures that `hermit-abi` declares.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{env, fs};

/// What is said of each function. Compiles only if both functions have one
/// type: the elements of an array become pointers to functions of the same
/// signature.
macro_rules! same {
    ($($module:ident: $($declared:ident = $defined:ident),* $(,)?;)*) => {{
        $($(let _ = [hermit_abi::$declared, crate::$module::$defined];)*)*
        [$($(crate::$module::$defined::SYMBOL),*),*]
    }};
}

#[test]
#[expect(deprecated, reason = "the ABI keeps its old names")]
fn signatures_are_those_of_the_abi_and_the_documentation_says_so() {
    let symbols = same! {
        descriptors:
            close = sys_close, dup = sys_dup, fcntl = sys_fcntl, fstat = sys_fstat,
            ioctl = sys_ioctl, lseek = sys_lseek, read = sys_read,
            readv = sys_readv, write = sys_write, writev = sys_writev;
        events:
            eventfd = sys_eventfd, poll = sys_poll;
        errno:
            errno = sys_errno, get_errno = sys_get_errno;
        files:
            fsync = sys_fsync, getdents64 = sys_getdents64,
            lstat = sys_lstat, mkdir = sys_mkdir,
            open = sys_open, opendir = sys_opendir, rmdir = sys_rmdir,
            stat = sys_stat, unlink = sys_unlink;
        futex:
            futex_wait = sys_futex_wait, futex_wake = sys_futex_wake;
        mapping:
            mmap = sys_mmap, mprotect = sys_mprotect, munmap = sys_munmap;
        memory:
            alloc = sys_alloc, alloc_zeroed = sys_alloc_zeroed, dealloc = sys_dealloc,
            free = sys_free, malloc = sys_malloc, realloc = sys_realloc;
        process:
            abort = sys_abort, available_parallelism = sys_available_parallelism,
            exit = sys_exit, get_processor_count = sys_get_processor_count,
            getpagesize = sys_getpagesize, getpid = sys_getpid, read_entropy = sys_read_entropy;
        queues:
            add_queue = sys_add_queue, destroy_queue = sys_destroy_queue,
            init_queue = sys_init_queue, notify = sys_notify, wait = sys_wait;
        semaphore:
            sem_destroy = sys_sem_destroy, sem_init = sys_sem_init, sem_post = sys_sem_post,
            sem_timedwait = sys_sem_timedwait, sem_trywait = sys_sem_trywait;
        names:
            freeaddrinfo = sys_freeaddrinfo, getaddrbyname = sys_getaddrbyname,
            getaddrinfo = sys_getaddrinfo;
        sockets:
            accept = sys_accept, bind = sys_bind, connect = sys_connect, getpeername = sys_getpeername,
            getsockname = sys_getsockname, getsockopt = sys_getsockopt, listen = sys_listen,
            network_init = sys_network_init, recv = sys_recv, recvfrom = sys_recvfrom,
            send = sys_send, sendto = sys_sendto, setsockopt = sys_setsockopt,
            shutdown = sys_shutdown, shutdown_socket = sys_shutdown_socket, socket = sys_socket;
        threads:
            block_current_task = sys_block_current_task,
            block_current_task_with_timeout = sys_block_current_task_with_timeout,
            join = sys_join, spawn = sys_spawn, spawn2 = sys_spawn2,
            wakeup_task = sys_wakeup_taskt, yield_now = sys_yield;
        time:
            clock_gettime = sys_clock_gettime, nanosleep = sys_nanosleep, usleep = sys_usleep;
    };
    // The crate keeps these two to itself.
    let private = [
        crate::threads::sys_get_priority::SYMBOL,
        crate::threads::sys_set_priority::SYMBOL,
    ];
    let symbols: Vec<_> = symbols.into_iter().chain(private).collect();
    let names: BTreeSet<_> = symbols.iter().map(|symbol| symbol.name).collect();
    assert_eq!((names.len(), symbols.len()), (82, 82), "each once");
    crate::table::check(symbols);
}

#[test]
fn every_function_that_the_abi_declares_is_defined() {
    let declared = names_in(&abi_source(), "sys_");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let defined: BTreeSet<String> = fs::read_dir(own)
        .expect("the crate has sources")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.is_file())
        .map(fs::read_to_string)
        .flat_map(|text| names_in(&text.expect("it is text"), "fn sys_"))
        .collect();
    assert_eq!(
        declared.len(),
        82,
        "hermit-abi changed: look at its new functions"
    );
    assert_eq!(
        declared.difference(&defined).count(),
        0,
        "{declared:?} {defined:?}"
    );
}

/// The names in `text` that begin with the end of `prefix`, after `prefix`.
fn names_in(text: &str, prefix: &str) -> BTreeSet<String> {
    text.split(prefix)
        .skip(1)
        .map(|rest| {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            rest.split(|c| !is_name(c)).next().unwrap_or("").to_string()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

/// The source of the newest `hermit-abi` that this build knows.
fn abi_source() -> String {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .expect("cargo runs");
    let text = String::from_utf8(output.stdout).expect("cargo speaks UTF-8");
    let manifest = text
        .split('"')
        .find(|word| word.contains("/hermit-abi-0.5.") && word.ends_with("/Cargo.toml"))
        .expect("hermit-abi is a dependency");
    let folder = PathBuf::from(manifest);
    let folder = folder.parent().expect("a manifest lies in a folder");
    fs::read_to_string(folder.join("src/lib.rs")).expect("the source is there")
}
