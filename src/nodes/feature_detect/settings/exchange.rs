//! Files that shapes and landmarks go to and come from.

use ofx_sdk::plugin::*;

ofx_sdk::settings! {
    /// Files.
    pub struct ExchangeSettings {
        /// Writing shapes and landmarks for other programs.
        export_group: Group = Group::new("Export").closed(),
        /// The folder that files are written into.
        export_dir: Directory = Directory::new("Folder").evaluate_on_change(false).parent("export_group"),
        /// Name of the files, without the ending.
        export_name: Text = Text::new("Name").default("rotocel").evaluate_on_change(false).parent("export_group"),
        /// Replace files that exist. Without it, an export that would replace one stops and says so.
        overwrite: Boolean = Boolean::new("Overwrite").not_animating().evaluate_on_change(false).parent("export_group"),
        /// Write the landmarks too, where a format has trackers beside shapes.
        include_tracks: Boolean =
            Boolean::new("Include tracks").default(true).not_animating().evaluate_on_change(false).parent("export_group"),
        /// Which keys are written. Keys made by hand always are.
        key_mode: Choice<KeyChoice> = Choice::new("Keys").evaluate_on_change(false).parent("export_group"),
        /// How many frames lie between two keys, when Keys is Every N.
        key_every: Integer =
            Integer::new("Every").range(1, 1000).display(1, 24).default(4).not_animating().evaluate_on_change(false).parent("export_group"),
        /// How far a shape may be off between the keys that are left, in full-resolution pixels, when Keys is Reduce.
        key_tolerance_px: Double = Double::new("Tolerance").range(0.0, 100.0).display(0.0, 5.0).default(0.5)
            .not_animating().evaluate_on_change(false).parent("export_group"),
        /// Writes Rotocel's own JSON: shapes, landmarks and styles; this node reads it back.
        export_json: PushButton = PushButton::new("Export JSON").parent("export_group"),
        /// Writes the JSON of cubic segments, a file for each frame: what training reads.
        export_segments: PushButton = PushButton::new("Export cubic segments").parent("export_group"),
        /// Writes a Nuke Roto node, to be pasted or loaded.
        export_nuke: PushButton = PushButton::new("Export Nuke Roto").parent("export_group"),
        /// Writes a Nuke Tracker node with the landmarks.
        export_tracker: PushButton = PushButton::new("Export Nuke Tracker").parent("export_group"),
        /// Writes a Python script that builds the Roto node in Nuke.
        export_nuke_python: PushButton = PushButton::new("Export Nuke Python").parent("export_group"),
        /// Writes a Python script that builds the Roto node in Natron.
        export_natron: PushButton = PushButton::new("Export Natron").parent("export_group"),
        /// Writes Silhouette's shapes.
        export_silhouette: PushButton = PushButton::new("Export Silhouette").parent("export_group"),
        /// Writes a script that makes masks in After Effects.
        export_after_effects: PushButton = PushButton::new("Export After Effects").parent("export_group"),
        /// Writes the rotoscoping filter of MLT, Kdenlive and Shotcut.
        export_mlt: PushButton = PushButton::new("Export MLT").parent("export_group"),
        /// Writes masks for Fusion.
        export_fusion: PushButton = PushButton::new("Export Fusion").parent("export_group"),
        /// Writes an animated SVG.
        export_svg: PushButton = PushButton::new("Export SVG").parent("export_group"),

        /// Bringing shapes and landmarks back as corrections by hand.
        import_group: Group = Group::new("Import").closed(),
        /// A file of Rotocel's JSON, a Nuke Roto or Tracker4 script, or cubic segments.
        import_file: FilePath = FilePath::new("File").evaluate_on_change(false).parent("import_group"),
        /// Takes shapes and landmarks of the file as corrections by hand, in one step that can be undone. Names must be those
        /// of this model; others are left out and named in Status.
        import: PushButton = PushButton::new("Import").parent("import_group"),
    }
}

/// Which keys are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyChoice {
    /// As few as keep to the tolerance.
    #[default]
    Reduce,
    /// On every frame.
    Every,
    /// On every n-th frame.
    EveryNth,
}

impl ChoiceValue for KeyChoice {
    const OPTIONS: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Reduce, "Reduce", "As few as keep to the tolerance."),
        (Self::Every, "Every", "On every frame."),
        (Self::EveryNth, "Every N", "On every n-th frame."),
    ];
}
