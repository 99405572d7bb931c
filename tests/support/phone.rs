//! A phone: its folders, its configuration file, and what is in them.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use tempfile::TempDir;

/// The name that the lab gives its phone.
pub const DEVICE: &str = "SEP001122334455";

/// The section about the sandbox.
const SANDBOX: &str = "[sandbox]";

/// For a phone whose store, or what is beside it, is written by the test itself: where root runs that,
/// another user could not use it. The agent has every layer but this one.
pub const SAME_USER: &str = "[sandbox]\nmode = \"best-effort\"\n";

/// The user that root becomes, in Debian and in the image.
const NOBODY: u32 = 65_534;

/// A phone in a folder of its own.
pub struct Phone {
    folder: TempDir,
    state: PathBuf,
}

/// A file as it stands on disk: a file that was written again has another inode.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OnDisk {
    pub bytes: Vec<u8>,
    pub inode: u64,
    pub modified: (i64, i64),
}

impl Phone {
    /// A phone that asks these servers, and not for long.
    pub fn new(servers: &[&str]) -> Self {
        Self::with(servers, "timeout_s = 1\nretries = 1\n", "")
    }

    /// The same for [`SAME_USER`].
    pub fn of_same_user(servers: &[&str]) -> Self {
        Self::with(servers, "timeout_s = 1\nretries = 1\n", SAME_USER)
    }

    /// The same with other lines for the section `tftp`, and more sections. Unless these have another
    /// sandbox, it has every layer; where root runs the test, its agent is another user.
    pub fn with(servers: &[&str], tftp: &str, sections: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        fs::DirBuilder::new().mode(0o700).create(&state).unwrap();
        if geteuid().is_root() && !sections.contains(SANDBOX) {
            for path in [folder.path(), &state] {
                chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        let phone = Self { folder, state };
        phone.configure(servers, tftp, sections);
        phone
    }

    /// Writes the configuration anew.
    pub fn configure(&self, servers: &[&str], tftp: &str, sections: &str) {
        let (state, ram) = (self.state(), self.ram());
        let socket = self.socket();
        let user = if geteuid().is_root() { "user = \"nobody\"\n" } else { "" };
        let sandbox = match sections.contains(SANDBOX) {
            true => String::new(),
            false => format!("{SANDBOX}\nmode = \"enforce\"\n{user}"),
        };
        let text = format!(
            "[device]\nname = \"{DEVICE}\"\n\n[tftp]\nservers = {servers:?}\n{tftp}\n\
             [paths]\nstate = {state:?}\nram = {ram:?}\nsocket = {socket:?}\n\n\
             [console]\nlevel = \"info\"\n\n{sandbox}\n{sections}"
        );
        fs::write(self.configuration(), text).unwrap();
    }

    pub fn configuration(&self) -> PathBuf {
        self.folder.path().join("secd.toml")
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of the store.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// The socket of its agent.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// The folder of verified files.
    pub fn ram(&self) -> PathBuf {
        self.folder.path().join("ram")
    }

    /// Gives it a store that a released version has written.
    pub fn put_store(&self, from: &Path) {
        let owner = fs::metadata(&self.state).unwrap();
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            if entry.file_name() != "README.md" {
                let path = self.state.join(entry.file_name());
                fs::copy(entry.path(), &path).unwrap();
                fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
                chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
            }
        }
    }

    /// Everything in the store.
    pub fn store(&self) -> BTreeMap<String, OnDisk> {
        store(&self.state)
    }

    /// Whether a file of the store holds these bytes.
    pub fn holds(&self, file: &str, bytes: &[u8]) -> bool {
        fs::read(self.state.join(file)).is_ok_and(|found| found.ends_with(bytes))
    }

    /// The configuration that the phone finds.
    pub fn found(&self) -> Option<Vec<u8>> {
        fs::read(self.ram().join(format!("{DEVICE}.cnf.xml"))).ok()
    }
}

/// Everything in a store.
pub fn store(folder: &Path) -> BTreeMap<String, OnDisk> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let metadata = entry.metadata().unwrap();
        let file = OnDisk {
            bytes: fs::read(entry.path()).unwrap(),
            inode: metadata.ino(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        };
        files.insert(entry.file_name().into_string().unwrap(), file);
    }
    files
}
