//! The command line.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use lexopt::{Arg, Error, Parser, ValueExt};
use secd_lab::release::Release;
use secd_lab::tftp::Odd;
use secd_lab::tls::Version;
use secd_lab::{capf, http};

/// What the user asked for.
pub(crate) enum Command {
    Help,
    Make { directory: PathBuf, payload: Option<usize>, release: Release },
    Serve(Box<Options>),
}

/// Options of `serve`.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) directory: PathBuf,
    pub(crate) port_file: Option<PathBuf>,
    pub(crate) control: Option<PathBuf>,
    pub(crate) loss: u8,
    pub(crate) odd: Option<Odd>,
    pub(crate) nodes: Vec<String>,
    pub(crate) recovery: bool,
    pub(crate) release: Release,
    pub(crate) announce: Option<Ipv4Addr>,
    pub(crate) device: Option<String>,
    pub(crate) phones: Option<u64>,
    pub(crate) bind: Option<IpAddr>,
    pub(crate) tls: Version,
    pub(crate) capf: Option<Capf>,
    pub(crate) web: Option<Web>,
}

/// Options of the servers for HTTP and HTTPS.
#[derive(Default)]
pub(crate) struct Web {
    pub(crate) odd: Option<http::Odd>,
}

/// Options of the CAPF server.
pub(crate) struct Capf {
    pub(crate) method: Option<capf::Method>,
    pub(crate) key: capf::KeyKind,
    pub(crate) odd: Option<capf::Odd>,
}

impl Default for Capf {
    fn default() -> Self {
        Self { method: None, key: capf::KeyKind::Rsa(2048), odd: None }
    }
}

impl Capf {
    /// The deviation of this name.
    pub(crate) fn odd_named(name: &str) -> Result<capf::Odd, String> {
        let unknown = || format!("no odd CAPF server is named {name}; --help has all names");
        capf::Odd::named(name).ok_or_else(unknown)
    }
}

impl Web {
    /// The deviation of this name.
    pub(crate) fn odd_named(name: &str) -> Result<http::Odd, String> {
        let unknown = || format!("no odd HTTP server is named {name}; --help has all names");
        let known = http::Odd::NAMED.into_iter().find(|(known, ..)| *known == name);
        known.map(|(.., odd)| odd).ok_or_else(unknown)
    }
}

pub(crate) fn parse() -> Result<Command, Error> {
    let mut parser = Parser::from_env();
    let mut words: Vec<String> = Vec::new();
    let mut options = Options::default();
    let mut payload = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            Arg::Long("port-file") => options.port_file = Some(parser.value()?.into()),
            Arg::Long("control") => options.control = Some(parser.value()?.into()),
            Arg::Long("loss") => options.loss = parser.value()?.parse()?,
            Arg::Long("odd") => {
                let name = parser.value()?.string()?;
                let unknown = || format!("no odd server is named {name}; --help has all names");
                options.odd = Some(Odd::named(&name).ok_or_else(unknown)?);
            }
            Arg::Long("payload") => payload = Some(parser.value()?.parse()?),
            Arg::Long("node") => options.nodes.push(parser.value()?.string()?),
            Arg::Long("release") => options.release = parser.value()?.parse()?,
            Arg::Long("recovery") => options.recovery = true,
            Arg::Long("announce") => options.announce = Some(parser.value()?.parse()?),
            Arg::Long("device") => options.device = Some(parser.value()?.string()?),
            Arg::Long("bind") => options.bind = Some(parser.value()?.parse()?),
            Arg::Long("era") => options.tls = era(&parser.value()?.string()?)?,
            Arg::Long("capf") => {
                options.capf.get_or_insert_default();
            }
            Arg::Long("enrol") => {
                options.capf.get_or_insert_default().method = Some(parser.value()?.parse()?);
            }
            Arg::Long("capf-key") => {
                options.capf.get_or_insert_default().key = parser.value()?.parse()?;
            }
            Arg::Long("capf-odd") => {
                let odd = Capf::odd_named(&parser.value()?.string()?)?;
                options.capf.get_or_insert_default().odd = Some(odd);
            }
            Arg::Long("http") => {
                options.web.get_or_insert_default();
            }
            Arg::Long("http-odd") => {
                let odd = Web::odd_named(&parser.value()?.string()?)?;
                options.web.get_or_insert_default().odd = Some(odd);
            }
            Arg::Long("phones") => options.phones = Some(parser.value()?.parse()?),
            Arg::Value(word) => words.push(word.string()?),
            Arg::Long(_) | Arg::Short(_) => return Err(argument.unexpected()),
        }
    }
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["make", directory] => {
            let release = options.release;
            Ok(Command::Make { directory: directory.into(), payload, release })
        }
        ["serve", directory] => {
            options.directory = directory.into();
            Ok(Command::Serve(Box::new(options)))
        }
        _ => Err("expected: serve DIR, or make DIR".into()),
    }
}

