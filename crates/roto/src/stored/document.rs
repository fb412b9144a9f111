use super::outer::{Kind, format_of, readable};
use crate::{Analysis, Edits, Error, Result};

/// A stored string of either kind, as it comes from a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// What a model found.
    Analysis(Analysis),
    /// What an artist corrected.
    Edits(Edits),
}

impl Document {
    /// Reads a stored string, whichever of the two it is.
    ///
    /// # Errors
    /// [`Error::Stored`] says what is wrong, and in which frame.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |reason: String| Error::Stored {
            what: "analysis or edits",
            place: String::new(),
            reason: readable(&reason),
        };
        let format = format_of(text).map_err(wrong)?;
        if format.starts_with("rotocel-analysis-") {
            return Analysis::parse(text).map(Self::Analysis);
        }
        if format.starts_with("rotocel-edits-") {
            return Edits::parse(text).map(Self::Edits);
        }
        let shown: String = format.chars().take(40).collect();
        Err(wrong(format!(
            "its format is {shown:?}, expected {:?} or {:?}",
            Kind::Analysis.format(),
            Kind::Edits.format()
        )))
    }

    /// The string to store.
    ///
    /// # Errors
    /// As [`Analysis::write`] and [`Edits::write`].
    pub fn write(&self) -> Result<String> {
        match self {
            Self::Analysis(analysis) => analysis.write(),
            Self::Edits(edits) => edits.write(),
        }
    }

    /// The frames that it says something of, in order.
    pub fn frames(&self) -> Vec<i64> {
        match self {
            Self::Analysis(analysis) => analysis.frames().map(|(frame, _)| frame).collect(),
            Self::Edits(edits) => edits.frames().map(|(frame, _)| frame).collect(),
        }
    }

    /// Several of one kind as one.
    ///
    /// # Errors
    /// As [`Analysis::merged`] and [`Edits::merged`], and [`Error::Merge`] for an analysis among edits.
    pub fn merged(parts: impl IntoIterator<Item = Self>) -> Result<Self> {
        let (mut analyses, mut edits) = (Vec::new(), Vec::new());
        for part in parts {
            match part {
                Self::Analysis(part) => analyses.push(part),
                Self::Edits(part) => edits.push(part),
            }
        }
        match (analyses.is_empty(), edits.is_empty()) {
            (true, _) => Edits::merged(edits).map(Self::Edits),
            (false, true) => Analysis::merged(analyses).map(Self::Analysis),
            (false, false) => {
                let reason = "some are analyses and some are edits; merge each kind by itself".to_owned();
                Err(Error::Merge { what: "files", reason })
            }
        }
    }
}
