//! Parameters as they are written on a command line.

use crate::error::{Error, Result};
use crate::nearest::{nearest, suggestion};
use ofx_sdk::ParamKind;
use ofx_sdk::host::{Description, ParamDescription, ParamValue};

/// One `--set`: a parameter's value, or its key at a frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The parameter.
    pub id: String,
    /// The frame of the key; `None` for a constant.
    pub frame: Option<f64>,
    /// The value, of the parameter's kind and in its range.
    pub value: ParamValue,
}

impl Assignment {
    /// Reads `id=value` or `id@frame=value`.
    ///
    /// # Errors
    /// [`Error::Usage`] names what is wrong: no such parameter (with the nearest), a frame that is no number, a
    /// parameter that takes no keys, a value of another kind or out of range, no such option (with the nearest).
    pub fn parse(text: &str, node: &Description) -> Result<Self> {
        let bad = |reason: String| Error::Usage(format!("--set {text}: {reason}"));
        let (target, value) =
            text.split_once('=').ok_or_else(|| bad("write id=value, or id@frame=value for a key".into()))?;
        let (id, frame) = match target.split_once('@') {
            Some((id, frame)) => {
                let number = frame.parse::<f64>().ok().filter(|f| f.is_finite());
                (id, Some(number.ok_or_else(|| bad(format!("'{frame}' is not a frame")))?))
            }
            None => (target, None),
        };
        let param = find(node, id.trim()).map_err(bad)?;
        if frame.is_some() && !param.animates {
            return Err(bad(format!("parameter {id} takes no keys; set it without @")));
        }
        let value = ParamValue::parse(param, value).map_err(|e| {
            let meant = (param.kind == ParamKind::Choice)
                .then(|| nearest_option(param, value))
                .flatten()
                .map_or(String::new(), |option| format!("; did you mean {option}?"));
            bad(format!("{e}{meant}"))
        })?;
        Ok(Self { id: param.id.clone(), frame, value })
    }
}

/// What is set and not looked at: `custom_<choice>` where the choice has an option `custom` and stands on another. `chosen`
/// tells the option of a choice.
pub fn unused<'a>(
    assignments: &'a [Assignment],
    node: &'a Description,
    chosen: &'a dyn Fn(&str) -> Option<String>,
) -> impl Iterator<Item = String> + 'a {
    assignments.iter().filter_map(move |set| {
        let id = &set.id;
        let choice = node.param(id.strip_prefix("custom_")?)?;
        choice.option_index("custom")?;
        let found = chosen(&choice.id).filter(|found| found != "custom")?;
        let choice = &choice.id;
        Some(format!("--set {id}: it is not used, because {choice} is {found}; add --set {choice}=custom"))
    })
}

fn nearest_option(param: &ParamDescription, given: &str) -> Option<String> {
    let ids = param.option_ids();
    nearest(given, ids.iter().map(String::as_str)).map(str::to_owned)
}

fn find<'a>(node: &'a Description, id: &str) -> Result<&'a ParamDescription, String> {
    node.param(id).ok_or_else(|| {
        let known = node.params.iter().filter(|p| p.default.is_some()).map(|p| p.id.as_str());
        format!("{} has no parameter {id}{}", node.label, suggestion(id, known))
    })
}

/// The button of this id.
///
/// # Errors
/// [`Error::Usage`] with the nearest button, or when the parameter is none.
pub fn button<'a>(node: &'a Description, id: &str) -> Result<&'a ParamDescription> {
    let buttons = || node.params.iter().filter(|p| p.kind == ParamKind::PushButton);
    buttons().find(|p| p.id == id).ok_or_else(|| {
        let known = buttons().map(|p| p.id.as_str());
        Error::Usage(format!("--press {id}: {} has no such button{}", node.label, suggestion(id, known)))
    })
}

/// Splits `NAME=FILES` of `--clip` and finds the clip.
///
/// # Errors
/// [`Error::Usage`] with the nearest clip.
pub fn clip_files<'a>(text: &'a str, node: &'a Description) -> Result<(&'a str, &'a str)> {
    let (name, files) = text
        .split_once('=')
        .ok_or_else(|| Error::Usage(format!("--clip {text}: write NAME=FILES, such as Mask=mask.%04d.png")))?;
    let inputs = || node.clips.iter().filter(|c| c.name != "Output").map(|c| c.name.as_str());
    match inputs().find(|known| known.eq_ignore_ascii_case(name)) {
        Some(known) => Ok((known, files)),
        None => {
            Err(Error::Usage(format!("--clip {text}: {} has no clip {name}{}", node.label, suggestion(name, inputs()))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::EXIT_USAGE;
    use crate::fixture::node;

    fn parse(text: &str) -> Result<Assignment> {
        Assignment::parse(text, &node())
    }

    #[test]
    fn values_choices_and_keys_are_read() {
        let assigned = |text: &str| parse(text).unwrap();
        assert_eq!(assigned("softness=2.5").value, ParamValue::Double(2.5));
        assert_eq!(assigned("output=flat").value, ParamValue::Choice(1));
        assert_eq!(assigned("output=0").value, ParamValue::Choice(0));
        let key = assigned("softness@12=3");
        assert_eq!((key.frame, key.value), (Some(12.0), ParamValue::Double(3.0)));
        assert_eq!(assigned("note=a=b").value, ParamValue::String("a=b".into()));
    }

    #[test]
    fn what_is_set_for_a_choice_that_stands_elsewhere_is_told_with_both_names() {
        let mut node = node();
        let mut model = ParamDescription::new("model", ParamKind::Choice, Some(ParamValue::Choice(1)));
        model.options = vec!["Custom".into(), "Fast".into()];
        node.params.push(model);
        node.params.push(ParamDescription::new("custom_model", ParamKind::String, Some(ParamValue::String("".into()))));
        let told = |chosen: &str| {
            let set = ["custom_model=a.onnx", "note=x"].map(|text| Assignment::parse(text, &node).unwrap());
            unused(&set, &node, &|_| Some(chosen.to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(told("custom"), Vec::<String>::new());
        let told = told("fast");
        assert!(told.len() == 1 && told[0].contains("custom_model") && told[0].contains("model is fast"), "{told:?}");
    }

    #[test]
    fn what_is_wrong_is_told_with_the_nearest_name() {
        for (text, expected) in [
            ("sofness=1", "did you mean softness?"),
            ("output=flt", "did you mean flat?"),
            ("softness=soft", "softness"),
            ("softness=1e9", "range"),
            ("softness", "id=value"),
            ("softness@x=1", "'x' is not a frame"),
            ("note@3=x", "takes no keys"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.to_string().contains(expected), "{text}: {error}");
            assert_eq!(error.exit_code(), EXIT_USAGE);
        }
        assert!(button(&node(), "chek").unwrap_err().to_string().contains("check"));
        assert!(clip_files("Msk=a.png", &node()).unwrap_err().to_string().contains("did you mean Mask?"));
        assert_eq!(clip_files("mask=a=b.png", &node()).unwrap(), ("Mask", "a=b.png"));
    }
}
