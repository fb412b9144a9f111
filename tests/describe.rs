//! What hosts read of our nodes: a change here changes projects that artists have saved.

mod stage;

use ofx_sdk::Context;
use ofx_sdk::host::{Description, HostOptions, ParamDescription};
use stage::*;
use std::fmt::Write;

fn text(description: &Description) -> String {
    let mut out = format!("{} / {}\n", description.group, description.label);
    for clip in &description.clips {
        writeln!(
            out,
            "clip {}: {:?}{}{}{}",
            clip.name,
            clip.components,
            if clip.optional { ", optional" } else { "" },
            if clip.mask { ", mask" } else { "" },
            if clip.temporal { ", temporal" } else { "" }
        )
        .unwrap();
    }
    for param in &description.params {
        writeln!(out, "{}", line(param)).unwrap();
    }
    out
}

fn line(param: &ParamDescription) -> String {
    let mut out = format!("{:?} {} \"{}\"", param.kind, param.id, param.label);
    if let Some(default) = &param.default {
        write!(out, " = {}", param.text(default)).unwrap();
    }
    if param.min.first().is_some_and(|min| min.abs() < 1e300) {
        write!(out, " from {:?} to {:?}", param.min, param.max).unwrap();
    }
    if !param.options.is_empty() {
        write!(out, " of [{}]", param.option_ids().join(", ")).unwrap();
    }
    if !param.parent.is_empty() {
        write!(out, " in {}", param.parent).unwrap();
    }
    let flags = [
        (param.secret, "secret"),
        (!param.enabled, "disabled"),
        (!param.animates, "still"),
        // Resolve and Natron make the picture anew for a line that only tells something, unless it says this.
        (param.default.is_some() && !param.evaluate_on_change, "silent"),
    ];
    for (_, name) in flags.iter().filter(|(set, _)| *set) {
        write!(out, " {name}").unwrap();
    }
    out
}

#[test]
fn tone_segment_is_described_as_released() {
    let host = host(HostOptions::default());
    let plugin = tone_segment(&host);
    assert_eq!(plugin.contexts().len(), 2);
    insta::assert_snapshot!("tone_segment_general", text(plugin.description(Context::General).unwrap()));
    insta::assert_snapshot!("tone_segment_filter", text(plugin.description(Context::Filter).unwrap()));
    assert_well_behaved(&host);
}

#[test]
fn feature_detect_is_described_as_released() {
    let host = host(HostOptions::default());
    let plugin = feature_detect(&host);
    assert_eq!(plugin.contexts().len(), 2);
    insta::assert_snapshot!("feature_detect_general", text(plugin.description(Context::General).unwrap()));
    insta::assert_snapshot!("feature_detect_filter", text(plugin.description(Context::Filter).unwrap()));
    assert_well_behaved(&host);
}

#[test]
fn every_parameter_has_a_hint_and_lies_in_a_group() {
    let host = host(HostOptions::default());
    for plugin in [tone_segment(&host), feature_detect(&host)] {
        for param in &plugin.description(Context::General).unwrap().params {
            assert!(!param.hint.is_empty(), "{} has no hint", param.id);
            assert!(!param.parent.is_empty() || param.id.ends_with("_group"), "{} lies in no group", param.id);
        }
    }
}

#[test]
fn the_colorspace_of_source_starts_as_each_host_delivers_pixels() {
    for (name, expected) in [
        ("uk.co.thefoundry.nuke", "linear_rec_709"),
        ("fr.inria.Natron", "linear_rec_709"),
        ("DaVinciResolve", "rec_709_display"),
        ("MLT", "rec_709_display"),
        ("com.blackmagicdesign.Fusion", "linear_rec_709"),
        ("org.rotocel.headless", "linear_rec_709"),
    ] {
        let host = host(HostOptions { name: name.into(), ..HostOptions::default() });
        let plugin = tone_segment(&host);
        let param = plugin.description(Context::General).unwrap().param("source_colorspace").unwrap();
        assert_eq!(param.text(param.default.as_ref().unwrap()), expected, "{name}");
    }
}
