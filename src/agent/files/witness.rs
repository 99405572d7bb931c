//! Whether a web server is one for phones, where it lacks the file at hand and TFTP is silent.

use std::net::SocketAddr;

use super::Files;
use super::asked::{NumberedTransfer, OtherWays};
use super::errand::FileErrand;
use crate::agent::narrate::say;
use crate::boot::configuration::DEFAULT;
use crate::boot::{Event, NotFetched, Sort, Wanted};
use crate::trust::ListKind;
use crate::wire::address::ServerAddress;
use crate::wire::way::FileWay;

impl Files {
    /// Whether the server sends another of the phone's files by HTTP, so that it answers for the one
    /// that it lacks as well. Looked for once a pass: a server without TFTP would otherwise fail each
    /// pass, and one without any file of the phone's proves nothing.
    pub(super) async fn has_witness(
        &self,
        errand: &mut FileErrand<'_>,
        server: &ServerAddress,
        (lacked, addresses): (&str, &[SocketAddr]),
    ) -> bool {
        if !errand.walk.ways.is_first_doubt(server) {
            return false;
        }
        say(&Event::AbsenceDoubted { name: lacked.to_owned(), server: server.to_string() });
        for (name, limit) in witnesses(errand) {
            if name == lacked {
                continue;
            }
            let wanted = Wanted { name: &name, limit, sort: Sort::File };
            let (number, before) = (self.next_number(), OtherWays::Answered);
            let transfer = NumberedTransfer { number, wanted: &wanted, before };
            let asked = self.try_way(FileWay::Http, errand, server, (transfer, addresses)).await;
            match asked.outcome {
                Ok(_) => return true,
                Err(NotFetched::Absent) => {}
                // It need not be waited for again.
                Err(_) => return false,
            }
        }
        false
    }
}

/// The files of a phone that a boot asks for, each with its limit, the likeliest first.
fn witnesses(errand: &FileErrand<'_>) -> [(String, usize); 4] {
    let (device, tftp) = (&errand.settings.device.name, &errand.settings.tftp);
    let signed = errand.court.anchors().demand_signed_files();
    let suffix = if signed { ".sgn" } else { "" };
    [
        (format!("{}{device}.tlv", ListKind::Itl), tftp.list_limit),
        (ListKind::Itl.generic_name().to_owned(), tftp.list_limit),
        (format!("{device}.cnf.xml{suffix}"), tftp.config_limit),
        (format!("{DEFAULT}{suffix}"), tftp.config_limit),
    ]
}
