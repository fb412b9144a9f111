//! Whether what was found still belongs to what there is now.

use std::collections::BTreeMap;

use super::{Analysis, FrameAnalysis};

/// What is known of a frame now. What nobody knows counts as unchanged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Now<'a> {
    /// Hash of its pixels.
    pub picture: Option<u64>,
    /// Name and SHA-256 of the model that would look at it.
    pub model: Option<&'a str>,
    /// What else the answer would depend on, as [`FrameAnalysis::settings`]. Only names that both sides have are compared.
    pub settings: BTreeMap<String, String>,
}

/// What is not as it was when a frame was analysed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// The model.
    Model,
    /// The setting of this name.
    Setting(String),
    /// The picture.
    Picture,
}

/// Whether a frame's analysis can be used.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FrameState {
    /// The frame was not analysed.
    Missing,
    /// This has changed since.
    Stale(Change),
    /// All is as it was when it was analysed, or nobody says that it is not.
    Current,
}

impl Analysis {
    /// Whether a frame's analysis can be used, from what is known of the frame `now`.
    pub fn state(&self, frame: i64, now: &Now<'_>) -> FrameState {
        let Some(found) = self.frame(frame) else { return FrameState::Missing };
        match now.model.is_some_and(|model| model != self.model()) {
            true => FrameState::Stale(Change::Model),
            false => found.change(now).map_or(FrameState::Current, FrameState::Stale),
        }
    }
}

impl FrameAnalysis {
    /// What is not as it was when this was found, the model aside.
    pub fn change(&self, now: &Now<'_>) -> Option<Change> {
        let differs = |(name, text): &(&String, &String)| now.settings.get(*name).is_some_and(|now| now != *text);
        if let Some((name, _)) = self.settings.iter().find(differs) {
            return Some(Change::Setting(name.clone()));
        }
        now.picture.is_some_and(|now| now != self.picture).then_some(Change::Picture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::mouth_analysis;

    fn settings(exposure: &str) -> BTreeMap<String, String> {
        [("exposure".to_owned(), exposure.to_owned())].into()
    }

    #[test]
    fn a_frame_is_stale_by_what_is_known_to_have_changed_and_by_nothing_else() {
        let mut analysis = mouth_analysis(1..=2, 0);
        let found = analysis.frame(1).expect("analysed").clone();
        analysis.insert(1, FrameAnalysis { settings: settings("0"), ..found.clone() }).expect("it belongs");
        let picture = Some(found.picture);
        let state = |frame, now: &Now<'_>| analysis.state(frame, now);
        assert_eq!(state(1, &Now::default()), FrameState::Current);
        assert_eq!(state(1, &Now { picture, settings: settings("0"), ..Now::default() }), FrameState::Current);
        let exposed = Now { picture: Some(!0), settings: settings("1"), ..Now::default() };
        assert_eq!(state(1, &exposed), FrameState::Stale(Change::Setting("exposure".to_owned())));
        assert_eq!(state(2, &exposed), FrameState::Stale(Change::Picture), "nothing is known of its exposure");
        assert_eq!(state(2, &Now { model: Some("other 1"), ..Now::default() }), FrameState::Stale(Change::Model));
        assert_eq!(state(3, &exposed), FrameState::Missing);
    }

    #[test]
    fn settings_come_back_from_a_string_and_strings_without_them_are_read_as_before() {
        let mut analysis = mouth_analysis(1..=1, 0);
        let bare = analysis.write().expect("a string");
        assert_eq!(Analysis::parse(&bare).expect("ours").frame(1).expect("analysed").settings, BTreeMap::new());
        let found = analysis.frame(1).expect("analysed").clone();
        analysis.insert(1, FrameAnalysis { settings: settings("0.5"), ..found.clone() }).expect("it belongs");
        let read = Analysis::parse(&analysis.write().expect("a string")).expect("ours");
        assert_eq!(read.frame(1).expect("analysed").settings, settings("0.5"));
        let endless = FrameAnalysis { settings: settings(&"0".repeat(300)), ..found };
        let message = analysis.insert(1, endless).expect_err("too long").to_string();
        assert!(message.contains("setting") && message.contains("256"), "{message}");
    }
}