fn era(name: &str) -> Result<Version, String> {
    match name {
        "8" => Ok(Version::Tls10),
        "12" => Ok(Version::Any),
        other => Err(format!("no such era: {other}; 8 or 12")),
    }
}

pub(crate) const USAGE: &str = "\
usage: secd-lab make DIR [--payload BYTES] [--release NAME]
       secd-lab serve DIR [--port-file F] [--control F] [--loss PERCENT] [--node HOST]... [--recovery]
                      [--device NAME] [--phones N] [--bind ADDRESS] [--announce ADDRESS]
                      [--release NAME] [--era 8|12] [--odd NAME]
                      [--http] [--http-odd NAME]
                      [--capf] [--enrol METHOD] [--capf-key KEY] [--capf-odd NAME]

make writes one set of files and exits; --payload adds signed files of that size, one a digest.
serve writes the files into DIR, serves them by TFTP on 127.0.0.1, and takes commands, one a line,
from standard input (and from the control file, as lines are appended to it); it ends at `quit` or
at the end of standard input. Each node has a TVS server, and a directory is served by HTTPS with a
certificate that only TVS knows; DIR/lab.env says where they listen. Key and certificate of the latter
are directory.key and directory.der, for other servers that are to show it. For a phone that does not
share this machine's loopback, --announce has configurations name the first node's TVS as ADDRESS,
port 2445, the second one's as the address after it, and so on. --phones serves N phones, whose MAC
addresses count up from --device; what is signed for each is signed when it is first asked for. --bind
has TFTP, HTTP and TVS listen on ADDRESS, for phones on other machines. With --era 8, TVS and the
directory speak TLS 1.0 with AES256-SHA and nothing else; 12, the default, is TLS 1.2 and 1.3. --odd has
TFTP behave as an odd server of the field does; the names are below.

--http adds servers of the same files by HTTP, at HTTP_ADDR of DIR/lab.env, and of the configuration by
HTTPS, at FILES_HTTPS_ADDR: the ITL lists the certificate of the latter, and announces it. Set
`http_port` and `https_port` of the phone's `[provisioning]` to their ports. --http-odd has HTTP behave
as an odd server does; the names are below.

--capf adds a CAPF server, at CAPF_ADDR of DIR/lab.env. --enrol has it install a certificate on the
phone, which authenticates by METHOD: null, string:DIGITS (good once), lsc, or mic (device.key and
device.der are the MIC); from then on the phone's configuration is encrypted for its certificate. KEY
is what the phone is asked to make: bits of RSA (2048), p256, p384 or p521. --capf-odd has CAPF behave
as one that is odd or wrong does; the names are below. The phone's configurations are made when
they are asked for; DIR has them as they were after the last change. With --announce they name CAPF as
ADDRESS, port 3804.

Files are in the style of a release of the call manager, 8 (the default), 12 or 14: configurations
with prefixes that nobody binds, names with semicolons; from 12 on ITLRecovery signs the ITL, from 14
on by SHA-512. With `--release tidy` configurations are short and well-formed to the letter.

  regenerate callmanager|tvs|capf|recovery [NODE]   a new key and certificate
  rename NODE [HOST]                                and so new certificates for all its services
  rollback on|off                                   blank records in the ITL, or full ones
  ctl [nonsecure|delete]                            runs the CTL client, or deletes the CTL
  restore                                           serves the files from before the last change
  tvs on|off                                        starts or stops the TVS servers
  capf install [KEY] | fetch | delete | nothing     schedules an operation for the phone
  capf method METHOD                                how it authenticates; renews a string
  capf odd NAME | none                              deviates so, or no longer
  capf sessions                                     how the sessions so far ended
  http odd NAME | none                              HTTP deviates so, or no longer
  questions                                         what TVS was asked so far
  requests                                          the names requested so far
  quit

NODE is a host name or a position from 0. With standard input closed or /dev/null, serve runs
until a signal.
";

/// The odd HTTP servers, a line each.
pub(crate) fn odd_http_servers() -> String {
    let line = |(name, what, _): (&str, &str, http::Odd)| format!("  {name:<19}{what}\n");
    http::Odd::NAMED.into_iter().map(line).collect()
}

/// The odd CAPF servers, a line each.
pub(crate) fn odd_capf_servers() -> String {
    let line = |(name, what, _): (&str, &str, capf::Odd)| format!("  {name:<19}{what}\n");
    capf::Odd::NAMED.into_iter().map(line).collect()
}

/// The odd servers, a line each.
pub(crate) fn odd_servers() -> String {
    let line = |odd: Odd| format!("  {:<19}{}\n", odd.name, odd.what);
    Odd::ALL.into_iter().map(line).collect()
}
