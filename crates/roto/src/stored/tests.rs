use std::io::Write as _;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use kurbo::{Point, Vec2};
use serde_json::{Value, json};

use crate::fixture::{PLATE, mouth, mouth_analysis};
use crate::{Analysis, Edits, FrameAnalysis, LandmarkSet, Topology, VertexEdit};

fn edits() -> Edits {
    let mut edits = Edits::new(&mouth(), PLATE).expect("a plate");
    edits.set_landmark(1001, 3, Point::new(1.0 / 3.0, -7.5)).expect("in range");
    let edit = VertexEdit { anchor: Some(Point::new(3.0, 4.0)), incoming: Some(Vec2::new(-1.0, 0.25)), outgoing: None };
    edits.set_vertex(1001, (2, 0), edit).expect("in range");
    edits.set_presence(-3, 1, false).expect("in range");
    edits
}

fn block(json: &[u8]) -> String {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(json).expect("memory");
    STANDARD.encode(zlib.finish().expect("memory"))
}

/// The stored edits with a field changed.
fn changed(change: impl FnOnce(&mut Value)) -> String {
    let mut value = serde_json::from_str(&edits().write().expect("a string")).expect("json");
    change(&mut value);
    value.to_string()
}

fn refused(text: &str) -> String {
    Edits::parse(text).expect_err("it is damaged").to_string()
}

#[test]
fn what_was_written_is_read_again_and_writes_the_same() {
    let (analysis, edits) = (mouth_analysis(-2..=30, 1), edits());
    let (first, second) = (analysis.write().expect("a string"), edits.write().expect("a string"));
    let (read, corrected) = (Analysis::parse(&first).expect("ours"), Edits::parse(&second).expect("ours"));
    assert_eq!((&read, &corrected), (&analysis, &edits));
    assert_eq!((read.write().expect("again"), corrected.write().expect("again")), (first, second));
    assert_eq!((read.topology(), read.model(), *read.plate()), ("mouth", "mouth 1", PLATE));
    let frame = corrected.frame(1001).expect("edited");
    assert_eq!(frame.landmarks[&3], Point::new(0.333, -7.5), "a thousandth of a pixel is kept");
}

#[test]
fn a_block_is_what_the_documentation_says() {
    let stored: Value = serde_json::from_str(&edits().write().expect("a string")).expect("json");
    let packed = STANDARD.decode(stored["frames"]["1001"].as_str().expect("a block")).expect("base64");
    let frame: Value = serde_json::from_reader(flate2::read::ZlibDecoder::new(&*packed)).expect("zlib of json");
    let expected = json!({
        "landmarks": { "3": [0.333, -7.5] },
        "vertices": { "2": { "0": { "anchor": [3.0, 4.0], "incoming": [-1.0, 0.25] } } },
    });
    assert_eq!((frame, &stored["topology"], &stored["format"]), (expected, &json!("mouth"), &json!("rotocel-edits-2")));
    assert!(stored["shapes"].as_str().expect("words").ends_with(", free 10 free"), "{}", stored["shapes"]);
}

