//! The system calls that the agent makes: one table for all architectures.

use libc::{
    AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, CLONE_THREAD, F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD,
    F_GETFL, F_SETFD, F_SETFL, PR_CAPBSET_READ, PR_GET_DUMPABLE, PR_SET_NAME, PR_SET_NO_NEW_PRIVS,
    PROT_EXEC, c_int, c_long,
};

/// One call by its number here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SystemCall {
    constant: &'static str,
    pub(super) number: u32,
    /// When it is allowed.
    pub rule: CallRule,
}

impl SystemCall {
    /// As the manual and tracers call it (syscalls(2)).
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.constant.trim_start_matches("SYS_")
    }
}

/// When a call is allowed. Arguments are counted from 0, and only their lower 32 bits looked at, unless
/// they are pointers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CallRule {
    /// Fails as in a kernel that does not have it: the C library has another way.
    Absent,
    /// Whatever its arguments are.
    Always,
    /// Until every socket for clients is open.
    Listening,
    /// If an argument is a null pointer.
    Null(u8),
    /// If an argument has one of these values.
    OneOf(u8, &'static [u32]),
    /// If the first argument is this process.
    OwnProcess,
    /// If all these bits are set in an argument.
    With(u8, u32),
    /// If none of these bits is set in an argument.
    Without(u8, u32),
}

use CallRule::{Absent, Always, Listening, Null, OneOf, OwnProcess, With, Without};

