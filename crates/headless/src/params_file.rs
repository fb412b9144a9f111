//! Parameters in a JSON file: `{node, version, params: {id: value}}`.
//!
//! A choice is `{"option": "flat", "index": 3}`: the id is for people and wins, the index is what hosts save. A
//! parameter with keys is `{"keys": [{"frame": 1, "value": …}, …]}`.

use crate::error::{Error, Result};
use crate::frames::{read_text, write_whole};
use crate::nearest::{nearest, suggestion};
use ofx_sdk::host::{Curve, Description, Key, ParamDescription, ParamValue, SavedParams};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Longest file: stored analyses are a few megabytes each.
const MOST_BYTES: u64 = 256 << 20;

#[derive(Debug, Serialize, Deserialize)]
struct File {
    node: String,
    version: (u32, u32),
    params: BTreeMap<String, Value>,
}

/// Writes the parameters that projects save.
///
/// # Errors
/// [`Error::Output`].
pub fn save(path: &Path, node: &Description, saved: &SavedParams) -> Result<()> {
    let mut params = BTreeMap::new();
    for (id, curve) in saved {
        let Some(param) = node.param(id).filter(|p| p.persistent && p.default.is_some()) else { continue };
        let value = if curve.is_animated() {
            let keys: Vec<Value> = curve
                .keys
                .iter()
                .map(|key| json!({ "frame": key.time, "value": to_json(param, &key.value) }))
                .collect();
            json!({ "keys": keys })
        } else {
            to_json(param, &curve.constant)
        };
        params.insert(id.clone(), value);
    }
    let file = File { node: node.identifier.clone(), version: node.version, params };
    let text = serde_json::to_string_pretty(&file).map_err(|e| Error::output(path, e))?;
    write_whole(path, format!("{text}\n").as_bytes())
}

/// Reads what [`save`] wrote, for the same node.
///
/// # Errors
/// [`Error::Input`] names the file and the parameter: another node's, an unknown parameter, a value that does not fit.
pub fn load(path: &Path, node: &Description) -> Result<SavedParams> {
    parse(&read_text(path, MOST_BYTES)?, path, node)
}

/// Reads the text of such a file; errors name `path`.
///
/// # Errors
/// As [`load`].
pub fn parse(text: &str, path: &Path, node: &Description) -> Result<SavedParams> {
    let file: File = serde_json::from_str(text).map_err(|e| {
        Error::input(path, format!("it is no file that --save-params wrote: {e}; write one with --save-params"))
    })?;
    if file.node != node.identifier {
        return Err(Error::input(
            path,
            format!("it holds the parameters of {}, not of {}", file.node, node.identifier),
        ));
    }
    if file.version.0 > node.version.0 {
        log::warn!("{}: written by version {}.{} of {}", path.display(), file.version.0, file.version.1, file.node);
    }
    let mut saved = SavedParams::new();
    for (id, value) in &file.params {
        let Some(param) = node.param(id) else {
            let known = node.params.iter().map(|p| p.id.as_str());
            return Err(Error::input(path, format!("{} has no parameter {id}{}", node.label, suggestion(id, known))));
        };
        let curve = curve(param, value).map_err(|reason| Error::input(path, format!("parameter {id}: {reason}")))?;
        saved.insert(id.clone(), curve);
    }
    Ok(saved)
}

fn curve(param: &ParamDescription, value: &Value) -> Result<Curve, String> {
    let Some(keys) = value.get("keys") else { return Ok(Curve::constant(from_json(param, value)?)) };
    let keys = keys.as_array().filter(|k| !k.is_empty()).ok_or("keys is not a list of keys")?;
    let mut curve: Option<Curve> = None;
    for key in keys {
        let time = key.get("frame").and_then(Value::as_f64).ok_or("a key has no frame")?;
        let value = from_json(param, key.get("value").ok_or("a key has no value")?)?;
        let curve = curve.get_or_insert_with(|| Curve::constant(value.clone()));
        curve.keys.push(Key { time, value });
    }
    let mut curve = curve.ok_or("there are no keys")?;
    curve.keys.sort_by(|a, b| a.time.total_cmp(&b.time));
    Ok(curve)
}

fn to_json(param: &ParamDescription, value: &ParamValue) -> Value {
    match value {
        ParamValue::Double(v) => json!(v),
        ParamValue::Int(v) => json!(v),
        ParamValue::Bool(v) => json!(v),
        ParamValue::String(v) => json!(v),
        ParamValue::Choice(index) => json!({ "option": param.text(value), "index": index }),
        _ if value.doubles().is_empty() => json!(value.ints()),
        _ => json!(value.doubles()),
    }
}

fn from_json(param: &ParamDescription, value: &Value) -> Result<ParamValue, String> {
    let found = match value {
        Value::String(text) => ParamValue::parse(param, text).map_err(|e| e.to_string())?,
        Value::Bool(v) => ParamValue::Bool(*v),
        Value::Object(choice) => choice_from_json(param, choice)?,
        Value::Number(_) => from_numbers(param, std::slice::from_ref(value))?,
        Value::Array(list) => from_numbers(param, list)?,
        Value::Null => return Err("null is no value".into()),
    };
    param.check(&found).map_err(|e| e.to_string())?;
    Ok(found)
}

