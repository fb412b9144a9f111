//! The artist's choice of a model, and what the project remembers of it: the same in every node.

use super::model;
use super::network_settings::NetworkSettings;
use ofx_sdk::plugin::{Editing, ParamId, ParamSet, Text};
use ofx_sdk::{Error, Result};

/// A change of the model that an artist made, or a host told on opening a project.
pub struct ModelChoice {
    chosen_by: String,
    accepted: bool,
    is_new: bool,
}

/// A model that can be used.
pub struct Usable {
    /// Name and SHA-256.
    pub id: String,
    /// What the artist reads of it.
    pub label: String,
}

impl ModelChoice {
    /// The choice of a model of `node` by the entry or file `chosen_by`, or of whatever stands there now where it is `accepted`.
    ///
    /// A project whose model this build does not carry changes it only when that is accepted: on opening it a host falls back to
    /// some entry of a menu that lacks the one it had, and may tell of that as if an artist had chosen.
    pub fn new(network: &NetworkSettings, node: &str, chosen_by: String, accepted: bool) -> Self {
        let remembered = network.model_chosen_by.as_str();
        let is_there = remembered.is_empty() || model::offers(node, remembered);
        let is_new = accepted || (is_there && network.is_new_choice(&chosen_by));
        Self { chosen_by, accepted, is_new }
    }

    /// The id that the chosen model must have: none where it is a new one.
    pub fn expected_id<'a>(&self, network: &'a NetworkSettings) -> &'a str {
        if self.is_new { "" } else { &network.model_id }
    }

    /// Has the project remember the model that was found, and tells in `status` whether it can be used; then calls `show`, which
    /// dresses the panel for it.
    ///
    /// # Errors
    /// A host that refuses; an accepted model that cannot be used: that is no choice, and the project keeps the one it had.
    pub fn settle(
        self,
        params: &ParamSet<'_, Editing>,
        status: ParamId<Text>,
        found: Result<Usable>,
        show: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let (id, told) = match found {
            Ok(model) => (Some(model.id), format!("{} is ready", model.label)),
            Err(error) => (None, error.to_string()),
        };
        let nothing_accepted = (self.accepted && id.is_none()).then(|| Error::node(told.clone()));
        params.edit("Model", |params| {
            // Accepting what cannot be read would forget what the project was made with.
            if self.is_new && nothing_accepted.is_none() {
                remember(params, id.unwrap_or_default(), self.chosen_by)?;
            }
            params.set(status, told)
        })?;
        // Last, because a host may refuse it, and the choice must count all the same.
        show()?;
        nothing_accepted.map_or(Ok(()), Err)
    }
}

/// Ties a project to a model, chosen by an entry or a file.
///
/// # Errors
/// A host that refuses.
pub fn remember(params: &ParamSet<'_, Editing>, id: String, chosen_by: String) -> Result<()> {
    params.set(NetworkSettings::model_id, id)?;
    params.set(NetworkSettings::model_chosen_by, chosen_by)
}