#[test]
fn an_edit_leaves_the_blocks_of_all_other_frames_as_they_were() {
    // A block that nobody would write, so that one which is compressed anew differs.
    let odd = block(br#"  {"landmarks": {"5": [1, 2]}}  "#);
    let text = changed(|stored| stored["frames"]["7"] = json!(odd));
    let mut edits = Edits::parse(&text).expect("ours");
    edits.set_landmark(1001, 3, Point::ORIGIN).expect("in range");
    let written: Value = serde_json::from_str(&edits.write().expect("a string")).expect("json");
    assert_eq!(written["frames"]["7"], json!(odd));
    edits.set_landmark(7, 6, Point::ORIGIN).expect("in range");
    let written: Value = serde_json::from_str(&edits.write().expect("a string")).expect("json");
    assert_ne!(written["frames"]["7"], json!(odd));
}

#[test]
fn damage_is_named_with_its_frame() {
    for (block_text, said) in [
        ("%%%".to_owned(), "stored edits, frame 7: the block is not base64"),
        (STANDARD.encode("not zlib"), "stored edits, frame 7: the block cannot be inflated"),
        (block(b"{\"landmarks\": "), "stored edits, frame 7: EOF while parsing"),
        (block(b"{\"depth\": 1}"), "stored edits, frame 7: unknown field `depth`"),
        (block(b"{\"landmarks\": {\"11\": [0, 0]}}"), "frame 7: there is no landmark 11: topology \"mouth\" has 11"),
        (block(b"{\"vertices\": {\"1\": {\"4\": {}}}}"), "frame 7: there is no vertex 4 of shape 1"),
        (block(b"{\"presence\": {\"3\": true}}"), "frame 7: there is no shape 3"),
        (block(b"{\"landmarks\": {\"1\": [1e300, 0]}}"), "frame 7: coordinate of a stored point is 1"),
        (block(b"{\"landmarks\": {\"1\": [1e999, 0]}}"), "frame 7: number out of range"),
    ] {
        let message = refused(&changed(|stored| stored["frames"]["7"] = json!(block_text)));
        assert!(message.contains(said), "{message}\n{said}");
    }
    let cut = block(br#"{"landmarks": {"5": [1, 2]}}"#);
    let message = refused(&changed(|stored| stored["frames"]["7"] = json!(cut[..cut.len() - 8])));
    assert!(message.contains("frame 7: the block cannot be inflated"), "{message}");
}

/// Nuke takes brackets, `$` and `\` in a node's text for its command language.
#[test]
fn no_string_holds_what_nuke_takes_for_a_command_and_those_that_did_are_read() {
    let (analysis, edits) = (mouth_analysis(1..=3, 1), edits());
    for text in [analysis.write().expect("a string"), edits.write().expect("a string")] {
        assert!(!text.contains(['[', ']', '$', '\\']), "{text}");
    }
    let mut older: Value = serde_json::from_str(&analysis.write().expect("a string")).expect("json");
    let vertex = |word: &str| word.parse::<u64>().map_or_else(|_| json!(word), |index| json!(index));
    let words = older["shapes"].as_str().expect("words").to_owned();
    let lists = words.split(", ").map(|shape| shape.split(' ').map(vertex).collect::<Vec<_>>());
    older["shapes"] = json!(lists.collect::<Vec<_>>());
    older["format"] = json!("rotocel-analysis-1");
    assert_eq!(Analysis::parse(&older.to_string()).expect("version 1"), analysis);
    assert!(refused(&changed(|stored| stored["shapes"] = json!("0 1, two"))).contains("a vertex is \"two\""));
    assert!(refused(&changed(|stored| stored["shapes"] = json!(7))).contains("no words and no lists"));
}

#[test]
fn a_string_that_is_not_ours_is_told_from_one_that_is_damaged() {
    assert!(refused("").contains("stored edits: EOF while parsing"));
    assert!(refused("[]").contains("stored edits: "));
    let whole = edits().write().expect("a string");
    for end in (0..whole.len()).step_by(17) {
        assert!(Edits::parse(&whole[..end]).is_err(), "cut at {end}");
    }
    let analysis = mouth_analysis(1..=2, 0).write().expect("a string");
    assert!(refused(&analysis).contains("its format is \"rotocel-analysis-2\", expected \"rotocel-edits-2\""));
    let later = changed(|stored| stored["format"] = json!("rotocel-edits-3"));
    assert!(refused(&later).contains("of a later version of Rotocel"));
    assert!(refused(&changed(|stored| stored["color"] = json!(1))).contains("unknown field `color`"));
    assert!(refused(&changed(|stored| stored["model"] = json!("m"))).contains("no field \"model\""));
    assert!(refused(&changed(|stored| stored["plate"]["width"] = json!(-1))).contains("width of the plate is -1"));
    assert!(refused(&changed(|stored| stored["landmarks"] = json!(4))).contains("a shape names landmark 4"));
    assert!(refused(&changed(|stored| stored["frames"] = json!({"x": ""}))).contains("stored edits: "));
    let twice = whole.replacen("\"frames\":{", &format!("\"frames\":{{\"7\":\"{0}\",\"7\":\"{0}\",", block(b"{}")), 1);
    assert!(refused(&twice).contains("frame 7 stands twice"));
}

#[test]
fn hostile_sizes_are_refused_soon() {
    let start = Instant::now();
    let bomb = block(&vec![b' '; 200 << 20]);
    assert!(bomb.len() < 300 << 10);
    assert!(refused(&changed(|stored| stored["frames"]["7"] = json!(bomb))).contains("larger than 1024 KiB"));
    // Each block is within its limit, all together are not.
    let large = block(&[&[b' '; (1 << 20) - 2][..], b"{}"].concat());
    let frames: serde_json::Map<_, _> = (0..300).map(|frame| (frame.to_string(), json!(large))).collect();
    assert!(refused(&changed(|stored| stored["frames"] = frames.into())).contains("larger than 256 MiB"));
    let small = block(b"{}");
    let frames: Vec<String> = (0..1_000_000).map(|frame| format!("\"{frame}\":\"{small}\"")).collect();
    let million = changed(|stored| stored["frames"] = json!({}));
    let million = million.replacen("\"frames\":{", &format!("\"frames\":{{{}", frames.join(",")), 1);
    assert!(refused(&million).contains("more than 100000 frames"));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for field in ["frames", "shapes", "format", "unknown"] {
        let nested = format!("{{\"format\":\"rotocel-edits-1\",\"{field}\":{deep}}}");
        assert!(refused(&nested).len() < 300, "{field}");
    }
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn a_thousand_frames_of_a_face_are_read_in_well_under_a_second() {
    let topology = Topology::puppet().expect("shipped");
    let mut analysis = Analysis::new(&topology, "puppet_landmarks 0123", PLATE).expect("a plate");
    for frame in 1..=1000 {
        let wave = |k: u32| f64::from(k) * 31.7 + 40.0 * (0.1 * frame as f64 + 1.7 * f64::from(k)).sin();
        let seen = (0..45).map(|k| crate::Landmark {
            confidence: (0.5 + 0.5 * wave(k).sin()).clamp(0.0, 1.0),
            ..crate::Landmark::visible(Point::new(wave(k), wave(k + 50)))
        });
        let landmarks = LandmarkSet::new(seen.collect()).expect("in range");
        let (presence, crop) = (vec![0.987; 9], kurbo::Rect::new(1.5, 2.5, 401.5, 402.5));
        analysis
            .insert(frame, FrameAnalysis { landmarks, presence, crop, picture: !0, settings: Default::default() })
            .expect("it belongs");
    }
    let start = Instant::now();
    let text = analysis.write().expect("a string");
    let (written, start) = (start.elapsed(), Instant::now());
    let mut read = Analysis::parse(&text).expect("ours");
    let (loaded, start) = (start.elapsed(), Instant::now());
    let frame = read.frame(500).expect("analysed").clone();
    read.insert(500, FrameAnalysis { picture: 1, ..frame }).expect("it belongs");
    let again = read.write().expect("a string");
    let edited = start.elapsed();
    println!(
        "1,000 frames: {} kB, written in {written:?}, read in {loaded:?}, one changed in {edited:?}",
        text.len() / 1000
    );
    assert_ne!(again, text);
    assert!(text.len() < 2_000_000, "{}", text.len());
    assert!(loaded < Duration::from_secs(1) && edited * 4 < written, "{loaded:?} {edited:?} {written:?}");
}

#[test]
fn numbers_out_of_range_never_get_into_a_string() {
    let mut edits = edits();
    let before = edits.clone();
    assert!(edits.set_landmark(1, 0, Point::new(f64::NAN, 0.0)).is_err());
    assert!(edits.set_landmark(1, 11, Point::ORIGIN).is_err());
    assert!(edits.set_vertex(1, (3, 0), VertexEdit::default()).is_err());
    let far = VertexEdit { outgoing: Some(Vec2::new(0.0, -1e9)), incoming: Some(Vec2::ZERO), anchor: None };
    assert!(edits.set_vertex(1, (2, 0), far).is_err());
    assert!(edits.set_presence(1, 3, true).is_err());
    assert_eq!(edits, before);
    let mut analysis = mouth_analysis(1..=1, 0);
    let found = analysis.frame(1).expect("analysed").clone();
    for wrong in [
        FrameAnalysis { presence: vec![0.5; 2], ..found.clone() },
        FrameAnalysis { presence: vec![0.5, 1.5, 0.5], ..found.clone() },
        FrameAnalysis { landmarks: LandmarkSet::missing(10), ..found.clone() },
        FrameAnalysis { crop: kurbo::Rect::new(f64::NEG_INFINITY, 0.0, 1.0, 1.0), ..found.clone() },
    ] {
        assert!(analysis.insert(1, wrong).is_err());
    }
    assert_eq!(analysis.frame(1), Some(&found));
}