/// The option of this id; its index only where no id is given. An id that is not known is a mistake of who wrote it: options
/// are neither renamed nor removed.
fn choice_from_json(param: &ParamDescription, choice: &serde_json::Map<String, Value>) -> Result<ParamValue, String> {
    let Some(given) = choice.get("option") else {
        let index = choice.get("index").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        return index
            .map(ParamValue::Choice)
            .ok_or_else(|| "a choice needs its \"option\" or its \"index\"".to_owned());
    };
    given.as_str().and_then(|id| param.option_index(id)).map(ParamValue::Choice).ok_or_else(|| {
        let (given, ids) = (given.as_str().map_or_else(|| given.to_string(), str::to_owned), param.option_ids());
        let meant = nearest(&given, ids.iter().map(String::as_str));
        let meant = meant.map(|id| format!(" (did you mean {id}?)")).unwrap_or_default();
        format!("no option {given}{meant}; it is one of {}", ids.join(", "))
    })
}

fn from_numbers(param: &ParamDescription, list: &[Value]) -> Result<ParamValue, String> {
    let numbers: Option<Vec<f64>> = list.iter().map(Value::as_f64).collect();
    let numbers = numbers.ok_or("a list holds something that is no number")?;
    if let Some(value) = ParamValue::from_doubles(param.kind, &numbers) {
        return Ok(value);
    }
    let whole: Option<Vec<i32>> =
        numbers.iter().map(|v| (v.fract() == 0.0 && v.abs() <= f64::from(i32::MAX)).then_some(*v as i32)).collect();
    whole
        .and_then(|whole| ParamValue::from_ints(param.kind, &whole))
        .ok_or_else(|| format!("{} numbers do not make a {:?}", list.len(), param.kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::node;

    fn saved() -> SavedParams {
        let mut softness = Curve::constant(ParamValue::Double(1.0));
        softness.keys =
            vec![Key { time: 1.0, value: ParamValue::Double(0.5) }, Key { time: 9.5, value: ParamValue::Double(4.0) }];
        SavedParams::from([
            ("softness".to_owned(), softness),
            ("output".to_owned(), Curve::constant(ParamValue::Choice(1))),
            ("note".to_owned(), Curve::constant(ParamValue::String("größer \"than\"".into()))),
            ("tint".to_owned(), Curve::constant(ParamValue::Rgb([0.1, 0.2, 1.0 / 3.0]))),
        ])
    }

    #[test]
    fn what_is_saved_is_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        save(&path, &node(), &saved()).unwrap();
        let loaded = load(&path, &node()).unwrap();
        assert_eq!(loaded.keys().collect::<Vec<_>>(), saved().keys().collect::<Vec<_>>());
        for (id, curve) in &loaded {
            assert_eq!(curve.keys, saved()[id].keys, "{id}");
            assert_eq!(curve.at(4.0), saved()[id].at(4.0), "{id}");
        }
    }

    #[test]
    fn an_option_is_found_by_its_id_and_by_its_index_where_no_id_is_given() {
        let node = node();
        let param = node.param("output").unwrap();
        let choice = |text: &str| from_json(param, &serde_json::from_str(text).unwrap());
        assert_eq!(choice(r#"{"option": "flat", "index": 0}"#), Ok(ParamValue::Choice(1)));
        assert_eq!(choice(r#"{"index": 1}"#), Ok(ParamValue::Choice(1)));
        assert_eq!(choice(r#""flat""#), Ok(ParamValue::Choice(1)));
        assert!(choice(r#"{"option": "flt"}"#).unwrap_err().contains("did you mean flat?"));
        let told = choice(r#"{"option": "blah", "index": 1}"#).unwrap_err();
        assert!(told.contains("no option blah") && told.ends_with("; it is one of source_matte, flat"), "{told}");
        assert!(choice(r#"{"option": 1}"#).is_err() && choice(r#"{"index": 7}"#).is_err() && choice("{}").is_err());
    }

    #[test]
    fn damaged_files_are_errors_that_name_file_and_parameter() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        for (text, expected) in [
            ("", "a.json"),
            ("[]", "a.json"),
            (r#"{"node": "other.Node", "version": [1, 0], "params": {}}"#, "other.Node"),
            (r#"{"node": "test.Node", "version": [1, 0], "params": {"sofness": 1}}"#, "did you mean softness?"),
            (r#"{"node": "test.Node", "version": [1, 0], "params": {"softness": [1, 2]}}"#, "softness"),
            (r#"{"node": "test.Node", "version": [1, 0], "params": {"softness": -5}}"#, "softness"),
            (r#"{"node": "test.Node", "version": [1, 0], "params": {"softness": {"keys": []}}}"#, "softness"),
            (r#"{"node": "test.Node", "version": [1, 0], "params": {"softness": null}}"#, "softness"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = load(&path, &node()).unwrap_err();
            assert!(error.to_string().contains(expected), "{text}: {error}");
        }
    }
}
