//! Wait queues of the old ABI, which nothing uses: not served.

use hermit_abi::ENOSYS;

use crate::export::refuse;

refuse! {
    /// Would make a queue.
    fn sys_init_queue(id: usize) -> i32: ENOSYS;
    /// Would end a queue.
    fn sys_destroy_queue(id: usize) -> i32: ENOSYS;
    /// Would add the calling thread to a queue.
    fn sys_add_queue(id: usize, timeout_ns: i64) -> i32: ENOSYS;
    /// Would wait for a notification.
    fn sys_wait(id: usize) -> i32: ENOSYS;
    /// Would wake threads of a queue.
    fn sys_notify(id: usize, count: i32) -> i32: ENOSYS;
}
