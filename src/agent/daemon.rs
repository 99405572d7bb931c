//! The agent as a daemon: passes until a signal ends it, and settings that can be read again.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

use crate::agent::narrate::say;
use crate::agent::news::Happening;
use crate::agent::owners::Agent;
use crate::agent::world::Real;
use crate::boot::{self, Event, Outcome, PassSettings, World};
use crate::io::settings::{self, Settings};

impl Agent {
    /// Boots, and goes through a boot pass again at every SIGHUP, until SIGTERM or SIGINT.
    ///
    /// # Errors
    /// If the system refuses the signal handlers.
    pub async fn run(&self) -> std::io::Result<()> {
        tokio::select! {
            ended = self.go_through_passes() => ended,
            // Beside the passes: CAPF may take minutes, in which others may be asked for.
            never = self.enrol_when_due() => match never {},
        }
    }

    async fn go_through_passes(&self) -> std::io::Result<()> {
        let mut hangup = signal(SignalKind::hangup())?;
        // Before the first pass, so that a signal during it ends the agent in order.
        let mut end = EndSignals::new()?;
        self.manager.running();
        let mut pause = self.settings().retry.first;
        loop {
            let retry = self.settings().retry;
            let outcome = tokio::select! {
                outcome = self.refresh() => outcome,
                () = end.asked() => break,
            };
            // A failure that may pass by itself, such as a silent server, is worth another try;
            // what was refused would be refused again.
            let again = outcome.is_passing();
            if again {
                self.passes.plan(pause);
                say(&Event::RefreshAgain { seconds: pause.as_secs() });
            }
            tokio::select! {
                () = sleep(pause), if again => pause = retry.max.min(pause * 2),
                // A person has changed something: what failed before may work now.
                _ = hangup.recv() => {
                    pause = retry.first;
                    self.reload_or_keep();
                    self.files.forget_silence();
                }
                () = self.passes.asked() => {
                    pause = retry.first;
                    self.files.forget_silence();
                }
                () = end.asked() => break,
            }
            // The store may have been repaired meanwhile. Before the first pass it was just read.
            if self.installed.retry() {
                self.read_identity();
                self.trust_changed();
            }
        }
        self.manager.stopping();
        say(&Event::Ended {});
        Ok(())
    }

    /// Goes through one boot pass.
    pub async fn refresh(&self) -> Outcome {
        let mut world = Real::new(self);
        let settings = world.settings();
        self.refresh_in(&mut world, &settings).await
    }

    /// Goes through one boot pass in a world that commits to this agent.
    pub(super) async fn refresh_in<W: World>(
        &self,
        world: &mut W,
        settings: &PassSettings,
    ) -> Outcome {
        self.passes.begin();
        self.warn_of_expiry();
        let outcome = boot::pass(world, settings).await;
        self.passes.close(self.timeline.now());
        // Before anybody is woken: the next pass may begin at once.
        let reported = self.outcome();
        self.manager.passed(&reported);
        self.news.publish(Happening::PassOver(reported));
        self.passes.end();
        // The pass may have brought a configuration with other TVS members.
        let (settings, identity) = (self.settings(), self.identity());
        self.tvs.keep_only(&self.around(&settings, &identity).members());
        outcome
    }

    /// Reads the settings again. What takes effect only at the start is left as it is: paths, the
    /// socket, where the web page listens, and the sizes of cache and slots.
    ///
    /// # Errors
    /// Every fault in the file; then all settings are left as they are.
    pub(super) fn reload(&self) -> Result<(), Vec<String>> {
        self.manager.reloading();
        let reloaded = self.read_settings();
        self.manager.reloaded();
        reloaded
    }

    fn read_settings(&self) -> Result<(), Vec<String>> {
        let Some(source) = self.source() else { return Ok(()) };
        let mut settings = Settings::load(source).map_err(|failure| match failure {
            settings::SettingsFailure::Invalid(faults) => {
                faults.iter().map(ToString::to_string).collect()
            }
            unreadable @ settings::SettingsFailure::Unreadable { .. } => {
                vec![unreadable.to_string()]
            }
        })?;
        let before = self.settings();
        keep_what_stays(&mut settings, &before);
        self.confined.compare(&settings);
        self.put_settings(settings);
        self.set_log_levels();
        say(&Event::Reloaded { file: source.display().to_string() });
        Ok(())
    }

    fn reload_or_keep(&self) {
        for fault in self.reload().err().into_iter().flatten() {
            say(&Event::NotReloaded { fault });
        }
    }
}

/// Keeps what a running agent cannot change, and logs what was changed in the file in vain.
fn keep_what_stays(settings: &mut Settings, before: &Settings) {
    if settings.paths != before.paths || settings.socket != before.socket {
        say(&Event::ReloadedInPart { what: "[paths] and [socket]" });
        settings.paths = before.paths.clone();
        settings.socket = before.socket.clone();
    }
    if settings.sandbox != before.sandbox {
        say(&Event::ReloadedInPart { what: "[sandbox]" });
        settings.sandbox.clone_from(&before.sandbox);
    }
    if settings.web.listen != before.web.listen
        || settings.web.connections != before.web.connections
    {
        say(&Event::ReloadedInPart { what: "web.listen and web.connections" });
    }
    settings.web.listen.clone_from(&before.web.listen);
    settings.web.connections = before.web.connections;
    let sizes =
        |of: &Settings| (of.tvs.cache, of.tvs.ttl_max, of.https.slots, of.https.slots_per_user);
    if sizes(settings) != sizes(before) {
        let what = "tvs.cache, tvs.ttl_max_s, https.slots and https.slots_per_user";
        say(&Event::ReloadedInPart { what });
    }
    settings.tvs.cache = before.tvs.cache;
    // Of sessions as well, which could take it at once: there is one time for both.
    settings.tvs.ttl_max = before.tvs.ttl_max;
    settings.https.slots = before.https.slots;
    settings.https.slots_per_user = before.https.slots_per_user;
}

/// The signals that end the agent.
pub(super) struct EndSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl EndSignals {
    /// Takes the signals over from here on.
    ///
    /// # Errors
    /// If the system refuses the handlers.
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Returns when one of them has come.
    pub(super) async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_log_says_to_take_effect_later_does_not_take_effect_now() {
        let read = |more: &str| {
            let text = format!("[device]\nname = \"SEP001122334455\"\n{more}");
            Settings::parse(&text, "secd.toml").unwrap()
        };
        let (before, mut now) =
            (read(""), read("[tvs]\ncache = 7\nttl_max_s = 60\nlegacy_tls = true\n"));
        assert_ne!(now.tvs.ttl_max, before.tvs.ttl_max);
        keep_what_stays(&mut now, &before);
        assert_eq!((now.tvs.cache, now.tvs.ttl_max), (before.tvs.cache, before.tvs.ttl_max));
        assert!(now.tvs.legacy_tls, "all else does");
    }
}
