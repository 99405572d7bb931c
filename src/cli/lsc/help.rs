//! The help that all subcommands share.

pub(super) const HELP: &str = "\
Show or delete the phone's own certificates: the LSC, which a call manager's CAPF has issued, and the
MIC, which secd.toml names. The LSC takes precedence.

Usage: secd lsc show [--json] [--socket PATH]
       secd lsc delete [--yes] [--json] [--socket PATH]

  show         show both, with what is odd about them, and whether the configuration is for the one
               in use
  delete       delete the LSC with its key, after a confirmation on a terminal; the phone falls back
               to its MIC, and a boot pass follows
  --yes        delete without asking

Exit: 0 done, 1 refused, not confirmed or no LSC, 64 no terminal to confirm on, 69 no daemon
";
