use proptest::prelude::*;

use super::*;
use crate::fixture::{GENERATED, RAW, REVECTORISED, TEST, TEST_LATER, blob};

#[test]
fn a_published_frame_reads_as_its_files_are_described() {
    let raw = CubicSegments::parse(RAW).expect("a public file");
    let segments = |frame: &CubicSegments, name: &str| frame.shapes[name].segments().count();
    assert_eq!((raw.shapes.len(), raw.points.as_ref()), (9, None));
    assert_eq!((segments(&raw, "left_seam"), segments(&raw, "right_eyebrow")), (2, 9));
    assert!(raw.shapes.iter().all(|(name, shape)| shape.is_closed() != name.ends_with("seam")));
    let first = raw.shapes["left_eye"].vertices()[0];
    assert_eq!((first.anchor, first.outgoing), (Point::new(244.12, 383.87), Vec2::new(9.58, -0.85)));
    assert_eq!(first.incoming, Vec2::new(-13.56, 1.27), "the end handle of the closing segment");

    let made = CubicSegments::parse(GENERATED).expect("a public file").points.expect("45 points");
    assert_eq!((made.len(), made.iter().filter(|point| point.is_none()).count()), (45, 17));
}

#[test]
fn what_was_read_is_written_number_by_number() {
    for text in [RAW, REVECTORISED, TEST, TEST_LATER, GENERATED] {
        let written = CubicSegments::parse(text).and_then(|frame| frame.write()).expect("a public file");
        let numbers = |text: &str| -> Vec<f64> {
            let parts = text.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'));
            parts.filter_map(|part| part.parse().ok()).collect()
        };
        let (before, after) = (numbers(text), numbers(&written));
        assert_eq!(before.len(), after.len());
        assert_eq!(before, after);
    }
}

