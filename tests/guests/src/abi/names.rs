//! Names and sockets on a machine without a network.

use std::ffi::CStr;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::ptr;

use hermit_abi::{
    AF_INET, AF_INET6, EAFNOSUPPORT, EAGAIN, EAI_AGAIN, EAI_NONAME, EAI_SYSTEM, EBADF,
    ECONNREFUSED, EFAULT, EINVAL, ENETUNREACH, ENOTSOCK, SOCK_STREAM, addrinfo, bind, close,
    freeaddrinfo, get_errno, getaddrbyname, getaddrinfo, socket,
};

use crate::checks::same;

pub fn run() -> Result<(), String> {
    through_std()?;
    lists()?;
    single()?;
    sockets()
}

fn through_std() -> Result<(), String> {
    let found: Vec<SocketAddr> = ("localhost", 80)
        .to_socket_addrs()
        .map_err(|error| error.to_string())?
        .collect();
    let wanted: [SocketAddr; 2] = [
        ([127, 0, 0, 1], 80).into(),
        ([0, 0, 0, 0, 0, 0, 0, 1], 80).into(),
    ];
    same("localhost", found.as_slice(), &wanted[..])?;
    same("a name", "example.org:80".to_socket_addrs().is_err(), true)?;
    let connect = |to: &str| TcpStream::connect(to).map_err(|error| error.raw_os_error());
    let refused = connect("127.0.0.1:1").err();
    same("connect to nobody", refused, Some(Some(ECONNREFUSED)))?;
    let unreachable = connect("192.0.2.1:1").err();
    same("connect to far away", unreachable, Some(Some(ENETUNREACH)))
}

fn look_up(node: &CStr) -> (i32, *mut addrinfo) {
    let mut list = ptr::null_mut();
    // SAFETY: all pointers are valid or null.
    let code = unsafe { getaddrinfo(node.as_ptr(), ptr::null(), ptr::null(), &mut list) };
    (code, list)
}

fn lists() -> Result<(), String> {
    for _ in 0..1000 {
        let (code, list) = look_up(c"::1");
        same("a number", code, 0)?;
        // SAFETY: the list was just made.
        same("its family", unsafe { (*list).ai_family }, AF_INET6)?;
        // SAFETY: nobody uses it any more.
        unsafe { freeaddrinfo(list) };
    }
    same("a name", look_up(c"example.org").0, EAI_AGAIN)?;
    same("nothing", look_up(c"").0, EAI_NONAME)?;
    let mut list = ptr::null_mut();
    // SAFETY: the ABI is to refuse a kernel's pointer.
    unsafe {
        let kernel = ptr::with_exposed_provenance(domains::layout::SAFE.start as usize);
        let code = getaddrinfo(kernel, ptr::null(), ptr::null(), &mut list);
        same("a kernel's name", (code, get_errno()), (EAI_SYSTEM, EFAULT))?;
        let text = c"1.2.3.4".as_ptr();
        let target = kernel.cast_mut().cast();
        let code = getaddrinfo(text, ptr::null(), ptr::null(), target);
        same(
            "a kernel's result",
            (code, get_errno()),
            (EAI_SYSTEM, EFAULT),
        )
    }
}

fn single() -> Result<(), String> {
    let mut four = [0; 4];
    let mut six = [0; 16];
    let (name, other) = (c"10.0.2.15".as_ptr(), c"example.org".as_ptr());
    // SAFETY: the places have the sizes that are said.
    unsafe {
        same("four", getaddrbyname(name, four.as_mut_ptr(), 4), 0)?;
        same(
            "localhost",
            getaddrbyname(c"localhost".as_ptr(), six.as_mut_ptr(), 16),
            0,
        )?;
        same(
            "a name",
            getaddrbyname(other, four.as_mut_ptr(), 4),
            -EAGAIN,
        )?;
        same("a size", getaddrbyname(name, four.as_mut_ptr(), 5), -EINVAL)?;
        same(
            "null",
            getaddrbyname(ptr::null(), four.as_mut_ptr(), 4),
            -EFAULT,
        )?;
    }
    same("four", four, [10, 0, 2, 15])?;
    same("six", six[15], 1)
}

fn sockets() -> Result<(), String> {
    // SAFETY: no pointer is followed.
    unsafe {
        let stream = socket(AF_INET, SOCK_STREAM, 0);
        same("socket", stream > 2, true)?;
        same(
            "what it is bound to",
            bind(stream, ptr::null(), 16),
            -EFAULT,
        )?;
        same("its end", close(stream), 0)?;
        same("vsock", socket(2, SOCK_STREAM, 0), -EAFNOSUPPORT)?;
        same("bind of a stream", bind(1, ptr::null(), 0), -ENOTSOCK)?;
        same("bind of nothing", bind(-1, ptr::null(), 0), -EBADF)
    }
}
