//! The help that all subcommands share.

pub(super) const HELP: &str = "\
Show the phone's own certificates: the LSC, which a call manager's CAPF has issued, and the MIC, which
secd.toml names. The LSC takes precedence. Have CAPF issue another LSC, or delete it.

Usage: secd lsc show [--json] [--socket PATH]
       secd lsc enrol [--string] [--json] [--socket PATH]
       secd lsc delete [--yes] [--json] [--socket PATH]

  show         show both, with what is odd about them, and whether the configuration is for the one
               in use
  enrol        ask CAPF for what it has pending for this phone: a new LSC, to send it, or to delete it.
               This may take minutes
  --string     show CAPF the authentication string that it asks for. It is read from a terminal, or
               from a file on standard input
  delete       delete the LSC with its key, after a confirmation on a terminal; the phone falls back
               to its MIC, and a boot pass follows
  --yes        delete without asking

Exit: 0 done, 1 refused, not confirmed or no LSC, 64 no terminal to confirm on or no string, 69 no
daemon
";
