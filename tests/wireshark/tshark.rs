//! The program tshark with the dissector of `tools/wireshark`.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::capture::Capture;
use crate::support::write;

/// A capture as tshark reads it.
pub(crate) struct Read {
    folder: TempDir,
}

impl Read {
    /// A capture of this link type, with the secrets of its TLS connections.
    pub(crate) fn new(capture: &Capture, link: u32, secrets: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        capture.write(&folder.path().join("capture"), link);
        write(&folder.path().join("secrets"), secrets.as_bytes());
        Self { folder }
    }

    fn tshark(&self, arguments: &[&str]) -> String {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let dissector = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/wireshark/secd.lua");
        let mut command = Command::new("tshark");
        // Not by what whoever runs the test has set.
        command.env("HOME", self.folder.path()).env_remove("XDG_CONFIG_HOME");
        command.arg("-X").arg(format!("lua_script:{}", dissector.display()));
        command.args(["-n", "-o", "tftp.defragment:TRUE", "-r", &path("capture")]);
        command.args(["-o", &format!("tls.keylog_file:{}", path("secrets"))]).args(arguments);
        let output = command.output().unwrap_or_else(|error| {
            panic!("tshark is missing: scripts/setup provides it ({error})")
        });
        let (text, faults) = (&output.stdout, String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{faults}");
        let text = String::from_utf8_lossy(text).into_owned();
        // A fault of the script is one line among thousands, or an item of a packet.
        let is_fault = |line: &&str| line.contains("Lua Error") || line.contains(".lua:");
        let lua: Vec<_> = text.lines().chain(faults.lines()).filter(is_fault).collect();
        assert!(lua.is_empty(), "{lua:#?}");
        text
    }

    /// All that it shows.
    pub(crate) fn shown(&self) -> String {
        self.tshark(&["-V"])
    }

    /// The values of these fields in each packet that the filter takes.
    pub(crate) fn fields(&self, filter: &str, fields: &[&str]) -> Vec<Vec<Vec<String>>> {
        let mut arguments = vec!["-Y", filter, "-T", "fields", "-E", "aggregator=|"];
        arguments.extend(fields.iter().flat_map(|field| ["-e", field]));
        let text = self.tshark(&arguments);
        let values = |cell: &str| match cell {
            "" => Vec::new(),
            cell => cell.split('|').map(str::to_owned).collect(),
        };
        text.lines().map(|line| line.split('\t').map(values).collect()).collect()
    }

    /// The single values of one packet each.
    #[track_caller]
    pub(crate) fn single(&self, filter: &str, fields: &[&str]) -> Vec<Vec<String>> {
        let packets = self.fields(filter, fields);
        packets
            .into_iter()
            .map(|packet| packet.iter().map(|cell| cell.join("|")).collect())
            .collect()
    }
}
