//! What a caller hands in, held against what the network expects.

use std::sync::Arc;

use ndarray::Array3;

use crate::session::Planes;
use crate::{Device, Error, Model, ModelEntry, Result, Role};

/// One frame for one network.
#[derive(Debug, Clone)]
pub struct Request {
    /// The network.
    pub model: Arc<Model>,
    /// Where to run it.
    pub device: Device,
    /// The tensors `[channels, height, width]`: pictures all of one size, a multiple of the model's stride, or the size
    /// that its entry says; points in one row, `[channels, 1, number]`. An input that is not given is filled with its entry's `absent` value. NaN and infinity are handed to the network as they are.
    pub inputs: Vec<(Role, Array3<f32>)>,
}

/// The request's tensors in the order of the model's entry, in standard layout, absent ones filled in.
pub(crate) fn arrange(model: &Model, given: Vec<(Role, Array3<f32>)>) -> Result<Vec<Planes>> {
    let wrong = |reason: String| Error::Input { model: model.entry.name.clone(), reason };
    if given.is_empty() {
        return Err(wrong("no tensor was given".to_owned()));
    }
    let picture = picture_size(&model.entry, &given).map_err(wrong)?;
    let mut given: Vec<_> = given.into_iter().map(Some).collect();
    let mut arranged = Vec::with_capacity(model.entry.inputs.len());
    for entry in &model.entry.inputs {
        let place = given.iter_mut().find(|place| place.as_ref().is_some_and(|(role, _)| *role == entry.role));
        let found = place.and_then(Option::take);
        let (height, width) = match entry.role {
            Role::Image | Role::Subject => picture,
            Role::Points => (1, entry.size.or(found.as_ref().map(|(_, row)| row.dim().2)).unwrap_or(1)),
        };
        let expected = (entry.channels, height, width);
        let planes = match (found, entry.absent) {
            (Some((_, planes)), _) if planes.dim() == expected => planes,
            (Some((role, planes)), _) => {
                let found = planes.dim();
                return Err(wrong(format!("the {role} has the shape {found:?}, expected {expected:?}")));
            }
            (None, Some(value)) => Array3::from_elem(expected, value),
            (None, None) => return Err(wrong(format!("it needs the {}, which was not given", entry.role))),
        };
        arranged.push(if planes.is_standard_layout() { planes } else { planes.as_standard_layout().into_owned() });
    }
    match given.into_iter().flatten().next() {
        Some((role, _)) => Err(wrong(format!("it takes no {role}, or takes it once only"))),
        None => Ok(arranged),
    }
}

/// Height and width of the pictures among the tensors; anything where there is none.
fn picture_size(entry: &ModelEntry, given: &[(Role, Array3<f32>)]) -> Result<(usize, usize), String> {
    let Some((_, first)) = given.iter().find(|(role, _)| *role != Role::Points) else { return Ok((1, 1)) };
    let (_, height, width) = first.dim();
    let stride = entry.stride;
    if height == 0 || width == 0 || height % stride != 0 || width % stride != 0 {
        return Err(format!("{width}×{height} pixels were given, expected multiples of {stride}"));
    }
    match entry.input(Role::Image).and_then(|image| image.size) {
        Some(size) if (height, width) != (size, size) => {
            Err(format!("{width}×{height} pixels were given, expected {size}×{size}"))
        }
        _ => Ok((height, width)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::ModelEntry;

    fn model() -> Model {
        let json = r#"{"name": "m", "label": "M", "node": "N", "stride": 4, "colorspace": "srgb", "classes": ["a"],
            "input": [{"name": "image", "role": "image", "channels": 3, "range": [0, 1]},
                      {"name": "mask", "role": "subject", "channels": 1, "range": [0, 1], "absent": 0.5}],
            "output": {"name": "logits", "channels": 1}}"#;
        let entry = ModelEntry::from_json(json, Path::new("m.json")).unwrap();
        Model { entry, path: PathBuf::from("m.onnx"), sha256: String::new() }
    }

    fn message(inputs: Vec<(Role, Array3<f32>)>) -> String {
        arrange(&model(), inputs).unwrap_err().to_string()
    }

    #[test]
    fn inputs_come_in_the_entrys_order_and_absent_ones_are_filled() {
        let image = Array3::from_elem((3, 4, 8), 1.0);
        let both = arrange(&model(), vec![(Role::Subject, Array3::ones((1, 4, 8))), (Role::Image, image.clone())]);
        assert_eq!(both.unwrap(), [image.clone(), Array3::ones((1, 4, 8))]);
        let alone = arrange(&model(), vec![(Role::Image, image.clone())]);
        assert_eq!(alone.unwrap(), [image, Array3::from_elem((1, 4, 8), 0.5)]);
    }

    #[test]
    fn transposed_tensors_are_laid_out_anew() {
        let turned = Array3::from_shape_fn((8, 4, 3), |(x, y, c)| (c * 100 + y * 10 + x) as f32).reversed_axes();
        let arranged = arrange(&model(), vec![(Role::Image, turned.clone())]).unwrap();
        assert!(arranged[0].is_standard_layout());
        assert_eq!(arranged[0], turned);
    }

    #[test]
    fn every_misfit_is_named() {
        assert!(message(vec![]).contains("no tensor"));
        assert!(message(vec![(Role::Image, Array3::zeros((3, 4, 6)))]).contains("multiples of 4"));
        assert!(message(vec![(Role::Image, Array3::zeros((3, 0, 4)))]).contains("4×0"));
        assert!(message(vec![(Role::Image, Array3::zeros((4, 4, 4)))]).contains("(4, 4, 4), expected (3, 4, 4)"));
        assert!(message(vec![(Role::Subject, Array3::zeros((1, 4, 4)))]).contains("needs the image"));
        let image = || (Role::Image, Array3::zeros((3, 4, 4)));
        assert!(message(vec![image(), (Role::Subject, Array3::zeros((1, 8, 4)))]).contains("the subject"));
        assert!(message(vec![image(), image()]).contains("once only"));
    }

    #[test]
    fn a_network_of_one_size_and_one_of_points_take_just_these() {
        let mut fixed = model();
        fixed.entry.inputs[0].size = Some(8);
        let image = |size| vec![(Role::Image, Array3::zeros((3, size, size)))];
        assert!(arrange(&fixed, image(8)).is_ok());
        assert!(arrange(&fixed, image(4)).unwrap_err().to_string().contains("4×4 pixels were given, expected 8×8"));
        let mut points = model();
        points.entry.inputs.truncate(1);
        points.entry.inputs[0].role = Role::Points;
        let row = |number| vec![(Role::Points, Array3::zeros((3, 1, number)))];
        assert_eq!(arrange(&points, row(45)).unwrap()[0].dim(), (3, 1, 45), "no stride holds for points");
        points.entry.inputs[0].size = Some(45);
        assert!(arrange(&points, row(44)).unwrap_err().to_string().contains("(3, 1, 44), expected (3, 1, 45)"));
    }
}
