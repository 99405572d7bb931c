//! System calls: the program that the kernel runs before each of them.
//!
//! # Layout
//! Architecture, then number, then for some the arguments, each compared in turn; what is not in
//! [`CALLS`] ends the process (seccomp(2), `linux/filter.h`, `linux/seccomp.h`).

use std::io;

use seccompiler::{apply_filter, sock_filter};

use super::calls::{CALLS, CallRule, SystemCall};

/// Whether sockets for clients may still be opened.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Listening {
    /// The agent will not listen anywhere else.
    #[default]
    Over,
    /// The local socket could not be opened yet: [`super::stop_listening`] comes later.
    ToCome,
}

/// Has the kernel end this process at a call that is not listed. Calls that are refused stay so: a
/// later filter comes on top.
///
/// # Errors
/// If the kernel has no such filters, or refuses; or if the C library is not the one whose calls are
/// listed.
pub(super) fn install(listening: Listening) -> io::Result<()> {
    // Others make other calls for the same ends, and the kernel would end the agent for them.
    if !cfg!(target_env = "gnu") {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let program = program(CALLS, listening, std::process::id());
    apply_filter(&program).map_err(|error| match error {
        seccompiler::Error::Prctl(source) | seccompiler::Error::Seccomp(source) => source,
        other => io::Error::other(other),
    })
}

fn program(calls: &[SystemCall], listening: Listening, own: u32) -> Vec<sock_filter> {
    let mut program =
        vec![load(ARCHITECTURE_AT), jump(EQUAL, ARCHITECTURE, 1, 0), give(KILL), load(NUMBER_AT)];
    // The numbers of x32, which is x86-64 with other sizes, are the same with a bit more.
    #[cfg(target_arch = "x86_64")]
    program.extend([jump(AT_LEAST, 0x4000_0000, 0, 1), give(KILL)]);
    for call in calls {
        let verdict = verdict(call.rule, listening, own);
        // Where the number differs, the verdict is jumped over: none is that long.
        let length = u8::try_from(verdict.len()).unwrap_or(u8::MAX);
        program.push(jump(EQUAL, call.number, 0, length));
        program.extend(verdict);
    }
    program.push(give(KILL));
    program
}

/// What becomes of a call whose number has matched. Ends with a verdict in every case.
fn verdict(rule: CallRule, listening: Listening, own: u32) -> Vec<sock_filter> {
    match rule {
        CallRule::Always => vec![give(ALLOW)],
        CallRule::Listening if listening == Listening::ToCome => vec![give(ALLOW)],
        CallRule::Listening => vec![give(KILL)],
        CallRule::Absent => vec![give(ABSENT)],
        CallRule::OwnProcess => one_of(0, &[own]),
        CallRule::Null(argument) => null(argument),
        CallRule::OneOf(argument, values) => one_of(argument, values),
        CallRule::With(argument, bits) => vec![
            load(argument_at(argument)),
            and(bits),
            jump(EQUAL, bits, 0, 1),
            give(ALLOW),
            give(KILL),
        ],
        CallRule::Without(argument, bits) => {
            vec![load(argument_at(argument)), jump(ANY_BIT, bits, 0, 1), give(KILL), give(ALLOW)]
        }
    }
}

fn one_of(argument: u8, values: &[u32]) -> Vec<sock_filter> {
    let mut program = vec![load(argument_at(argument))];
    for value in values {
        program.extend([jump(EQUAL, *value, 0, 1), give(ALLOW)]);
    }
    program.push(give(KILL));
    program
}

/// Both halves: the lower one of an address is zero once in 4 GiB. Where pointers have 32 bits, the
/// upper one is zero.
fn null(argument: u8) -> Vec<sock_filter> {
    let lower = argument_at(argument);
    vec![
        load(lower),
        jump(EQUAL, 0, 0, 3),
        load(lower + 4),
        jump(EQUAL, 0, 0, 1),
        give(ALLOW),
        give(KILL),
    ]
}

/// Where an argument is in what the kernel hands to the program: its lower half.
///
/// # Layout
/// `struct seccomp_data`: number and architecture of 4 bytes each, 8 bytes of address, then six
/// arguments of 8 bytes, in the order of bytes of the processor, which is little-endian for all that
/// have a table.
fn argument_at(argument: u8) -> u32 {
    16 + 8 * u32::from(argument)
}

const NUMBER_AT: u32 = 0;
const ARCHITECTURE_AT: u32 = 4;

const fn load(at: u32) -> sock_filter {
    sock_filter { code: 0x20, jt: 0, jf: 0, k: at }
}

const fn and(bits: u32) -> sock_filter {
    sock_filter { code: 0x54, jt: 0, jf: 0, k: bits }
}

/// Goes on after so many instructions if the comparison holds, or after so many if not.
const fn jump(comparison: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code: comparison, jt, jf, k }
}

const fn give(verdict: u32) -> sock_filter {
    sock_filter { code: 0x06, jt: 0, jf: 0, k: verdict }
}

/// Comparisons with a constant (`BPF_JMP | BPF_JEQ`, `BPF_JGE`, `BPF_JSET`).
const EQUAL: u16 = 0x15;
#[cfg(target_arch = "x86_64")]
const AT_LEAST: u16 = 0x35;
const ANY_BIT: u16 = 0x45;

/// Verdicts (`SECCOMP_RET_KILL_PROCESS`, `SECCOMP_RET_ALLOW`, `SECCOMP_RET_ERRNO` with ENOSYS, 38).
const KILL: u32 = 0x8000_0000;
const ALLOW: u32 = 0x7fff_0000;
const ABSENT: u32 = 0x0005_0000 | 38;

/// The architecture of this program by its number in `linux/audit.h`: that of ELF, with a bit for
/// little-endian and one for 64 bits.
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;
#[cfg(target_arch = "arm")]
const ARCHITECTURE: u32 = 0x4000_0028;

#[cfg(test)]
mod tests;
