//! The sandbox of this agent: what it needs, by its settings, and what it has given up.

use std::path::{self, Path, PathBuf};

use crate::agent::narrate::say;
use crate::boot::Event;
use crate::face::records::Layer;
use crate::face::terms::LayerGrade;
use crate::io::files;
use crate::io::ipc::{Listener, NotOpen};
use crate::io::resolve::SystemFiles;
use crate::io::sandbox::{self, Folders, Grade, LayerState, Listening, Needs, NewUser, Sandbox};
use crate::io::settings::{SandboxMode, Settings};
use crate::io::users::Accounts;

/// What the agent has given up, and how it was asked to.
#[derive(Clone, Debug, Default)]
pub(super) struct Confined {
    mode: Option<SandboxMode>,
    sandbox: Sandbox,
    folders: Folders,
}

/// Why the agent does not start: what the sandbox must have is missing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NotConfined {
    /// In words, each with what the kernel reports.
    pub missing: Vec<String>,
}

/// Gives up what these settings, read from `source`, do not need.
///
/// # Errors
/// [`NotConfined`] if they ask for every layer and one is missing.
pub(super) fn confine(
    settings: &Settings,
    source: &Path,
    socket: &Result<Listener, NotOpen>,
) -> Result<Confined, NotConfined> {
    let mode = settings.sandbox.mode;
    if mode == SandboxMode::Off {
        say(&Event::NotConfined {});
        return Ok(Confined { mode: Some(mode), ..Confined::default() });
    }
    let needs = needs(settings, source, socket)?;
    let confined =
        Confined { mode: Some(mode), sandbox: sandbox::enter(&needs), folders: needs.folders };
    let missing = confined.sandbox.missing();
    if mode == SandboxMode::Enforce && !missing.is_empty() {
        let words = |it: &LayerState| format!("{} ({})", it.layer, it.detail);
        return Err(NotConfined { missing: missing.iter().map(words).collect() });
    }
    confined.narrate();
    Ok(confined)
}

/// Gives up listening, which had to wait for the local socket.
pub(super) fn stop_listening(mode: SandboxMode) {
    if mode != SandboxMode::Off {
        if let Err(error) = sandbox::stop_listening() {
            say(&Event::StillListening { why: files::why(&error) });
        }
    }
}

impl Confined {
    /// What happens where a layer is missing, in one word.
    pub(super) fn mode(&self) -> &'static str {
        self.mode.unwrap_or(SandboxMode::Off).word()
    }

    /// Each layer as the kernel reports it now.
    pub(super) fn layers(&self) -> Vec<Layer> {
        let layer = |state: LayerState| Layer {
            name: state.layer.word().to_owned(),
            grade: match state.grade {
                Grade::Full => LayerGrade::On,
                Grade::Missing => LayerGrade::Missing,
                Grade::Partial => LayerGrade::Partial,
            },
            detail: state.detail,
        };
        self.sandbox.layers().into_iter().map(layer).collect()
    }

    /// Logs which of the paths that other settings name cannot be reached before the next start.
    pub(super) fn compare(&self, settings: &Settings) {
        if matches!(self.mode, None | Some(SandboxMode::Off)) {
            return;
        }
        let identity = settings.device.identity.as_ref();
        let paths = [
            ("device.certificate", identity.map(|files| &files.certificate)),
            ("device.key", identity.map(|files| &files.key)),
            ("identity.export", settings.identity.export.as_ref()),
        ];
        for (key, path) in paths.into_iter().filter_map(|(key, path)| Some((key, path?))) {
            if !self.folders.reach(path) {
                say(&Event::PathOutside { key, path: path.display().to_string() });
            }
        }
    }

    fn narrate(&self) {
        let (missing, there): (Vec<_>, Vec<_>) =
            self.sandbox.layers().into_iter().partition(|it| it.grade == Grade::Missing);
        let layers: Vec<&str> = there.iter().map(|state| state.layer.word()).collect();
        let layers = if layers.is_empty() { "none".to_owned() } else { layers.join(", ") };
        say(&Event::Confined { mode: self.mode(), layers });
        for LayerState { layer, detail, .. } in missing {
            say(&Event::LayerMissing { layer: layer.word(), detail });
        }
    }
}

