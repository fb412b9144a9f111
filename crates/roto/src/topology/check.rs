//! The rules of a topology. Every message names the entry.

use std::collections::HashSet;

use super::{ShapeMirror, ShapeSpec, TopologyText, VertexOrder, VertexSpec};

/// Above any face or body, below anything that would exhaust memory.
const MOST: usize = 4096;

type Checked<T> = Result<T, String>;

/// Checks `text` and works out the mirror of landmarks and of shapes.
pub(super) fn derive(text: &TopologyText) -> Checked<(Vec<usize>, Vec<ShapeMirror>)> {
    check_word("name", &text.name)?;
    if text.label.trim().is_empty() {
        return Err("the label is empty; write what an artist shall read".to_owned());
    }
    check_landmarks(text)?;
    check_shapes(text)?;
    for (name, indices) in &text.subsets {
        check_word("the name of a subset", name)?;
        check_indices(&format!("subset \"{name}\""), indices.iter().copied(), text.landmarks.len())?;
    }
    let mirror = mirror_of_landmarks(text)?;
    let shape_mirrors = mirror_of_shapes(text, &mirror)?;
    Ok((mirror, shape_mirrors))
}

/// Names travel through files, parameters and hosts: letters, digits, `_`, `-` and `.` survive everywhere.
fn check_word(what: &str, word: &str) -> Checked<()> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    match !word.is_empty() && word.len() <= 64 && word.chars().all(fits) {
        true => Ok(()),
        false => Err(format!("{what} is {word:?}, expected 1 to 64 of the letters a-z, A-Z, 0-9, _, - and .")),
    }
}

fn check_count(what: &str, found: usize) -> Checked<()> {
    match (1..=MOST).contains(&found) {
        true => Ok(()),
        false => Err(format!("there are {found} {what}, expected 1 to {MOST}")),
    }
}

fn check_indices(place: &str, indices: impl Iterator<Item = usize>, count: usize) -> Checked<()> {
    let mut seen = HashSet::new();
    for index in indices {
        if index >= count {
            return Err(format!("{place} names landmark {index}, but landmarks are numbered 0 to {}", count - 1));
        }
        if !seen.insert(index) {
            return Err(format!("{place} names landmark {index} twice"));
        }
    }
    Ok(())
}

fn check_landmarks(text: &TopologyText) -> Checked<()> {
    check_count("landmarks", text.landmarks.len())?;
    let mut names = HashSet::new();
    for (index, landmark) in text.landmarks.iter().enumerate() {
        check_word(&format!("the name of landmark {index}"), &landmark.name)?;
        check_word(&format!("the group of landmark \"{}\"", landmark.name), &landmark.group)?;
        if !names.insert(&landmark.name) {
            return Err(format!("two landmarks have the name \"{}\"", landmark.name));
        }
    }
    Ok(())
}

fn check_shapes(text: &TopologyText) -> Checked<()> {
    check_count("shapes", text.shapes.len())?;
    let mut names = HashSet::new();
    for (index, shape) in text.shapes.iter().enumerate() {
        check_word(&format!("the name of shape {index}"), &shape.name)?;
        if !names.insert(&shape.name) {
            return Err(format!("two shapes have the name \"{}\"", shape.name));
        }
        check_shape(shape, text.landmarks.len()).map_err(|reason| format!("shape \"{}\": {reason}", shape.name))?;
    }
    Ok(())
}

fn check_shape(shape: &ShapeSpec, landmarks: usize) -> Checked<()> {
    check_word("the group", &shape.group)?;
    if shape.label.trim().is_empty() {
        return Err("the label is empty; write what an artist shall read".to_owned());
    }
    let found = shape.vertices.len();
    if !(2..=MOST).contains(&found) {
        return Err(format!("it has {found} vertices, expected 2 to {MOST}"));
    }
    if !shape.stroke_width_px.is_finite() || shape.stroke_width_px < 0.0 {
        return Err(format!("stroke_width_px is {}, expected 0 or more", shape.stroke_width_px));
    }
    if shape.closed && shape.stroke_width_px > 0.0 {
        return Err("a closed shape is filled; its stroke_width_px must be 0".to_owned());
    }
    check_indices("vertices", shape.vertices.iter().filter_map(|vertex| vertex.landmark()), landmarks)
}

fn mirror_of_landmarks(text: &TopologyText) -> Checked<Vec<usize>> {
    if text.mirror_landmarks.is_empty() {
        return match text.mirror_shapes.is_empty() {
            true => Ok(Vec::new()),
            false => Err("mirror_shapes is given without mirror_landmarks".to_owned()),
        };
    }
    let count = text.landmarks.len();
    let mut mirror = vec![None; count];
    for &[one, other] in &text.mirror_landmarks {
        for (from, to) in [(one, other), (other, one)] {
            if from >= count {
                return Err(format!(
                    "mirror_landmarks names landmark {from}, but landmarks are numbered 0 to {}",
                    count - 1
                ));
            }
            match mirror[from].replace(to) {
                Some(before) if before != to => {
                    return Err(format!(
                        "mirror_landmarks is not symmetric: landmark {from} is paired with {before} and with {to}"
                    ));
                }
                _ => {}
            }
        }
    }
    let alone = |index: usize| format!("landmark {index} has no mirror image; on the axis, pair it with itself");
    mirror.iter().enumerate().map(|(index, paired)| paired.ok_or_else(|| alone(index))).collect()
}

