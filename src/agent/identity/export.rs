//! The certificate for other programs of the phone: the 802.1X supplicant, which takes files.

use std::path::PathBuf;

use crate::agent::narrate::say;
use crate::agent::owners::Agent;
use crate::boot::Event;
use crate::io::supplicant;

impl Agent {
    /// Writes the certificate in use into the folder that secd.toml names, or removes what is there if the
    /// phone has none. No program is run: whoever uses the files watches them.
    pub(super) fn export_identity(&self) {
        // Another process has the LSC, and has exported it.
        if self.installed.is_in_use() {
            return;
        }
        let settings = self.settings();
        let before = self.own.exported.take();
        if let Some(folder) =
            before.filter(|folder| Some(folder) != settings.identity.export.as_ref())
        {
            withdraw(&folder);
        }
        let Some(folder) = settings.identity.export.clone() else { return };
        let in_use = self.identity().in_use().map(|(which, _)| which);
        let pair = in_use.and_then(|which| Some((which, self.own_pair(which)?)));
        let Some((which, pair)) = pair else { return withdraw(&folder) };
        let authority = settings.identity.radius_ca.as_deref();
        match supplicant::export(&folder, &pair, authority) {
            Ok(changed) => {
                if changed {
                    let folder = folder.display().to_string();
                    say(&Event::IdentityExported { which: which.word(), folder });
                }
                self.own.exported.replace(Some(folder));
            }
            Err(why) => say(&Event::IdentityNotExported { why: why.to_string() }),
        }
    }

    /// The folder in which other programs find the certificate.
    pub(in crate::agent) fn exported(&self) -> Option<PathBuf> {
        self.own.exported.borrow().clone()
    }
}

fn withdraw(folder: &std::path::Path) {
    match supplicant::withdraw(folder) {
        Ok(true) => say(&Event::IdentityWithdrawn { folder: folder.display().to_string() }),
        Ok(false) => {}
        Err(why) => say(&Event::IdentityNotExported { why: why.to_string() }),
    }
}