macro_rules! calls {
    ($($(#[$only:meta])? $name:ident $rule:expr;)*) => {
        /// All that are allowed, or fail quietly; the most frequent first.
        ///
        /// # Source
        /// `tests/sandbox.rs` compares the table with what strace(1) sees of the agent, both ways;
        /// the calls of ARM are those that `qemu-arm-static -strace` shows of the same tests.
        pub const CALLS: &[SystemCall] = &[$(
            $(#[$only])?
            SystemCall { constant: stringify!($name), number: number(numbers::$name), rule: $rule },
        )*];
    };
}

/// Of the architecture that this is compiled for.
mod numbers {
    pub(super) use libc::*;

    /// Those of ARM with 64 bits for the time, which the library does not name.
    ///
    /// # Source
    /// `arch/arm/tools/syscall.tbl` of Linux.
    #[cfg(target_arch = "arm")]
    #[expect(non_upper_case_globals, reason = "as the library writes the others")]
    mod of_time {
        use libc::c_long;

        pub(crate) const SYS_clock_gettime64: c_long = 403;
        pub(crate) const SYS_utimensat_time64: c_long = 412;
        pub(crate) const SYS_futex_time64: c_long = 422;
    }
    #[cfg(target_arch = "arm")]
    pub(super) use of_time::*;
}

/// Numbers of calls are small, but ARM's own ones, which fit as well.
#[expect(clippy::as_conversions, reason = "no other conversion is possible in a constant")]
const fn number(number: c_long) -> u32 {
    number as u32
}

#[expect(clippy::as_conversions, reason = "no other conversion is possible in a constant")]
const fn bits(bits: c_int) -> u32 {
    bits as u32
}

/// Local sockets, both families of the network, and the kernel's own list of addresses.
const FAMILIES: &[u32] = &[bits(AF_UNIX), bits(AF_INET), bits(AF_INET6), bits(AF_NETLINK)];

/// Another descriptor of the same file, and flags. Not who gets a signal when something can be read
/// there, and which one: that could be any process of the same user.
const ORDERS: &[u32] = &[
    bits(F_DUPFD),
    bits(F_DUPFD_CLOEXEC),
    bits(F_GETFD),
    bits(F_SETFD),
    bits(F_GETFL),
    bits(F_SETFL),
];

/// Whether a descriptor waits, whether it is a terminal, and numbers of interfaces.
const REQUESTS: &[u32] = &[FIONBIO, TCGETS, TCGETS2, SIOCGIFINDEX];
const FIONBIO: u32 = 0x5421;
const TCGETS: u32 = 0x5401;
const TCGETS2: u32 = 0x802c_542a;
const SIOCGIFINDEX: u32 = 0x8933;

/// What a process may ask about itself, the name of a thread, and what a filter asks for.
const OWN_AFFAIRS: &[u32] =
    &[bits(PR_SET_NAME), bits(PR_GET_DUMPABLE), bits(PR_CAPBSET_READ), bits(PR_SET_NO_NEW_PRIVS)];

calls! {
    // --- waiting
    #[cfg(not(target_arch = "aarch64"))]
    SYS_epoll_wait Always;
    SYS_epoll_pwait Always;
    SYS_epoll_ctl Always;
    SYS_futex Always;
    #[cfg(target_arch = "arm")]
    SYS_futex_time64 Always;
    // The first where the kernel has no page for it that a process may read.
    SYS_clock_gettime Always;
    #[cfg(target_arch = "arm")]
    SYS_clock_gettime64 Always;
    SYS_restart_syscall Always;
    // --- memory: nothing of it becomes code
    SYS_brk Always;
    #[cfg(not(target_arch = "arm"))]
    SYS_mmap Without(2, bits(PROT_EXEC));
    #[cfg(target_arch = "arm")]
    SYS_mmap2 Without(2, bits(PROT_EXEC));
    SYS_mprotect Without(2, bits(PROT_EXEC));
    SYS_mremap Always;
    SYS_munmap Always;
    SYS_madvise Always;
    // --- open files
    SYS_read Always;
    SYS_write Always;
    SYS_writev Always;
    SYS_close Always;
    #[cfg(not(target_arch = "arm"))]
    SYS_fcntl OneOf(1, ORDERS);
    #[cfg(target_arch = "arm")]
    SYS_fcntl64 OneOf(1, ORDERS);
    #[cfg(not(target_arch = "arm"))]
    SYS_lseek Always;
    #[cfg(target_arch = "arm")]
    SYS__llseek Always;
    SYS_fsync Always;
    SYS_flock Always;
    SYS_fchmod Always;
    SYS_ioctl OneOf(1, REQUESTS);
    SYS_utimensat Always;
    #[cfg(target_arch = "arm")]
    SYS_utimensat_time64 Always;
    // --- files by name, as far as Landlock lets them be reached
    SYS_openat Always;
    SYS_statx Always;
    SYS_getdents64 Always;
    // Of the C library, for a folder that it opens.
    #[cfg(not(target_arch = "arm"))]
    SYS_newfstatat Always;
    #[cfg(target_arch = "arm")]
    SYS_fstat64 Always;
    SYS_linkat Always;
    SYS_renameat Always;
    SYS_unlinkat Always;
    SYS_faccessat2 Always;
    SYS_fchmodat Always;
    SYS_readlinkat Always;
    #[cfg(target_arch = "aarch64")]
    SYS_mkdirat Always;
    #[cfg(not(target_arch = "aarch64"))]
    SYS_mkdir Always;
    #[cfg(not(target_arch = "aarch64"))]
    SYS_rename Always;
    #[cfg(not(target_arch = "aarch64"))]
    SYS_unlink Always;
    #[cfg(not(target_arch = "aarch64"))]
    SYS_rmdir Always;
    #[cfg(not(target_arch = "aarch64"))]
    SYS_chmod Always;
    #[cfg(not(target_arch = "aarch64"))]
    SYS_readlink Always;
    // --- sockets
    SYS_socket OneOf(0, FAMILIES);
    SYS_bind Always;
    SYS_connect Always;
    SYS_accept4 Always;
    SYS_listen Listening;
    SYS_getsockname Always;
    SYS_getpeername Always;
    SYS_getsockopt Always;
    SYS_setsockopt Always;
    SYS_sendto Always;
    SYS_recvfrom Always;
    #[cfg(target_arch = "arm")]
    SYS_send Always;
    #[cfg(target_arch = "arm")]
    SYS_recv Always;
    SYS_sendmsg Always;
    SYS_recvmsg Always;
    SYS_shutdown Always;
    // --- threads of this process, and no other process
    SYS_clone With(0, bits(CLONE_THREAD));
    SYS_clone3 Absent;
    SYS_set_robust_list Always;
    SYS_rseq Always;
    SYS_sigaltstack Always;
    SYS_sched_getaffinity Always;
    SYS_gettid Always;
    SYS_exit Always;
    SYS_exit_group Always;
    // --- signals, to this process alone
    SYS_rt_sigaction Always;
    SYS_rt_sigprocmask Always;
    SYS_rt_sigreturn Always;
    #[cfg(target_arch = "arm")]
    SYS_sigreturn Always;
    SYS_tgkill OwnProcess;
    // --- about this process
    SYS_getpid Always;
    #[cfg(not(target_arch = "arm"))]
    SYS_geteuid Always;
    #[cfg(target_arch = "arm")]
    SYS_geteuid32 Always;
    SYS_getrandom Always;
    SYS_prctl OneOf(0, OWN_AFFAIRS);
    SYS_prlimit64 Null(2);
    #[cfg(target_arch = "arm")]
    SYS_ugetrlimit Always;
    // --- to make this list shorter
    SYS_seccomp Listening;
}