#[test]
fn every_error_says_what_and_where() {
    for (text, said) in [
        ("", "file: EOF while parsing"),
        ("[1]", "file: invalid type: sequence, expected an object of shapes"),
        (r#"{"a":[[[0,0,1,0],[0,0,1,0]]],"a":[]}"#, r#"shape "a": a closed shape needs at least 2 segments"#),
        (r#"{"points":[],"points":[]}"#, "the key \"points\" stands twice"),
        (r#"{"eye":3}"#, r#"shape "eye": expected a list of segments, found the number 3"#),
        (
            r#"{"eye":[[[0,0,1,0]]]}"#,
            r#"shape "eye", segment 0: expected [[x0, tx0, x3, tx3], [y0, ty0, y3, ty3]], found a list of 1"#,
        ),
        (
            r#"{"eye":[[[0,0,1],[0,0,1,0]]]}"#,
            r#"shape "eye", segment 0, row 0: expected [x0, tx0, x3, tx3], found a list of 3"#,
        ),
        (
            r#"{"eye":[[[0,0,1,0],[0,0,null,0]]]}"#,
            r#"segment 0, row 1: expected [y0, ty0, y3, ty3] in numbers, found null in it"#,
        ),
        (r#"{"eye":[[[0,0,1,0],[0,0,1e9,0]]]}"#, "the coordinate 1000000000 is farther out"),
        (r#"{"eye":[[[0,0,1,0],[0,0,1e999,0]]]}"#, "number out of range"),
        (
            r#"{"eye":[[[0,0,1,0],[0,0,0,0]],[[2,0,3,0],[0,0,0,0]]]}"#,
            r#"segment 1: it begins at (2, 0), but the segment before it ends at (1, 0)"#,
        ),
        (r#"{"eye":[[[5,1,5,-1],[5,0,5,1]]]}"#, r#"shape "eye": a closed shape needs at least 2 segments"#),
        (r#"{"eye":[]}"#, r#"shape "eye": a closed shape needs at least 2 segments"#),
        (r#"{"points":[[1,2],[3]]}"#, "point 1: expected [x, y], found a list of 1"),
    ] {
        let message = CubicSegments::parse(text).expect_err(text).to_string();
        assert!(message.starts_with("cubic-segment JSON, ") && message.contains(said), "{text}: {message}");
    }
}

#[test]
fn huge_and_deep_files_are_refused_quickly() {
    let many = format!("{{\"points\":[{}[1,1]]}}", "[1,1],".repeat(MOST_POINTS));
    assert!(CubicSegments::parse(&many).expect_err("too many").to_string().contains("16385 points"));
    let long = " ".repeat(MOST_BYTES + 1);
    assert!(CubicSegments::parse(&long).expect_err("too long").to_string().contains("bytes, expected at most"));
    let deep = format!("{{\"eye\":{}", "[".repeat(100_000));
    assert!(CubicSegments::parse(&deep).expect_err("too deep").to_string().contains("recursion limit"));
}

#[test]
fn what_the_format_cannot_say_is_not_written() {
    let named = |name: &str, shape| CubicSegments { shapes: [(name.to_owned(), shape)].into(), points: None };
    assert!(named("points", blob(4)).write().is_err());
    let mut ring = blob(4).vertices().to_vec();
    ring.push(ring[0]);
    let ring = BezierShape::new(ring, false).expect("five vertices");
    assert!(named("ring", ring).write().expect_err("its ends meet").to_string().contains("move an end"));
    let mut short = blob(4).vertices()[..2].to_vec();
    short[1].anchor = short[0].anchor + Vec2::new(0.1, 0.0);
    let short = BezierShape::new(short, false).expect("two vertices");
    assert!(named("dot", short).write().expect_err("its ends meet").to_string().contains("move an end"));
    let origin = CubicSegments { points: Some(vec![None, Some(Point::ZERO)]), ..CubicSegments::default() };
    assert!(origin.write().expect_err("(0, 0)").to_string().contains("point 1: (0, 0)"));
}

#[test]
fn what_is_too_much_to_be_read_is_not_written() {
    let frame = |shape: &BezierShape, count: usize| {
        let shapes = (0..count).map(|k| (format!("shape {k}"), shape.clone())).collect();
        CubicSegments { shapes, points: None }
    };
    let points = |points: Vec<Point>| CubicSegments {
        points: Some(points.into_iter().map(Some).collect()),
        ..CubicSegments::default()
    };
    let mut far = blob(3).vertices().to_vec();
    far[1].outgoing.y = -1.1e7;
    let far = BezierShape::new(far, true).expect("finite");
    for (refused, said) in [
        (frame(&far, 1), r#"shape "shape 0", segment 1: the coordinate -11000000 is farther out than 10000000 px"#),
        (frame(&blob(4097), 1), r#"shape "shape 0": it has 4097 segments, expected at most 4096"#),
        (frame(&blob(3), 1025), "file: it has 1025 keys, expected at most 1024"),
        (CubicSegments { points: Some(vec![]), ..frame(&blob(3), 1024) }, "file: it has 1025 keys"),
        (frame(&blob(4096), 20), "bytes, expected at most 4194304"),
        (points(vec![Point::new(1.0, 1.0); 16_385]), r#""points": it has 16385 points, expected at most 16384"#),
        (points(vec![Point::new(2.0, 1e8)]), "point 0: the coordinate 100000000 is farther out"),
        (points(vec![Point::new(f64::NAN, 1.0)]), "point 0: the coordinate NaN is farther out"),
    ] {
        let message = refused.write().expect_err(said).to_string();
        assert!(message.contains(said), "{message}");
    }
    let most = CubicSegments { points: points(vec![Point::new(-1e7, 1e7); 16_384]).points, ..frame(&blob(3), 1023) };
    assert_eq!(
        CubicSegments::parse(&most.write().expect("as much as may be")).expect("what was written").shapes.len(),
        1023
    );
}

fn hostile() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<f64>().prop_map(|number| json!(number)),
        Just(Value::Null),
        Just(json!([[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]])),
        "\\PC{0,3}".prop_map(Value::String),
    ];
    let value = leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::btree_map("points|eye|\\PC{0,9}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    prop_oneof![value.prop_map(|value| value.to_string()), "\\PC{0,60}"]
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in hostile()) {
        if let Ok(frame) = CubicSegments::parse(&text) {
            let _ = frame.write();
        }
    }

    #[test]
    fn a_damaged_file_is_read_or_refused(cut in 0_usize..2000, at in 0_usize..2000, with in "[\\[\\]{},\":0-9e.-]") {
        let short: String = TEST.chars().take(TEST.len().saturating_sub(cut)).collect();
        let _ = CubicSegments::parse(&short);
        let mut changed: Vec<char> = TEST.chars().collect();
        let count = changed.len();
        changed[at % count] = with.chars().next().unwrap_or(' ');
        let _ = CubicSegments::parse(&changed.into_iter().collect::<String>());
    }

    #[test]
    fn any_shape_that_can_be_written_comes_back(count in 2_usize..20, closed: bool, gap in 0.0..0.3) {
        let mut vertices = blob(count).vertices().to_vec();
        if !closed {
            // Ends that meet, almost meet and do not: the format has handles only where a segment is.
            vertices[count - 1].anchor = vertices[0].anchor + Vec2::new(gap, 0.0);
            (vertices[0].incoming, vertices[count - 1].outgoing) = (Vec2::ZERO, Vec2::ZERO);
        }
        let shape = BezierShape::new(vertices, closed).expect("two vertices or more");
        let frame = CubicSegments { shapes: [("a".to_owned(), shape)].into(), points: None };
        let Ok(text) = frame.write() else {
            prop_assert!(!closed && gap <= JOINED_PX + 1e-9);
            return Ok(());
        };
        let back = CubicSegments::parse(&text).expect("what was written");
        prop_assert_eq!(back.shapes["a"].is_closed(), closed);
        let (one, other) = (back.shapes["a"].vertices(), frame.shapes["a"].vertices());
        prop_assert_eq!(one.len(), count);
        let same = |(a, b): (&Vertex, &Vertex)| {
            let handles = (a.incoming - b.incoming).hypot() + (a.outgoing - b.outgoing).hypot();
            handles + a.anchor.distance(b.anchor) < 1e-9
        };
        prop_assert!(one.iter().zip(other).all(same));
    }
}
