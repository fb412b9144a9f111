//! The parameters that every node with a network behind it has. Menus of models are each node's own.

use super::colorspace::SourceColorspace;
use super::model::Device;
use super::picture::{Coverage, SourceAlpha};
use ofx_sdk::plugin::*;

ofx_sdk::settings! {
    /// The network beside the menu, and the device that runs it.
    pub struct NetworkSettings {
        /// An ONNX file that Rotocel's training wrote. It describes itself in its metadata, or in a file of the same name with
        /// .json appended. Networks that work with it lie beside it. Used when Model is Custom.
        custom_model: FilePath = FilePath::new("Custom model").parent("model_group"),
        /// Name and SHA-256 of the model that this project was made with. It wins over the position in the menu, so that
        /// a newer Rotocel never swaps the model of an older project in silence.
        model_id: Text = Text::new("Model id").secret().parent("model_group"),
        /// The entry of the menu, or the file, that Model id was chosen by. Some hosts tell a node of every parameter when they open
        /// a project; only another choice than this one is the artist's, and changes Model id. Where this Rotocel does not carry the
        /// entry, only Accept model does.
        model_chosen_by: Text = Text::new("Model chosen by").secret().parent("model_group"),
        /// Goes on with the model as it is now, where another one stands in the place of that which the project was made with, or
        /// this Rotocel does not carry that.
        accept_model: PushButton = PushButton::new("Accept model").parent("model_group"),
        /// Where the network runs. Auto takes a CUDA GPU when one works, and the CPU otherwise. The environment variable
        /// ROTOCEL_DEVICE overrides this.
        device: Choice<Device> = Choice::new("Device").parent("model_group"),
        /// Which CUDA GPU, counted from 0, when Device is CUDA. Auto takes the first.
        device_index: Integer = Integer::new("Device index").range(0, 15).default(0).not_animating().parent("model_group"),
        /// Runs the network once, measures it, and writes what really runs into Status.
        check_device: PushButton = PushButton::new("Check device").parent("model_group"),
    }
}

impl NetworkSettings {
    /// Whether a model that is `chosen_by` this entry or file is another choice than the one that the project remembers.
    pub fn is_new_choice(&self, chosen_by: &str) -> bool {
        let remembered = match self.model_chosen_by.as_str() {
            // A shipped model's name says by which entry it was chosen.
            "" => self.model_id.split_whitespace().next().unwrap_or_default(),
            remembered => remembered,
        };
        self.model_id.is_empty() || remembered != chosen_by
    }

    /// The device that the engine is asked for.
    pub fn engine_device(&self) -> inference::Device {
        self.device.with_index(self.device_index)
    }
}

ofx_sdk::settings! {
    /// How the network is shown Source.
    pub struct EncodingSettings {
        /// The color encoding of Source. The network is shown an sRGB picture made from it.
        source_colorspace: Choice<SourceColorspace> = Choice::new("Source colorspace").parent("input_group"),
        /// What Source's alpha has to do with its colors. Hosts that say premultiplied of every picture, as Nuke does, say it of a
        /// plate with a matte beside it too: its colors would be divided by that matte, and its soft edges be shown too bright.
        source_alpha: Choice<SourceAlpha> = Choice::new("Source alpha").not_animating().parent("input_group"),
        /// Stops of exposure applied to what the network sees, never to the output. Raise it for a dark plate.
        exposure: Double = Double::new("Exposure").range(-20.0, 20.0).display(-4.0, 4.0).parent("input_group"),
        /// Sets Exposure by the current frame: a dark plate is brightened, and light above white comes back. A frame that has
        /// white gets 0. Choose a frame that stands for the shot.
        meter: PushButton = PushButton::new("Meter").parent("input_group"),
    }
}

impl ChoiceValue for SourceAlpha {
    const OPTIONS: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Host, "Host", "As the host says."),
        (Self::Premultiplied, "Premultiplied", "Colors are multiplied by alpha."),
        (Self::Unpremultiplied, "Unpremultiplied", "Colors are not: alpha is a matte beside the picture."),
    ];
}

impl ChoiceValue for Coverage {
    const OPTIONS: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Alpha, "Alpha", "The mask's alpha; its luminance where it has no alpha."),
        (Self::Luminance, "Luminance", "The mask's luminance: a black-and-white picture, whatever its alpha."),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_choice_than_the_remembered_one_is_new() {
        let network = |id: &str, by: &str| NetworkSettings {
            model_id: id.to_owned(),
            model_chosen_by: by.to_owned(),
            ..NetworkSettings::default()
        };
        for (id, by, chosen_by, new) in [
            ("", "", "tone_fast", true),
            ("", "tone_fast", "tone_fast", true),
            ("tone_fast 12", "tone_fast", "tone_fast", false),
            ("tone_fast 12", "tone_fast", "tone_small", true),
            ("tone_fast 12", "tone_fast", "file /a.onnx", true),
            ("mine 12", "file /a.onnx", "file /a.onnx", false),
            ("mine 12", "file /a.onnx", "file /b.onnx", true),
            // As older projects are.
            ("tone_fast 12", "", "tone_fast", false),
            ("tone_fast 12", "", "tone_small", true),
            ("mine 12", "", "file /a.onnx", true),
        ] {
            assert_eq!(network(id, by).is_new_choice(chosen_by), new, "{id} by {by}, then {chosen_by}");
        }
    }
}