fn needs(
    settings: &Settings,
    source: &Path,
    socket: &Result<Listener, NotOpen>,
) -> Result<Needs, NotConfined> {
    let user = user(settings)?;
    let uid = user.as_ref().map_or_else(|| Accounts::default().own().uid, |user| user.uid);
    Ok(Needs {
        folders: folders(settings, source, uid),
        user,
        // The store's files and the ram folder's are the largest.
        largest_file: settings.ram.bytes.max(SMALLEST_LIMIT),
        listening: if socket.is_ok() { Listening::Over } else { Listening::ToCome },
    })
}

/// The user to become; none where nobody is named, or where the agent is not root and cannot.
fn user(settings: &Settings) -> Result<Option<NewUser>, NotConfined> {
    let accounts = Accounts::read();
    let (Some(name), 0) = (&settings.sandbox.user, accounts.own().uid) else { return Ok(None) };
    match accounts.user(name) {
        Some(account) => Ok(Some(NewUser { uid: account.uid, groups: account.groups })),
        // Staying root in place of a user that was named is not what anybody asked for.
        None => {
            let text = format!("sandbox.user: there is no user {name} in /etc/passwd");
            Err(NotConfined { missing: vec![text] })
        }
    }
}

/// What the agent of that user reads and writes.
fn folders(settings: &Settings, source: &Path, uid: u32) -> Folders {
    let paths = &settings.paths;
    let mut made = vec![paths.ram.clone()];
    made.extend(settings.identity.export.clone());
    let mut written = made.clone();
    written.push(files::keeper(&paths.state, uid));
    written.extend(folder_of(&paths.socket));
    let mut read = system(uid);
    // From where it was started: a link on the way there may lead elsewhere later.
    let mut named = vec![path::absolute(source).unwrap_or_else(|_| source.to_path_buf())];
    if let Some(files) = &settings.device.identity {
        named.extend([files.certificate.clone(), files.key.clone()]);
    }
    for path in named {
        // A file is replaced by renaming another one: only its folder stays the same. Behind a
        // link, it is the folder of what the link leads to.
        let real = path.canonicalize().ok();
        read.extend([Some(path), real].into_iter().flatten().map(|path| surroundings(&path, uid)));
    }
    Folders { written, made, read }
}

/// Files of the system: names of users and groups, of hosts and name servers, and processes.
fn system(uid: u32) -> Vec<PathBuf> {
    let SystemFiles { hosts, resolv_conf } = SystemFiles::default();
    let users: [PathBuf; 2] = ["/etc/passwd".into(), "/etc/group".into()];
    let named = users.into_iter().chain([hosts, resolv_conf.clone()]);
    let mut read: Vec<PathBuf> = named.map(|path| surroundings(&path, uid)).collect();
    // Often a link to a file that another service replaces at any time, or has yet to write.
    if let Ok(target) = resolv_conf.read_link() {
        let target = Path::new("/etc").join(target);
        read.extend(folder_of(&target).filter(|folder| folder.parent().is_some()));
    }
    read.push("/proc".into());
    read
}

/// What has to be readable so that a file is, also after it was replaced: its folder, but not one
/// that holds everything.
fn surroundings(path: &Path, uid: u32) -> PathBuf {
    let folder = folder_of(path).filter(|folder| folder.parent().is_some());
    match folder {
        // Root alone may read what is secret there. The file itself, until it is replaced.
        Some(folder) if uid == 0 && folder == Path::new("/etc") => path.to_path_buf(),
        Some(folder) => folder,
        None => path.to_path_buf(),
    }
}

fn folder_of(path: &Path) -> Option<PathBuf> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_path_buf)
}

/// Bytes that one file may have at least. Inferred: several times the largest of the store.
const SMALLEST_LIMIT: u64 = 16 << 20;
