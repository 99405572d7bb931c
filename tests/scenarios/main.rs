//! The acceptance tables of domain facts 9, executed: a cluster with real servers is moved from
//! state to state, and an agent in this process must do what the row says.
//!
//! `cargo test --test scenarios -- --nocapture` prints a line a row.

mod lab;
mod log;
mod outside;
#[allow(dead_code, reason = "other tests use all of it")]
mod phone;
mod row;
mod rows;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use outside::Outside;
use row::{Era, Outcome, Row, Stage};
use secd::io::sandbox::{self, Folders, Listening};
use tokio::runtime::Builder;

#[test]
fn every_row_of_the_acceptance_tables_holds() {
    listen();
    let chosen = std::env::var("ROW").ok();
    let is_chosen = |row: &&Row| chosen.as_ref().is_none_or(|id| id == row.id);
    let rows: Vec<&Row> = rows::groups().into_iter().flat_map(|(_, rows)| rows).collect();
    let rows: Vec<&Row> = rows.into_iter().filter(is_chosen).collect();
    let outcomes = run_all(&rows, Era::Current);
    expect_all(&rows, &outcomes);
}

#[test]
fn the_rows_of_questions_hold_over_tls_1_0() {
    listen();
    let old = ["R1", "V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8", "V9"];
    let rows = rows::groups().into_iter().flat_map(|(_, rows)| rows);
    let rows: Vec<&Row> = rows.filter(|row| old.contains(&row.id)).collect();
    assert_eq!(rows.len(), old.len());
    let outcomes = run_all(&rows, Era::Old);
    expect_all(&rows, &outcomes);
}

/// Has the log kept down to what only explains: rows of CAPF go by it.
fn listen() {
    log::start();
    ::log::set_max_level(::log::LevelFilter::Debug);
}

#[track_caller]
fn expect_all(rows: &[&Row], outcomes: &[Outcome]) {
    for (row, outcome) in rows.iter().zip(outcomes) {
        print_row(row, outcome);
    }
    print_counts(rows, outcomes);
    let wrong = |(row, outcome): (&&Row, &Outcome)| (!outcome.holds()).then_some(row.id);
    let wrong: Vec<&str> = rows.iter().zip(outcomes).filter_map(wrong).collect();
    assert!(wrong.is_empty(), "rows that do not hold: {wrong:?}");
}

#[test]
fn every_row_is_there_once() {
    let expected = "B1 B2 B3 B4 B5 B6 B7 B8 B9 B10 B11 B12 B13 R1 R2 R2b R3 R4 R5 R6 R7 R8 R9 R10 R11 R12 R13 \
         H1 H2 H3a H3b H4 H5 H6 H7 H8 M1 M2 M3 M3b M4 M5 M6 M7 M8 D1 D2 D3 D3b D4 D5 \
         T1 T2 T3 T4 T5 P1 P2 P3 P4 P5 P6 P7 V1 V2 V3 V4 V5 V6 V7 V8 V9 V10 V11 V12 V13 V14 V14b V15 \
         W2 W25 W25b W25c W25d W25e F1 F2 F3 F4 F5 F6 F7 F8 F9 M2o M3o M3u M4o H2o T4o \
         A1 A2 A3 A4 A5 A6 \
         L1 L2 L3 L4 L5 L6 L7 L8 L9 L10 L11 L12 L13 L14 L15 L16 \
         N1 N2 N3 N4 N5 N6 N7 N8 N9 N10 N11 N12";
    let there: Vec<&str> =
        rows::groups().into_iter().flat_map(|(_, rows)| rows).map(|row| row.id).collect();
    assert_eq!(there, expected.split_whitespace().collect::<Vec<_>>());
    assert_eq!(there.iter().collect::<BTreeSet<_>>().len(), there.len());
}

/// Runs the rows on a few threads: much of a row is waiting.
fn run_all(rows: &[&Row], era: Era) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let stage = confined();
                while let Some((place, row)) = {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    rows.get(place).map(|row| (place, row))
                } {
                    let outcome = row::run(row, era, &stage);
                    outcomes.lock().expect("no row panics with it").push((place, outcome));
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().expect("all rows are through");
    outcomes.sort_by_key(|(place, _)| *place);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// A stage whose thread is in the sandbox: what the agent may not do there ends the test.
fn confined() -> Stage {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let stage = Stage {
        runtime,
        outside: Outside::start(),
        folder: tempfile::tempdir().expect("a temporary folder"),
    };
    let written = vec![stage.folder.path().to_path_buf(), "/dev/shm".into()];
    let read = vec!["/etc".into(), "/proc".into()];
    let folders = Folders { written, read, ..Folders::default() };
    let entered = sandbox::confine_thread(&folders, Listening::Over);
    assert_eq!(entered.failures(), []);
    stage
}

fn print_row(row: &Row, outcome: &Outcome) {
    let Row { id, start, server, .. } = row;
    let expected = outcome.expected.join(" / ");
    if outcome.is_outside {
        println!("{id:4} | {start} | {server} | {expected} | not looked at | outside the agent");
    } else if outcome.holds() {
        println!("{id:4} | {start} | {server} | {expected} | seen: the same | ok");
    } else {
        println!("{id:4} | {start} | {server} | WRONG");
        let steps = outcome.expected.iter().zip(&outcome.seen);
        for (expected, seen) in steps.filter(|(expected, seen)| expected != seen) {
            println!("    expected {expected}\n    seen     {seen}");
        }
    }
}

fn print_counts(rows: &[&Row], outcomes: &[Outcome]) {
    for (group, members) in rows::groups() {
        let of_group = |row: &Row| members.iter().any(|member| member.id == row.id);
        let outcomes: Vec<&Outcome> =
            rows.iter().zip(outcomes).filter(|(row, _)| of_group(row)).map(|(_, o)| o).collect();
        let outside = outcomes.iter().filter(|outcome| outcome.is_outside).count();
        let ok = outcomes.iter().filter(|outcome| outcome.holds()).count() - outside;
        let all = outcomes.len();
        println!("{group}: {all} rows, {ok} ok, {outside} outside, {} wrong", all - ok - outside);
    }
}

const THREADS: usize = 4;
