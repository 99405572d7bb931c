//! Files by HTTP, and the configuration by HTTPS, beside the same servers by TFTP.

use secd_lab::http::Odd;
use secd_lab::keys::Kind;
use secd_lab::list::Role;

use super::*;
use crate::row::Step::{Do, Log, Reset, Ways};
use crate::row::boot;

/// A cluster whose ITL announces HTTPS.
fn announcing() -> Setup {
    Setup { signer_version: Some([1, 1]), ..one_node() }
}

/// All by HTTP; TFTP is asked for what HTTP lacks until that has brought a file.
const BY_HTTP: &str = "CTLSEP CTLFile h:CTLSEP h:CTLFile h:ITLSEP h:SEP.sgn";
/// The lists by HTTP, the configuration by HTTPS.
const BY_HTTPS: &str = "CTLSEP CTLFile h:CTLSEP h:CTLFile h:ITLSEP s:SEP.sgn";
const INSTALLED: &[&str] = &[NO_CTL, ITL_INSTALLED, CONFIGURED];
const FIRST: &str = "S1 CTL- ITL+ CFG+";
const VOUCHED: &str = "verifyFile: not signed, vouched for by the HTTPS connection";

const OPEN: Step = Do(|lab| lab.open_web());
const OPEN_LISTED: Step = Do(|lab| lab.open_listed_web());

pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "N1",
        start: "S0",
        server: "everything by HTTP and TFTP",
        setup: one_node,
        steps: &[
            OPEN,
            Reset,
            Ways("HTTP"),
            boot(BY_HTTP, FIRST, 3, INSTALLED, ""),
            Log("Requesting ITLSEP001122334455.tlv from http://127.0.0.1:"),
        ],
    },
    Row {
        id: "N2",
        start: "S0",
        server: "HTTP closed",
        setup: one_node,
        steps: &[
            OPEN,
            Reset,
            Do(|lab| lab.web().http.close()),
            Ways("TFTP"),
            boot(NO_CTL_SIGNED, FIRST, 3, INSTALLED, ""),
        ],
    },
    Row {
        id: "N3",
        start: "S0",
        server: "a web server without the files",
        setup: one_node,
        steps: &[
            OPEN,
            Reset,
            Do(|lab| lab.serve_by_web(|_, files| files.clear())),
            Ways("TFTP"),
            boot(
                "CTLSEP CTLFile ITLSEP SEP.sgn h:CTLSEP h:CTLFile h:ITLSEP",
                FIRST,
                3,
                INSTALLED,
                "",
            ),
        ],
    },
    Row {
        id: "N4",
        start: "S0",
        server: "a web server that answers every name with a page",
        setup: one_node,
        steps: &[
            OPEN,
            Reset,
            Do(|lab| lab.web().http.set_odd(Odd::Page)),
            Ways("TFTP"),
            boot(
                "CTLSEP CTLFile ITLSEP SEP.sgn h:CTLSEP h:CTLFile h:ITLSEP",
                FIRST,
                3,
                INSTALLED,
                "",
            ),
            Log("sent a page in place of the file"),
        ],
    },
    Row {
        id: "N5",
        start: "S0",
        server: "half of each file by HTTP",
        setup: one_node,
        steps: &[
            OPEN,
            Reset,
            Do(|lab| lab.web().http.set_odd(Odd::ShortLength)),
            boot(
                "CTLSEP CTLFile ITLSEP SEP.sgn h:CTLSEP h:CTLFile h:ITLSEP",
                FIRST,
                3,
                INSTALLED,
                "",
            ),
            Log("trying another server or way for a better one"),
        ],
    },
    Row {
        id: "N6",
        start: "S0",
        server: "an HTTPS server that the ITL lists for files",
        setup: announcing,
        steps: &[
            OPEN_LISTED,
            Reset,
            Ways("HTTPS for its configuration, HTTP for the rest"),
            boot(BY_HTTPS, FIRST, 3, INSTALLED, ""),
            Log(VOUCHED),
        ],
    },
    Row {
        id: "N7",
        start: "S0",
        server: "an HTTPS server that nobody knows",
        setup: announcing,
        steps: &[
            OPEN,
            Reset,
            Ways("HTTP"),
            boot(BY_HTTP, FIRST, 3, INSTALLED, ""),
            Log("and there is no TVS to ask; nothing was sent to it"),
            boot(BY_HTTP, "S1 CTL- ITL= CFG+", 0, &[NO_CTL], "0 verify"),
            Log("(the service does not know the certificate); nothing was sent to it"),
        ],
    },
    Row {
        id: "N8",
        start: "S1",
        server: "an HTTPS server that TVS knows for files",
        setup: announcing,
        steps: &[
            OPEN,
            Reset,
            S1,
            Do(|lab| {
                let shows = lab.web().shows.certificate.clone();
                lab.home.cluster.import(&shows, &[Role::TFTP]);
            }),
            boot(BY_HTTPS, "S1 CTL- ITL= CFG+", 0, &[NO_CTL, CONFIGURED], "0 verify"),
            Log(VOUCHED),
        ],
    },
    Row {
        id: "N9",
        start: "S0",
        server: "HTTPS, which the ITL does not announce",
        setup: one_node,
        steps: &[OPEN_LISTED, Reset, Ways("HTTP"), boot(BY_HTTP, FIRST, 3, INSTALLED, "")],
    },
    Row {
        id: "N10",
        start: "S0",
        server: "HTTPS announced and closed",
        setup: announcing,
        steps: &[
            OPEN_LISTED,
            Reset,
            Do(|lab| lab.web().https.close()),
            Ways("HTTP"),
            boot(BY_HTTP, FIRST, 3, INSTALLED, ""),
            Log("]:HTTPS server 127.0.0.1:"),
        ],
    },
    Row {
        id: "N11",
        start: "S1",
        server: "another certificate at the HTTPS server, which a later ITL lists",
        setup: announcing,
        steps: &[
            OPEN_LISTED,
            Reset,
            S1,
            Do(|lab| {
                let setup = lab.home.cluster.setup.clone();
                lab.web().shows = setup.issue(&setup.profile("web.lab.test"), Kind::P256);
            }),
            boot(BY_HTTP, "S1 CTL- ITL= CFG+", 0, &[NO_CTL, CONFIGURED], "0 verify"),
            Log("is not trusted for files, "),
            Do(|lab| {
                lab.list_web();
                let later = lab.home.cluster.timestamp() + 60;
                lab.home.cluster.set_timestamp(later);
            }),
            boot(BY_HTTPS, "S1 CTL- ITL+ CFG+", 1, &[NO_CTL, UPDATED, CONFIGURED], ""),
            Log(VOUCHED),
        ],
    },
    Row {
        id: "N12",
        start: "S1",
        server: "HTTPS, then a blank ITL",
        setup: announcing,
        steps: &[
            OPEN_LISTED,
            Reset,
            S1,
            Do(|lab| lab.rollback(secd_lab::cluster::Rollback::On)),
            boot(
                "CTLSEP CTLFile h:CTLSEP h:CTLFile h:ITLSEP h:SEP.xml",
                "S4 CTL- ITL+ CFG+",
                1,
                &[NO_CTL, UPDATED, CONFIGURED],
                "",
            ),
        ],
    },
];
