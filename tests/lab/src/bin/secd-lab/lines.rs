//! Where command lines come from.

use std::fs;
use std::io::{self, BufRead};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

/// Lines from standard input and from the control file.
///
/// The end of standard input counts as `quit`, unless there never was an input: a closed one is
/// `/dev/null` to a Rust program.
pub(crate) fn commands(control: Option<&Path>) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    if let Some(path) = control {
        let (path, sender) = (path.to_owned(), sender.clone());
        thread::spawn(move || follow(&path, &sender));
    }
    thread::spawn(move || read_input(&sender));
    receiver
}

fn read_input(sender: &Sender<String>) {
    if input_is_null() {
        // Keeps the channel open: only a signal or the control file ends the lab.
        loop {
            thread::park();
        }
    }
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        if sender.send(line).is_err() {
            return;
        }
    }
    // The receiver may have gone at the same moment.
    let _ = sender.send("quit".to_owned());
}

fn input_is_null() -> bool {
    let device = |path: &str| fs::metadata(path).map(|facts| facts.rdev());
    matches!((device("/dev/stdin"), device("/dev/null")), (Ok(one), Ok(two)) if one == two)
}

/// Sends every line that is complete, from the start of the file, which need not exist yet.
fn follow(path: &PathBuf, sender: &Sender<String>) {
    let mut taken = 0;
    loop {
        let text = fs::read_to_string(path).unwrap_or_default();
        while let Some((line, _)) = text.get(taken..).and_then(|rest| rest.split_once('\n')) {
            taken += line.len() + 1;
            if sender.send(line.to_owned()).is_err() {
                return;
            }
        }
        thread::sleep(LOOK_EVERY);
    }
}

const LOOK_EVERY: Duration = Duration::from_millis(50);
