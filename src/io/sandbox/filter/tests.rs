use super::*;

/// What the kernel's machine makes of a program: the parts of it that are used here.
fn run(program: &[sock_filter], architecture: u32, call: u32, arguments: [u64; 6]) -> u32 {
    let mut data = Vec::new();
    data.extend(call.to_le_bytes());
    data.extend(architecture.to_le_bytes());
    data.extend([0; 8]);
    data.extend(arguments.iter().flat_map(|argument| argument.to_le_bytes()));
    let (mut at, mut accumulator) = (0, 0);
    loop {
        let sock_filter { code, jt, jf, k } = &program[at];
        at += 1;
        let leap = |holds: bool| usize::from(if holds { *jt } else { *jf });
        match *code {
            0x20 => {
                let start = usize::try_from(*k).unwrap();
                accumulator = u32::from_le_bytes(data[start..start + 4].try_into().unwrap());
            }
            0x54 => accumulator &= k,
            EQUAL => at += leap(accumulator == *k),
            0x35 => at += leap(accumulator >= *k),
            ANY_BIT => at += leap(accumulator & k != 0),
            0x06 => return *k,
            other => panic!("{other:#x}"),
        }
    }
}

fn number(name: &str) -> u32 {
    CALLS.iter().find(|call| call.name() == name).expect("a call of the table").number
}

fn judged(name: &str, arguments: [u64; 6]) -> u32 {
    let program = program(CALLS, Listening::Over, 42);
    run(&program, ARCHITECTURE, number(name), arguments)
}

#[test]
fn what_is_listed_is_allowed_and_all_else_ends_the_process() {
    let program = program(CALLS, Listening::Over, 42);
    let allowed: Vec<u32> =
        CALLS.iter().filter(|call| call.rule == CallRule::Always).map(|call| call.number).collect();
    for call in 0..1024 {
        let verdict = run(&program, ARCHITECTURE, call, [0; 6]);
        if allowed.contains(&call) {
            assert_eq!(verdict, ALLOW, "{call}");
        } else if CALLS.iter().all(|listed| listed.number != call) {
            assert_eq!(verdict, KILL, "{call}");
        }
    }
}

#[test]
fn a_call_of_another_architecture_ends_the_process() {
    let program = program(CALLS, Listening::Over, 42);
    // That of 32-bit x86, whose numbers are others.
    assert_eq!(run(&program, 0x4000_0003, number("read"), [0; 6]), KILL);
    #[cfg(target_arch = "x86_64")]
    assert_eq!(run(&program, ARCHITECTURE, number("read") | 0x4000_0000, [0; 6]), KILL);
}

#[test]
fn sockets_are_local_or_of_the_internet_or_of_routing() {
    for (family, verdict) in
        [(1, ALLOW), (2, ALLOW), (10, ALLOW), (16, ALLOW), (17, KILL), (40, KILL)]
    {
        assert_eq!(judged("socket", [family, 1, 0, 0, 0, 0]), verdict, "{family}");
    }
}

#[test]
fn a_thread_may_be_started_and_a_process_may_not() {
    let thread = 0x003d_0f00;
    assert_eq!(judged("clone", [thread, 0, 0, 0, 0, 0]), ALLOW);
    assert_eq!(judged("clone", [17, 0, 0, 0, 0, 0]), KILL);
    assert_eq!(judged("clone3", [0; 6]), ABSENT);
}

#[test]
fn no_memory_becomes_code() {
    let map = if cfg!(target_arch = "arm") { "mmap2" } else { "mmap" };
    for call in [map, "mprotect"] {
        assert_eq!(judged(call, [0, 4096, 3, 0, 0, 0]), ALLOW);
        assert_eq!(judged(call, [0, 4096, 5, 0, 0, 0]), KILL);
    }
}

#[test]
fn a_signal_reaches_this_process_alone() {
    assert_eq!(judged("tgkill", [42, 43, 6, 0, 0, 0]), ALLOW);
    assert_eq!(judged("tgkill", [1, 1, 6, 0, 0, 0]), KILL);
}

#[test]
fn no_other_process_gets_a_signal_for_a_file() {
    let fcntl = if cfg!(target_arch = "arm") { "fcntl64" } else { "fcntl" };
    let get_descriptor_flags = 1;
    assert_eq!(judged(fcntl, [3, get_descriptor_flags, 0, 0, 0, 0]), ALLOW);
    // F_SETOWN, F_SETSIG, F_SETOWN_EX.
    for order in [8, 10, 15] {
        assert_eq!(judged(fcntl, [3, order, 1, 0, 0, 0]), KILL, "{order}");
    }
}

#[test]
fn limits_are_read_and_not_set() {
    assert_eq!(judged("prlimit64", [0, 7, 0, 1, 0, 0]), ALLOW);
    assert_eq!(judged("prlimit64", [0, 7, 1, 0, 0, 0]), KILL);
    // An address whose lower half is zero is one all the same.
    assert_eq!(judged("prlimit64", [0, 7, 1 << 32, 0, 0, 0]), KILL);
}

#[test]
fn listening_ends_when_every_socket_is_open() {
    let verdict =
        |listening| run(&program(CALLS, listening, 42), ARCHITECTURE, number("listen"), [0; 6]);
    assert_eq!(verdict(Listening::ToCome), ALLOW);
    assert_eq!(verdict(Listening::Over), KILL);
}
