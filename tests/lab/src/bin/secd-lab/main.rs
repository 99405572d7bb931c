//! The lab by hand: `secd-lab serve DIR` and `secd-lab make DIR`.
#![expect(clippy::disallowed_methods, reason = "test equipment: it writes files and waits")]

mod arguments;
mod enrol;
mod folder;
mod lines;
mod make;
mod serve;
mod web;

use std::process::ExitCode;

use arguments::Command;

fn main() -> ExitCode {
    let outcome = match arguments::parse() {
        Ok(Command::Help) => {
            print!("{}\nOdd TFTP servers:\n{}", arguments::USAGE, arguments::odd_servers());
            print!("\nOdd HTTP servers:\n{}", arguments::odd_http_servers());
            print!("\nOdd CAPF servers:\n{}", arguments::odd_capf_servers());
            Ok(())
        }
        Ok(Command::Make { directory, payload, release }) => {
            make::make(&directory, payload, release)
        }
        Ok(Command::Serve(options)) => serve::serve(&options),
        Err(error) => {
            eprint!("secd-lab: {error}\n{}", arguments::USAGE);
            return ExitCode::from(64);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("secd-lab: {error}");
            ExitCode::FAILURE
        }
    }
}