fn mirror_of_shapes(text: &TopologyText, mirror: &[usize]) -> Checked<Vec<ShapeMirror>> {
    if mirror.is_empty() {
        return Ok(Vec::new());
    }
    let find = |name: &String| {
        let missing = || format!("mirror_shapes names \"{name}\", but no shape has that name");
        text.shapes.iter().position(|shape| shape.name == *name).ok_or_else(missing)
    };
    let mut mirrors = vec![None; text.shapes.len()];
    for [one, other] in &text.mirror_shapes {
        let (one, other) = (find(one)?, find(other)?);
        for (from, to) in [(one, other), (other, one)] {
            let found = mirror_of_shape(&text.shapes[from], &text.shapes[to], mirror)?;
            match mirrors[from].replace(ShapeMirror { shape: to, order: found }) {
                Some(before) if before.shape != to => {
                    return Err(format!(
                        "mirror_shapes is not symmetric: shape \"{}\" is paired with \"{}\" and with \"{}\"",
                        text.shapes[from].name, text.shapes[before.shape].name, text.shapes[to].name
                    ));
                }
                _ => {}
            }
        }
    }
    let alone = |index: usize| format!("shape \"{}\" is in no pair of mirror_shapes", text.shapes[index].name);
    mirrors.iter().enumerate().map(|(index, paired)| paired.ok_or_else(|| alone(index))).collect()
}

fn mirror_of_shape(from: &ShapeSpec, to: &ShapeSpec, mirror: &[usize]) -> Checked<VertexOrder> {
    let count = from.vertices.len();
    let image = |vertex: VertexSpec| vertex.landmark().map(|landmark| mirror[landmark]);
    let fits = |order: &VertexOrder| {
        (0..count).all(|index| image(from.vertices[index]) == to.vertices[order.place(index, count)].landmark())
    };
    if from.closed != to.closed || count != to.vertices.len() {
        return Err(format!(
            "shapes \"{}\" and \"{}\" cannot be mirror images: both must be open or closed, with as many vertices",
            from.name, to.name
        ));
    }
    // A mirror image runs the other way round, so a closed shape keeps its winding only if it is reversed; and so does
    // a curve across the axis keep its direction.
    let mut orders: Vec<_> = VertexOrder::all(count, from.closed).collect();
    if from.closed || from.name == to.name {
        orders.sort_by_key(|order| !order.reversed);
    }
    orders.into_iter().find(fits).ok_or_else(|| {
        format!(
            "shapes \"{}\" and \"{}\" cannot be mirror images: their vertices do not follow each other as \
             mirror_landmarks says",
            from.name, to.name
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::Topology;

    const GOOD: &str = include_str!("../../../../models/topologies/puppet.toml");

    fn refused(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "{from} is not in the file");
        toml::from_str::<Topology>(&GOOD.replacen(from, to, 1)).expect_err(from).to_string()
    }

    #[test]
    fn every_rule_names_what_breaks_it() {
        for (from, to, said) in [
            ("name = \"puppet\"", "name = \"a puppet\"", "name is \"a puppet\""),
            ("label = \"Left eye\"", "label = \" \"", "shape \"left_eye\": the label is empty"),
            (
                "name = \"left_eye_inner\"",
                "name = \"left_eye_outer\"",
                "two landmarks have the name \"left_eye_outer\"",
            ),
            ("name = \"right_eye\"", "name = \"left_eye\"", "two shapes have the name \"left_eye\""),
            ("[5, 6, 7, 8, 9, 10]", "[5, 6, 7, 8, 9, 45]", "names landmark 45, but landmarks are numbered 0 to 44"),
            ("[5, 6, 7, 8, 9, 10]", "[5, 6, 7, 8, 9, 9]", "vertices names landmark 9 twice"),
            ("[5, 6, 7, 8, 9, 10]", "[]", "it has 0 vertices, expected 2"),
            ("[5, 6, 7, 8, 9, 10]", "[5, 7, 6, 8, 9, 10]", "cannot be mirror images: their vertices do not follow"),
            ("[0, 4]", "[0, 3]", "not symmetric: landmark 3 is paired with"),
            ("[0, 4], ", "", "landmark 0 has no mirror image"),
            ("[0, 4]", "[0, 99]", "mirror_landmarks names landmark 99"),
            ("[\"left_eye\", \"right_eye\"], ", "", "is in no pair of mirror_shapes"),
            ("[\"left_eye\", \"right_eye\"]", "[\"left_eye\", \"third_eye\"]", "no shape has that name"),
            ("[\"left_eye\", \"right_eye\"]", "[\"left_eye\", \"left_brow\"]", "with as many vertices"),
            ("stroke_width_px = 4.0", "stroke_width_px = -4.0", "stroke_width_px is -4"),
            ("vertices = [5", "stroke_width_px = 2.0, vertices = [5", "its stroke_width_px must be 0"),
            ("vertices = [5", "colour = 2, vertices = [5", "unknown field `colour`"),
        ] {
            let message = refused(from, to);
            assert!(message.contains(said), "{from} → {to}: {message}");
        }
    }
}
