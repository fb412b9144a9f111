//! `rotocel nodes` and `rotocel describe`.

use crate::bundles;
use crate::cli::{DescribeArgs, NodesArgs};
use crate::error::Result;
use ofx_sdk::ParamKind;
use ofx_sdk::host::{ClipDescription, Description, Host, HostOptions, ParamDescription};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Lists the nodes that are found.
///
/// # Errors
/// [`crate::error::Error::Plugin`] when there is no bundle.
pub fn nodes(args: &NodesArgs) -> Result<String> {
    let host = Host::new(HostOptions::default());
    let found = bundles::list(&host, &args.bundle)?;
    if args.json {
        let list: Vec<Value> = found
            .iter()
            .map(|node| {
                json!({
                    "name": node.short_name(),
                    "identifier": node.info.identifier,
                    "version": [node.info.version.0, node.info.version.1],
                    "binary": node.bundle.path().binary,
                })
            })
            .collect();
        return Ok(pretty(&Value::Array(list)));
    }
    let mut text = String::new();
    for node in &found {
        let (major, minor) = node.info.version;
        let binary = node.bundle.path().binary.display();
        let _ = writeln!(text, "{:<20} {}  {major}.{minor}  {binary}", node.short_name(), node.info.identifier);
    }
    Ok(text)
}

/// Shows clips and parameters of a node.
///
/// # Errors
/// An unknown node, or one that does not describe itself.
pub fn describe(args: &DescribeArgs) -> Result<String> {
    let host = Host::new(HostOptions::default());
    let plugin = bundles::load(&host, &args.bundle, &args.node)?;
    let node = bundles::describe(&plugin, args.context.map(Into::into))?;
    Ok(if args.json { pretty(&as_json(&node)) } else { as_text(&node) })
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn lower(value: impl std::fmt::Debug) -> String {
    format!("{value:?}").to_lowercase()
}

fn as_json(node: &Description) -> Value {
    json!({
        "identifier": node.identifier,
        "version": [node.version.0, node.version.1],
        "label": node.label,
        "group": node.group,
        "description": node.description,
        "context": lower(node.context),
        "contexts": node.contexts.iter().map(lower).collect::<Vec<_>>(),
        "depths": node.depths.iter().map(lower).collect::<Vec<_>>(),
        "tiles": node.tiles,
        "temporal": node.temporal,
        "planes": node.multi_plane,
        "thread_safety": lower(node.thread_safety),
        "clips": node.clips.iter().map(clip_json).collect::<Vec<_>>(),
        "params": node.params.iter().map(param_json).collect::<Vec<_>>(),
    })
}

fn clip_json(clip: &ClipDescription) -> Value {
    json!({
        "name": clip.name,
        "label": clip.label,
        "optional": clip.optional,
        "mask": clip.mask,
        "components": clip.components.iter().map(lower).collect::<Vec<_>>(),
        "temporal": clip.temporal,
        "tiles": clip.tiles,
    })
}

fn param_json(param: &ParamDescription) -> Value {
    let range = |low: &[f64], high: &[f64]| {
        let finite = |v: &f64| if v.abs() < 1e300 { json!(v) } else { Value::Null };
        json!({ "min": low.iter().map(finite).collect::<Vec<_>>(), "max": high.iter().map(finite).collect::<Vec<_>>() })
    };
    let options: Vec<Value> = param
        .option_ids()
        .into_iter()
        .zip(&param.options)
        .enumerate()
        .map(|(index, (id, label))| json!({ "index": index, "id": id, "label": label }))
        .collect();
    json!({
        "id": param.id,
        "label": param.label,
        "hint": param.hint,
        "kind": lower(param.kind),
        "default": param.default.as_ref().map(|v| param.text(v)),
        "range": range(&param.min, &param.max),
        "display_range": range(&param.display_min, &param.display_max),
        "options": options,
        "secret": param.secret,
        "animates": param.animates,
        "parent": param.parent,
        "string_mode": param.string_mode.map(lower),
    })
}

fn as_text(node: &Description) -> String {
    let mut text = String::new();
    let (major, minor) = node.version;
    let contexts: Vec<String> = node.contexts.iter().map(lower).collect();
    let _ = writeln!(text, "{} {major}.{minor}  ({}; {})", node.identifier, node.group, contexts.join(", "));
    if !node.description.is_empty() {
        let _ = writeln!(text, "\n{}", node.description);
    }
    let _ = writeln!(text, "\nClips");
    for clip in &node.clips {
        let components: Vec<String> = clip.components.iter().map(lower).collect();
        let optional = if clip.optional { ", optional" } else { "" };
        let _ = writeln!(text, "  {:<10} {}{optional}", clip.name, components.join(", "));
    }
    let _ = writeln!(text, "\nParameters");
    for param in &node.params {
        match param.kind {
            ParamKind::Page => {}
            ParamKind::Group => {
                let _ = writeln!(text, "\n {}", param.label);
            }
            _ => write_param(&mut text, param),
        }
    }
    text
}

fn write_param(text: &mut String, param: &ParamDescription) {
    let mut facts = vec![lower(param.kind)];
    if let (Some(low), Some(high)) = (param.min.first(), param.max.first()) {
        let number = |v: f64| if v.abs() < 1e300 { v.to_string() } else { "any".into() };
        let whole_range = low.abs() >= f64::from(i32::MAX) && high.abs() >= f64::from(i32::MAX);
        if !whole_range {
            facts.push(format!("{} to {}", number(*low), number(*high)));
        }
    }
    if let Some(default) = &param.default {
        let value = param.text(default);
        facts.push(format!("default {}", if value.is_empty() { "empty".into() } else { value }));
    }
    if param.secret {
        facts.push("hidden".into());
    }
    let _ = writeln!(text, "  {:<24} {}: {}", param.id, param.label, facts.join(", "));
    if !param.options.is_empty() {
        let _ = writeln!(text, "  {:<24}   one of {}", "", param.option_ids().join(", "));
    }
    for line in param.hint.lines().filter(|line| !line.trim().is_empty()) {
        let _ = writeln!(text, "  {:<24}   {}", "", line.trim());
    }
}
