//! What the pages are made of.

use crate::agent::web::site::Site;
use crate::face::methods::{Status, Trust};
use crate::wire::configuration::CapfFacts;
use crate::wire::name::Model;

/// What a client with the right to read gets on the socket, and what settings and configuration
/// say.
pub(super) struct PhoneFacts {
    pub(super) status: Status,
    pub(super) trust: Trust,
    /// The model without `CP-`, if the settings name one.
    pub(super) model: Option<String>,
    /// The phone's address, if the settings name one.
    pub(super) address: Option<String>,
    /// What the last verified configuration since the start says about CAPF.
    pub(super) capf: Option<CapfFacts>,
    /// The folder of the store, which no page names.
    pub(super) hidden: String,
    /// Whether the console log is served as well.
    pub(super) shows_log: bool,
}

impl PhoneFacts {
    /// What they are made of now.
    pub(super) fn of(site: &Site) -> Self {
        let agent = &site.service.agent;
        let settings = agent.settings();
        let device = &settings.device;
        // The default says that nobody has named one.
        let model = (device.model != Model::default()).then(|| device.model.to_string());
        Self {
            status: site.service.status(),
            trust: site.service.trust(),
            model,
            address: device.address.map(|address| address.to_string()),
            capf: agent.enrolments.facts(),
            hidden: site.hidden(),
            shows_log: site.shows_log(),
        }
    }
}
