use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};

use tempfile::TempDir;

use super::install::InstallStep;
use super::*;

fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
    dir
}

fn open(dir: &TempDir) -> Store {
    Store::open(dir.path()).unwrap().0
}

fn warnings(dir: &TempDir) -> Vec<StoreWarning> {
    Store::open(dir.path()).unwrap().1
}

fn entry(bytes: &str) -> StoreEntry {
    StoreEntry::new(bytes.into()).with("provenance", "first-use")
}

/// A folder with "old", then "new" in the ITL's slot.
fn twice_installed() -> TempDir {
    let dir = folder();
    let store = open(&dir);
    store.install(Slot::Itl, &entry("old")).unwrap();
    store.install(Slot::Itl, &entry("new")).unwrap();
    dir
}

/// Changes the last byte of a file in place.
fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    overwrite(path, &bytes);
}

fn overwrite(path: &Path, bytes: &[u8]) {
    io::Write::write_all(&mut File::create(path).unwrap(), bytes).unwrap();
}

fn names(dir: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(dir.path()).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_new_store_is_absent_in_every_slot() {
    let dir = folder();
    for slot in Slot::ALL {
        assert_eq!(open(&dir).load(slot), Loaded::Absent);
    }
    assert_eq!(warnings(&dir), []);
}

#[test]
fn what_was_installed_is_there_after_a_restart() {
    let dir = folder();
    open(&dir).install(Slot::Itl, &entry("one")).unwrap();
    assert_eq!(open(&dir).load(Slot::Itl), Loaded::Current(entry("one")));
    assert_eq!(open(&dir).load(Slot::Ctl), Loaded::Absent);
    assert_eq!(warnings(&dir), []);
}

#[test]
fn files_are_private_and_no_others_stay() {
    let dir = twice_installed();
    assert_eq!(names(&dir), ["itl", "itl.present", "itl.previous"]);
    for name in names(&dir) {
        let mode = dir.path().join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
    }
}

#[test]
fn an_install_stopped_after_any_step_leaves_old_or_new() {
    let steps = [
        InstallStep::Written,
        InstallStep::Kept,
        InstallStep::Renamed,
        InstallStep::Synced,
        InstallStep::Marked,
    ];
    for (at, last) in steps.into_iter().enumerate() {
        let dir = twice_installed();
        let outcome =
            open(&dir).install_with(Slot::Itl, &entry("newest"), Before::Replaced, &mut |step| {
                if step == last { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
            });
        assert!(outcome.is_err());
        let expected = if at < 2 { "new" } else { "newest" };
        assert_eq!(open(&dir).load(Slot::Itl), Loaded::Current(entry(expected)), "{last:?}");
        open(&dir).install(Slot::Itl, &entry("last")).unwrap();
        assert_eq!(open(&dir).load(Slot::Itl), Loaded::Current(entry("last")));
    }
}

#[test]
fn a_first_install_stopped_after_any_step_is_absent_or_there() {
    let steps = [
        InstallStep::Written,
        InstallStep::Kept,
        InstallStep::Renamed,
        InstallStep::Synced,
        InstallStep::Marked,
    ];
    for (at, last) in steps.into_iter().enumerate() {
        let dir = folder();
        let outcome =
            open(&dir).install_with(Slot::Ctl, &entry("one"), Before::Replaced, &mut |step| {
                if step == last { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
            });
        assert!(outcome.is_err());
        let expected = if at < 2 { Loaded::Absent } else { Loaded::Current(entry("one")) };
        assert_eq!(open(&dir).load(Slot::Ctl), expected, "{last:?}");
    }
}

#[test]
fn an_erase_stopped_after_any_step_leaves_the_entry_or_nothing() {
    let steps = [
        InstallStep::Unlisted,
        InstallStep::Unmarked,
        InstallStep::PreviousErased,
        InstallStep::CurrentErased,
    ];
    for last in steps {
        let dir = twice_installed();
        let outcome = open(&dir).erase_with(Slot::Itl, &mut |step| {
            if step == last { Err(io::ErrorKind::Other.into()) } else { Ok(()) }
        });
        assert!(outcome.is_err());
        let erased = last == InstallStep::CurrentErased;
        let expected = if erased { Loaded::Absent } else { Loaded::Current(entry("new")) };
        assert_eq!(open(&dir).load(Slot::Itl), expected, "{last:?}");
    }
}

#[test]
fn erase_leaves_nothing_of_the_slot() {
    let dir = twice_installed();
    open(&dir).install(Slot::Ctl, &entry("other")).unwrap();
    open(&dir).erase(Slot::Itl).unwrap();
    open(&dir).erase(Slot::Itl).unwrap();
    assert_eq!(names(&dir), ["ctl", "ctl.present"]);
    assert_eq!(open(&dir).load(Slot::Itl), Loaded::Absent);
}

#[test]
fn a_damaged_entry_falls_back_to_the_previous_one() {
    let dir = twice_installed();
    let path = dir.path().join("itl");
    damage(&path);
    let Loaded::Previous { entry: previous, damage } = open(&dir).load(Slot::Itl) else { panic!() };
    assert_eq!(previous, entry("old"));
    assert_eq!((damage.path, damage.reason), (path, DamageReason::Digest));
}

#[test]
fn a_vanished_entry_falls_back_to_the_previous_one() {
    let dir = twice_installed();
    fs::remove_file(dir.path().join("itl")).unwrap();
    fs::remove_file(dir.path().join("itl.present")).unwrap();
    let Loaded::Previous { damage, .. } = open(&dir).load(Slot::Itl) else { panic!() };
    assert_eq!(damage.reason, DamageReason::Missing);
}

#[test]
fn two_damaged_entries_lock_the_slot_and_both_are_named() {
    let dir = twice_installed();
    damage(&dir.path().join("itl"));
    overwrite(&dir.path().join("itl.previous"), b"");
    let Loaded::Locked { damage } = open(&dir).load(Slot::Itl) else { panic!() };
    let reasons: Vec<DamageReason> = damage.iter().map(|damage| damage.reason).collect();
    assert_eq!(reasons, [DamageReason::Digest, DamageReason::Header { expected: "secd-store 1" }]);
}

#[test]
fn a_marker_without_files_is_damage_and_not_first_use() {
    let dir = twice_installed();
    fs::remove_file(dir.path().join("itl")).unwrap();
    fs::remove_file(dir.path().join("itl.previous")).unwrap();
    let Loaded::Locked { damage } = open(&dir).load(Slot::Itl) else { panic!() };
    let path = dir.path().join("itl");
    assert_eq!(damage, [Damage { path, offset: 0, reason: DamageReason::Missing }]);
}

/// A folder with a configuration and both lists.
fn all_installed() -> TempDir {
    let dir = folder();
    let store = open(&dir);
    for slot in [Slot::Ctl, Slot::Itl, Slot::Configuration] {
        store.install(slot, &entry(slot.name())).unwrap();
    }
    dir
}

/// Removes every trace of a slot.
fn lose(dir: &TempDir, slot: Slot) {
    for name in ["", ".previous", ".present"] {
        let _ = fs::remove_file(dir.path().join(format!("{slot}{name}")));
    }
}

fn is_locked(dir: &TempDir, slot: Slot) -> bool {
    matches!(open(dir).load(slot), Loaded::Locked { .. })
}

#[test]
fn a_slot_that_is_lost_with_its_marker_is_missed() {
    for (slot, other) in [(Slot::Ctl, Slot::Itl), (Slot::Itl, Slot::Ctl)] {
        let dir = all_installed();
        lose(&dir, slot);
        assert!(is_locked(&dir, slot), "{slot}");
        assert!(is_locked(&dir, slot), "also at the next start");
        assert_eq!(open(&dir).load(other), Loaded::Current(entry(other.name())));
        lose(&dir, Slot::Configuration);
        assert!(is_locked(&dir, slot), "one marker is enough");
    }
}

#[test]
fn a_slot_that_was_erased_is_not_missed() {
    let dir = all_installed();
    open(&dir).erase(Slot::Ctl).unwrap();
    assert_eq!(open(&dir).load(Slot::Ctl), Loaded::Absent);
    open(&dir).erase(Slot::Itl).unwrap();
    assert_eq!(open(&dir).load(Slot::Itl), Loaded::Absent);
    assert!(open(&dir).remembers(), "they were erased, and not lost");
}

#[test]
fn a_slot_that_is_lost_can_be_erased() {
    let dir = all_installed();
    lose(&dir, Slot::Ctl);
    open(&dir).erase(Slot::Ctl).unwrap();
    assert_eq!(open(&dir).load(Slot::Ctl), Loaded::Absent);
}

#[test]
fn a_marker_that_says_nothing_is_restored_from_the_others() {
    let dir = all_installed();
    let path = dir.path().join("itl.present");
    for text in [&b"secd-installed 1 configuration ctl\n"[..9], b"secd-installed 2 itl\n", b"\0"] {
        overwrite(&path, text);
        let oddity = Oddity::Unreadable { still: None };
        assert_eq!(warnings(&dir), [StoreWarning { path: path.clone(), oddity }]);
        assert_eq!(warnings(&dir), []);
    }
    let text = fs::read_to_string(path).unwrap();
    assert_eq!(text, "secd-installed 1 configuration ctl itl\n");
}

#[test]
fn markers_that_all_say_nothing_leave_no_slot_absent() {
    let dir = all_installed();
    lose(&dir, Slot::Ctl);
    for slot in [Slot::Itl, Slot::Configuration] {
        overwrite(&dir.path().join(format!("{slot}.present")), b"\0");
    }
    assert!(is_locked(&dir, Slot::Ctl));
    assert!(is_locked(&dir, Slot::Ctl), "also at the next start");
    assert_eq!(open(&dir).load(Slot::Itl), Loaded::Current(entry("itl")));
}

#[test]
fn an_entry_in_another_slot_is_damage() {
    let dir = all_installed();
    fs::copy(dir.path().join("ctl"), dir.path().join("itl")).unwrap();
    let Loaded::Locked { damage } = open(&dir).load(Slot::Itl) else { panic!() };
    assert_eq!(damage[0].reason, DamageReason::Misplaced { slot: Slot::Ctl });
    assert_eq!(open(&dir).load(Slot::Ctl), Loaded::Current(entry("ctl")));
}

#[test]
fn a_pin_is_there_until_it_is_taken_back_and_damage_of_it_is_no_absence() {
    let dir = folder();
    assert_eq!(open(&dir).pin(), Ok(None));
    open(&dir).set_pin(Some(&[1; 32])).unwrap();
    open(&dir).set_pin(Some(&[2; 32])).unwrap();
    assert_eq!(open(&dir).pin(), Ok(Some([2; 32])));
    damage(&dir.path().join("pin"));
    assert_eq!(open(&dir).pin().unwrap_err().reason, DamageReason::Digest);
    open(&dir).set_pin(None).unwrap();
    assert_eq!(open(&dir).pin(), Ok(None));
    assert_eq!(names(&dir), [""; 0]);
    open(&dir).install(Slot::Pin, &entry("short")).unwrap();
    let length = DamageReason::Length { announced: 32, found: 5 };
    assert_eq!(open(&dir).pin().unwrap_err().reason, length);
}

/// A store that version 0.1.0 has written (see its README).
fn of_0_1_0() -> TempDir {
    let dir = folder();
    for file in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/store/0.1.0")).unwrap() {
        let file = file.unwrap();
        if file.file_name() != "README.md" {
            let path = dir.path().join(file.file_name());
            fs::copy(file.path(), &path).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        }
    }
    dir
}

#[test]
fn a_store_of_the_version_before_is_read_and_its_slots_are_told_apart() {
    let dir = of_0_1_0();
    assert_eq!(warnings(&dir), []);
    let store = open(&dir);
    for (slot, name) in [
        (Slot::Ctl, "CTLSEP001122334455.tlv"),
        (Slot::Itl, "ITLSEP001122334455.tlv"),
        (Slot::Configuration, "SEP001122334455.cnf.xml"),
    ] {
        let Loaded::Current(entry) = store.load(slot) else { panic!("{slot}") };
        assert_eq!(entry.note("name"), Some(name));
        for other in Slot::ALL.into_iter().filter(|other| *other != slot) {
            let found = store.read(other, &dir.path().join(slot.name())).unwrap_err().reason;
            assert_eq!(found, DamageReason::Misplaced { slot });
        }
    }
    drop(store);
    lose(&dir, Slot::Ctl);
    assert!(is_locked(&dir, Slot::Ctl), "it is missed since the first start of this version");
}

#[test]
fn an_upgrade_cut_off_after_any_marker_loses_nothing() {
    let whole = of_0_1_0();
    open(&whole);
    let markers = ["configuration.present", "ctl.present", "itl.present"];
    for done in 0..1 << markers.len() {
        let dir = of_0_1_0();
        for (at, marker) in markers.iter().enumerate() {
            if done & 1 << at != 0 {
                fs::copy(whole.path().join(marker), dir.path().join(marker)).unwrap();
            }
        }
        assert_eq!(warnings(&dir), []);
        let store = open(&dir);
        for slot in [Slot::Configuration, Slot::Ctl, Slot::Itl] {
            assert_eq!(store.load(slot), open_and_load(&whole, slot), "{done:03b}");
        }
    }
}

fn open_and_load(dir: &TempDir, slot: Slot) -> Loaded {
    let loaded = open(dir).load(slot);
    assert!(matches!(loaded, Loaded::Current(_)), "{loaded:?}");
    loaded
}

#[test]
fn an_entry_without_its_marker_is_current_and_gets_one() {
    let dir = twice_installed();
    let path = dir.path().join("itl.present");
    fs::remove_file(&path).unwrap();
    let (store, warnings) = Store::open(dir.path()).unwrap();
    let oddity = Oddity::Unmarked { still: None };
    assert_eq!(warnings, [StoreWarning { path: path.clone(), oddity }]);
    assert_eq!(store.load(Slot::Itl), Loaded::Current(entry("new")));
    assert!(path.exists());
}

#[test]
fn installing_over_damage_keeps_the_previous_entry_that_is_whole() {
    let dir = twice_installed();
    damage(&dir.path().join("itl"));
    let store = open(&dir);
    store.install(Slot::Itl, &entry("newest")).unwrap();
    assert_eq!(store.load(Slot::Itl), Loaded::Current(entry("newest")));
    damage(&dir.path().join("itl"));
    let Loaded::Previous { entry: previous, .. } = store.load(Slot::Itl) else { panic!() };
    assert_eq!(previous, entry("old"));
}

#[test]
fn without_hard_links_the_previous_entry_is_a_copy() {
    let dir = folder();
    let store = open(&dir);
    store.keep_by_copy(Slot::Itl, &entry("old")).unwrap();
    let path = dir.path().join("itl.previous");
    assert_eq!(store.read(Slot::Itl, &path), Ok(Some(entry("old"))));
}

#[test]
fn a_missing_folder_is_damage_and_not_an_empty_store() {
    let dir = folder();
    let gone = dir.path().join("gone");
    let reason = DamageReason::NoFolder;
    assert_eq!(look(&gone).unwrap_err().reason, reason);
    assert_eq!(Store::open(&gone).unwrap_err(), Damage { path: gone.clone(), offset: 0, reason });
    assert!(!gone.exists());
    overwrite(&gone, b"");
    assert_eq!(Store::open(&gone).unwrap_err().reason, DamageReason::NotAFolder);
    assert_eq!(look(&gone).unwrap_err().reason, DamageReason::NotAFolder);
    assert_eq!(look(dir.path()), Ok(()));
}

#[test]
fn a_folder_that_goes_or_changes_while_running_locks_every_slot() {
    let dir = folder();
    let store = open(&dir);
    fs::remove_dir(dir.path()).unwrap();
    let reason = |loaded| match loaded {
        Loaded::Locked { damage } => damage[0].reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason(store.load(Slot::Itl)), DamageReason::NoFolder);
    assert!(
        matches!(store.erase(Slot::Itl), Err(StoreFailure::Gone(_))),
        "nothing is there to erase"
    );
    fs::create_dir(dir.path()).unwrap();
    assert_eq!(reason(store.load(Slot::Itl)), DamageReason::Replaced);
    assert!(
        matches!(store.erase(Slot::Itl), Err(StoreFailure::Gone(_))),
        "it is in another folder"
    );
    assert!(matches!(store.install(Slot::Itl, &entry("new")), Err(StoreFailure::Gone(_))));
}

#[test]
fn what_is_not_a_regular_file_is_damage() {
    let dir = twice_installed();
    let path = dir.path().join("itl");
    fs::rename(&path, dir.path().join("elsewhere")).unwrap();
    symlink("elsewhere", &path).unwrap();
    let Loaded::Previous { damage, .. } = open(&dir).load(Slot::Itl) else { panic!() };
    assert_eq!(damage.reason, DamageReason::NotRegular);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let Loaded::Previous { damage, .. } = open(&dir).load(Slot::Itl) else { panic!() };
    assert_eq!(damage.reason, DamageReason::NotRegular);
}

#[test]
fn an_oversized_file_is_not_read_whole() {
    let dir = twice_installed();
    let limit = entry::HEADER + 256 * 1024;
    File::create(dir.path().join("itl")).unwrap().set_len(1 << 40).unwrap();
    let Loaded::Previous { damage, .. } = open(&dir).load(Slot::Itl) else { panic!() };
    assert_eq!(damage.reason, DamageReason::TooLong { limit });
}

#[test]
fn a_list_of_the_largest_size_is_taken_and_a_larger_is_not() {
    let dir = folder();
    let store = open(&dir);
    let largest = StoreEntry::new(vec![7; Slot::Itl.limit()]);
    store.install(Slot::Itl, &largest).unwrap();
    let larger = StoreEntry::new(vec![7; Slot::Itl.limit() + 1]);
    assert!(matches!(store.install(Slot::Itl, &larger), Err(StoreFailure::TooLong { .. })));
    assert_eq!(store.load(Slot::Itl), Loaded::Current(largest));
}

#[test]
fn a_failed_install_names_the_path_and_the_reason() {
    let dir = folder();
    let path = dir.path().to_str().unwrap().to_owned();
    let store = open(&dir);
    drop(dir);
    let failure = store.install(Slot::Itl, &entry("one")).unwrap_err().to_string();
    assert_eq!(failure, format!("{path}: does not exist: create it, mode 0700, owner secd"));
}

#[test]
fn what_a_crash_left_is_removed() {
    let dir = twice_installed();
    let path = dir.path().join(".secd-AbCdEf.tmp");
    overwrite(&path, b"half");
    let oddity = Oddity::Leftover { kept: None };
    assert_eq!(warnings(&dir), [StoreWarning { path, oddity }]);
    assert_eq!(names(&dir), ["itl", "itl.present", "itl.previous"]);
}

#[test]
fn modes_that_let_others_in_are_narrowed() {
    let dir = twice_installed();
    let path = dir.path().join("itl");
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let oddity = |mode| Oddity::WideMode { mode, still: None };
    let expected = [(dir.path(), 0o755), (&path, 0o644)]
        .map(|(path, mode)| StoreWarning { path: path.to_path_buf(), oddity: oddity(mode) });
    assert_eq!(warnings(&dir), expected);
    assert_eq!(warnings(&dir), []);
}

#[test]
fn damage_is_one_line_with_path_offset_and_reason() {
    let path = PathBuf::from("/var/lib/secd/itl");
    let reason = DamageReason::Length { announced: 5438, found: 12 };
    let line = Damage { path, offset: 211, reason }.to_string();
    assert_eq!(line, "/var/lib/secd/itl: 12 bytes instead of 5438 at offset 211");
    let path = PathBuf::from("/var/lib/secd");
    let line = Damage { path, offset: 0, reason: DamageReason::NoFolder }.to_string();
    assert_eq!(line, "/var/lib/secd: does not exist: create it, mode 0700, owner secd");
}

#[test]
fn an_lsc_stopped_after_any_step_is_the_old_or_the_new_and_no_marker_names_it() {
    let steps =
        [InstallStep::Written, InstallStep::Kept, InstallStep::Renamed, InstallStep::Synced];
    for before in [Before::Replaced, Before::Stays] {
        for (at, last) in steps.into_iter().enumerate() {
            let dir = twice_installed();
            let store = open(&dir);
            store.install(Slot::Lsc, &entry("first")).unwrap();
            store.install(Slot::Lsc, &entry("old")).unwrap();
            let outcome = store.install_with(Slot::Lsc, &entry("new"), before, &mut |step| {
                if step == last { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
            });
            assert!(outcome.is_err());
            drop(store);
            let expected = if at < 2 { "old" } else { "new" };
            let store = open(&dir);
            assert_eq!(store.load(Slot::Lsc), Loaded::Current(entry(expected)), "{last:?}");
            let kept = if before == Before::Stays || at == 0 { "first" } else { "old" };
            assert_eq!(store.before(Slot::Lsc), Some(entry(kept)), "{last:?} {before:?}");
            let marker = fs::read_to_string(dir.path().join("itl.present")).unwrap();
            assert_eq!(marker, "secd-installed 1 itl\n", "what the version before can read");
            assert!(!names(&dir).contains(&"lsc.present".to_owned()));
        }
    }
}

#[test]
fn a_lost_lsc_is_absent_and_locks_nothing() {
    let dir = twice_installed();
    let store = open(&dir);
    store.install(Slot::Lsc, &entry("one")).unwrap();
    store.install(Slot::Lsc, &entry("two")).unwrap();
    store.forget_before(Slot::Lsc).unwrap();
    assert_eq!((store.before(Slot::Lsc), store.forget_before(Slot::Lsc).is_ok()), (None, true));
    drop(store);
    fs::remove_file(dir.path().join("lsc")).unwrap();
    assert_eq!(warnings(&dir), []);
    assert_eq!(open(&dir).load(Slot::Lsc), Loaded::Absent);
    assert_eq!(open(&dir).load(Slot::Itl), Loaded::Current(entry("new")));
}

#[test]
fn an_erased_lsc_leaves_the_entry_or_nothing_after_any_step() {
    for last in [InstallStep::Unlisted, InstallStep::PreviousErased, InstallStep::CurrentErased] {
        let dir = folder();
        let store = open(&dir);
        store.install(Slot::Lsc, &entry("old")).unwrap();
        store.install(Slot::Lsc, &entry("new")).unwrap();
        let outcome = store.erase_with(Slot::Lsc, &mut |step| {
            if step == last { Err(io::ErrorKind::Other.into()) } else { Ok(()) }
        });
        assert!(outcome.is_err());
        let erased = last == InstallStep::CurrentErased;
        let expected = if erased { Loaded::Absent } else { Loaded::Current(entry("new")) };
        assert_eq!(store.load(Slot::Lsc), expected, "{last:?}");
    }
}
