//! The order of a pass, and where it may end early.

use alloc::string::{String, ToString};

use crate::boot::configuration;
use crate::boot::configured::Configured;
use crate::boot::event::Event;
use crate::boot::list::{self, Listed};
use crate::boot::report::{Alarm, ListStep, Stage, StatusMessage};
use crate::boot::world::{Change, Committed, LastConfiguration, PassSettings, World};
use crate::trust::{ListKind, State};

/// The outcome of a pass, up to where it got.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Outcome {
    /// The step for the certificate trust list.
    pub ctl: Option<Listed>,
    /// The step for the identity trust list.
    pub itl: Option<Listed>,
    /// The configuration step; nothing if the pass ended before it.
    pub configuration: Option<Configured>,
    /// Whether a way that did not answer may have had what the others lack.
    pub in_doubt: bool,
}

impl Outcome {
    /// Whether another pass may end better without a change on the server: the network, the store,
    /// a TVS server that did not answer.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        let passes = |list: &Option<Listed>| list.as_ref().is_some_and(Listed::is_passing);
        match &self.configuration {
            // It did not come to that: the store is locked, or no server was reached.
            None => true,
            Some(Configured::Absent) if self.in_doubt => true,
            Some(configured) => configured.is_passing() || passes(&self.ctl) || passes(&self.itl),
        }
    }
}

/// Goes through one boot pass.
///
/// Each step is committed before the next one begins: the ITL is judged by the new CTL, and the
/// configuration by both.
///
/// # Source
/// Technote 116232 and a public 8861 log; domain facts 1.1.
pub async fn pass<W: World>(world: &mut W, settings: &PassSettings) -> Outcome {
    let mut outcome = Outcome::default();
    pass_into(world, settings, &mut outcome).await;
    outcome
}

/// As [`pass`], with the outcome of each step so far in `outcome`: for a caller that may have to
/// stop midway.
pub async fn pass_into<W: World>(world: &mut W, settings: &PassSettings, outcome: &mut Outcome) {
    if world.is_locked() {
        return locked(world);
    }
    // Before anything is fetched: the phone must be able to work while servers do not answer.
    restore(world);
    // Before the first list: the alarms differ for a phone that had none.
    let before = state(world);
    let ctl = outcome.ctl.insert(list::refresh(world, settings, ListKind::Ctl).await);
    // Servers that are silent now would be silent for the ITL too, and each timeout is long.
    if let Some(why) = ctl.unreachable() {
        let cut = Cut { list: ListKind::Ctl, why };
        return cut.say(world, before, ListStep::Failed);
    }
    over(world, Stage::Ctl, ctl.step().word(), ctl.reason());
    let ctl = ctl.step();
    let itl = outcome.itl.insert(list::refresh(world, settings, ListKind::Itl).await);
    if let Some(why) = itl.unreachable() {
        return Cut { list: ListKind::Itl, why }.say(world, before, ctl);
    }
    over(world, Stage::Itl, itl.step().word(), itl.reason());
    let itl = itl.step();
    sum_up(world, before, ctl, itl);
    let configured = configuration::refresh(world, settings).await;
    outcome.in_doubt = world.has_silent_way();
    let configured = outcome.configuration.insert(configured);
    let word = configured.word();
    let trouble = configured.certificate_trouble();
    over(world, Stage::Configuration, word, configured.reason());
    let state = state(world);
    let meaning = state.meaning();
    world.say(Event::RefreshDone { state, meaning, configuration: word });
    // By the new lists, and once a pass: what comes of it counts for the next.
    world.enrol(trouble);
}

/// Reports a stage that is over, with the reason if it failed.
fn over<W: World>(world: &mut W, stage: Stage, outcome: &'static str, reason: Option<String>) {
    world.say(match reason {
        None => Event::StageOver { stage, outcome },
        Some(reason) => Event::StageFailed { stage, outcome, reason },
    });
}

fn state<W: World>(world: &W) -> State {
    world.anchors().state()
}

fn locked<W: World>(world: &mut W) {
    // Another process is the phone's agent: its screen and its alarms count.
    if world.is_in_use() {
        let reason = "another process uses the store".to_string();
        over(world, Stage::Store, "locked", Some(reason));
        return world.say(Event::RefreshLocked {});
    }
    let reason = "the lists that were trusted cannot be read".to_string();
    over(world, Stage::Store, "locked", Some(reason));
    world.say(Event::MessageShown { message: StatusMessage::TrustListUpdateFailed });
    world.say(Event::AlarmRaised { alarm: Alarm::Failed });
    world.say(Event::RefreshLocked {});
}

/// Puts the last configuration in place, so that the phone can work until there is a new one.
fn restore<W: World>(world: &mut W) {
    match (world.commit(Change::Restore), world.last_configuration()) {
        (Ok(Committed::Changed), Some(LastConfiguration { name, .. })) => {
            world.say(Event::ConfigurationRestored { name });
        }
        (Ok(_), _) => {}
        (Err(not_written), _) => world.say(Event::FileNotWritten { why: not_written.to_string() }),
    }
}

/// The end of a pass because no server answered the request for a list: the phone goes on with what
/// it has. One may have answered an earlier request.
struct Cut<'a> {
    list: ListKind,
    why: &'a str,
}

impl Cut<'_> {
    fn say<W: World>(self, world: &mut W, before: State, ctl: ListStep) {
        over(world, Stage::Network, "unreachable", Some(self.why.to_owned()));
        sum_up(world, before, ctl, ListStep::Failed);
        let (list, why, state) = (self.list, self.why.into(), state(world));
        world.say(Event::RefreshCut { list, why, state });
    }
}

fn sum_up<W: World>(world: &mut W, before: State, ctl: ListStep, itl: ListStep) {
    if let Some(message) = StatusMessage::from_steps(before, ctl, itl) {
        world.say(Event::MessageShown { message });
    }
    if state(world) == State::None {
        world.say(Event::MessageShown { message: StatusMessage::NoTrustList });
    }
    if let Some(alarm) = Alarm::from_steps(before, ctl, itl) {
        world.say(Event::AlarmRaised { alarm });
    }
}
