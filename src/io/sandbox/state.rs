//! The sandbox as the kernel reports it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;

use nix::sys::prctl;
use rustix::process::{Resource, getrlimit};

use super::folders::LandlockAbi;
use super::layer::Layer;
use crate::io::files::why;

/// What was applied, as far as the kernel does not report it by itself.
#[derive(Clone, Debug, Default)]
pub struct Sandbox {
    landlock: Option<LandlockAbi>,
    /// Why a layer could not be applied.
    failures: BTreeMap<Layer, String>,
}

/// How much of a layer is in force.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Grade {
    /// All that the agent asks for.
    Full,
    /// Nothing of it, or too little to count.
    Missing,
    /// All that this kernel or this start allows, which is not all.
    Partial,
}

/// One layer as the kernel reports it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LayerState {
    /// The layer that this is about.
    pub layer: Layer,
    /// How much of it is in force.
    pub grade: Grade,
    /// What the kernel reports, in words.
    pub detail: String,
}

impl Sandbox {
    pub(super) fn note(&mut self, layer: Layer, applied: io::Result<()>) {
        if let Err(error) = applied {
            self.failures.insert(layer, why(&error));
        }
    }

    pub(super) fn note_files(&mut self, applied: Result<LandlockAbi, String>) {
        match applied {
            Ok(abi) => self.landlock = Some(abi),
            Err(why) => {
                self.failures.insert(Layer::Files, why);
            }
        }
    }

    pub(super) fn and(mut self, later: Self) -> Self {
        self.failures.extend(later.failures);
        Self { landlock: later.landlock, failures: self.failures }
    }

    /// What could not be applied, and why.
    #[must_use]
    pub fn failures(&self) -> Vec<(Layer, &str)> {
        self.failures.iter().map(|(layer, why)| (*layer, why.as_str())).collect()
    }

    /// Every layer, as the kernel reports it now, in the order in which they are applied.
    #[must_use]
    pub fn layers(&self) -> Vec<LayerState> {
        let status = Status::read();
        Layer::ALL.into_iter().map(|layer| self.layer(layer, &status)).collect()
    }

    /// Those that are missing.
    #[must_use]
    pub fn missing(&self) -> Vec<LayerState> {
        let mut layers = self.layers();
        layers.retain(|state| state.grade == Grade::Missing);
        layers
    }

    fn layer(&self, layer: Layer, status: &Status) -> LayerState {
        let (grade, mut detail) = match layer {
            Layer::Limits => limits(),
            Layer::User => status.user(),
            Layer::Capabilities => status.capabilities(),
            Layer::Memory => memory(),
            Layer::Privileges => match status.number("NoNewPrivs") {
                Some(1) => (Grade::Full, "on".to_owned()),
                _ => (Grade::Missing, "off".to_owned()),
            },
            Layer::Files => self.files(),
            // A filter there may be that of a container: its own the agent has installed, or not.
            Layer::Calls if self.failures.contains_key(&layer) => {
                (Grade::Missing, "not the agent's own".to_owned())
            }
            Layer::Calls => status.calls(),
        };
        if let Some(why) = self.failures.get(&layer).filter(|_| grade != Grade::Full) {
            detail = format!("{detail}: {why}");
        }
        LayerState { layer, grade, detail }
    }

    /// The kernel has no report of it: whether it is in force, an attempt shows.
    fn files(&self) -> (Grade, String) {
        let is_closed = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
        let open = File::open("/");
        let (Some(abi), true) = (self.landlock, open.as_ref().is_err_and(is_closed)) else {
            return (Grade::Missing, "off".to_owned());
        };
        let lacks = abi.lacks();
        let LandlockAbi(number) = abi;
        if lacks.is_empty() {
            return (Grade::Full, format!("ABI {number}"));
        }
        (Grade::Partial, format!("ABI {number}, which cannot bar {}", lacks.join(", ")))
    }
}

/// Lines of `/proc/thread-self/status` (proc(5)): of this thread, which is all of the agent.
struct Status(String);

impl Status {
    fn read() -> Self {
        // Without it, every layer that it shows counts as missing.
        Self(fs::read_to_string("/proc/thread-self/status").unwrap_or_default())
    }

    fn field(&self, name: &str) -> Option<&str> {
        let value = |line| str::strip_prefix(line, name)?.strip_prefix(':').map(str::trim);
        self.0.lines().find_map(value)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.field(name)?.parse().ok()
    }

    fn user(&self) -> (Grade, String) {
        let numbers = |name| self.field(name).unwrap_or_default().split_whitespace();
        let uids: Vec<&str> = numbers("Uid").collect();
        let Some(uid) = uids.first().filter(|_| uids.iter().all(|uid| *uid != "0")) else {
            return (Grade::Missing, "it runs as root".to_owned());
        };
        let gid = numbers("Gid").next().unwrap_or_default();
        let groups: Vec<&str> = numbers("Groups").collect();
        let groups = if groups.is_empty() { "none".to_owned() } else { groups.join(" ") };
        (Grade::Full, format!("user {uid}, group {gid}, other groups {groups}"))
    }

    fn capabilities(&self) -> (Grade, String) {
        let set = |name| u64::from_str_radix(self.field(name)?, 16).ok();
        let sets = ["CapInh", "CapPrm", "CapEff", "CapAmb"].map(set);
        if sets.contains(&None) {
            return (Grade::Missing, "not reported".to_owned());
        }
        let held = sets.into_iter().flatten().fold(0, |all, set| all | set).count_ones();
        if held > 0 {
            return (Grade::Missing, format!("{held} are held"));
        }
        match set("CapBnd").unwrap_or_default().count_ones() {
            0 => (Grade::Full, "none, and none can be had".to_owned()),
            // Not a lack: without another program, and with no_new_privs, none is to be had.
            bound => (Grade::Full, format!("none ({bound} in the bounding set)")),
        }
    }

    fn calls(&self) -> (Grade, String) {
        match (self.number("Seccomp"), self.number("Seccomp_filters")) {
            // Kernels before 5.9 do not count them.
            (Some(2), None | Some(1)) => (Grade::Full, "filter".to_owned()),
            (Some(2), Some(count)) => (Grade::Full, format!("{count} filters")),
            _ => (Grade::Missing, "off".to_owned()),
        }
    }
}

fn memory() -> (Grade, String) {
    match prctl::get_dumpable() {
        Ok(false) => (Grade::Full, "no".to_owned()),
        _ => (Grade::Missing, "yes".to_owned()),
    }
}

fn limits() -> (Grade, String) {
    let limit = |resource| getrlimit(resource).maximum;
    let core = limit(Resource::Core);
    let [file, open, processes] = [Resource::Fsize, Resource::Nofile, Resource::Nproc].map(limit);
    let grade = match (core, file, processes) {
        (Some(0), Some(_), Some(_)) => Grade::Full,
        (Some(0), _, _) => Grade::Partial,
        _ => Grade::Missing,
    };
    let words = |limit: Option<u64>, unit: &str| match limit {
        None => "unlimited".to_owned(),
        Some(limit) => format!("{limit}{unit}"),
    };
    let detail = format!(
        "core {}, file size {}, open files {}, processes {}",
        words(core, " bytes"),
        words(file, " bytes"),
        words(open, ""),
        words(processes, "")
    );
    (grade, detail)
}
