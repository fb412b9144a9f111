//! `rotocel merge` as a farm's script sees it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use kurbo::{Point, Rect};
use roto::{Analysis, Edits, FrameAnalysis, Landmark, LandmarkSet, Plate, Topology};

const PLATE: Plate = Plate { x1: 0.0, y2: 1566.0, width: 2348.0, height: 1566.0, pixel_aspect: 1.0 };

fn rotocel(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_rotocel")).args(arguments).current_dir(folder).output().expect("it starts");
    let said = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    (status.code().expect("it was not killed"), said)
}

fn chunk(frames: std::ops::RangeInclusive<i64>, shift: f64) -> Analysis {
    let topology = Topology::puppet().expect("shipped");
    let mut analysis = Analysis::new(&topology, "puppet_landmarks 0123", PLATE).expect("a plate");
    for frame in frames {
        let seen = (0..45).map(|k| Landmark::visible(Point::new(frame as f64 + shift, f64::from(k))));
        let landmarks = LandmarkSet::new(seen.collect()).expect("in range");
        let (presence, crop) = (vec![1.0; 9], Rect::new(0.0, 0.0, 400.0, 400.0));
        analysis
            .insert(frame, FrameAnalysis { landmarks, presence, crop, picture: 5, settings: Default::default() })
            .expect("it belongs");
    }
    analysis
}

#[test]
fn chunks_of_a_farm_become_one_file_or_none() {
    let dir = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: String| fs::write(dir.path().join(name), text).expect("written");
    write("a.json", chunk(1001..=1010, 0.0).write().expect("a string"));
    write("b.json", chunk(1010..=1020, 0.0).write().expect("a string"));
    write("c.json", chunk(1020..=1021, 0.5).write().expect("a string"));
    let (code, said) = rotocel(dir.path(), &["merge", "a.json", "b.json", "-o", "all.json"]);
    assert_eq!((code, said.as_str()), (0, "all.json: frames 1001-1020 of 2 files\n"));
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).expect("a file");
    assert_eq!(Analysis::parse(&read("all.json")), Ok(chunk(1001..=1020, 0.0)));

    let before = read("all.json");
    let (code, said) = rotocel(dir.path(), &["merge", "all.json", "c.json", "-o", "all.json"]);
    assert!(code == 2 && said.contains("frame 1020 stands in two of them, and they differ"), "{code} {said}");
    write(
        "edits.json",
        Edits::new(&Topology::puppet().expect("shipped"), PLATE).and_then(|e| e.write()).expect("a string"),
    );
    let (code, said) = rotocel(dir.path(), &["merge", "all.json", "edits.json", "-o", "all.json"]);
    assert!(code == 2 && said.contains("merge each kind by itself"), "{code} {said}");
    write("cut.json", before[..before.len() / 2].to_owned());
    let (code, said) = rotocel(dir.path(), &["merge", "all.json", "cut.json", "-o", "all.json"]);
    assert!(code == 3 && said.contains("cannot read cut.json: stored analysis"), "{code} {said}");
    assert_eq!(read("all.json"), before, "what was there is whole");
    let (code, said) = rotocel(dir.path(), &["merge", "edits.json", "-o", "same.json"]);
    assert_eq!((code, said.as_str()), (0, "same.json: no frame of 1 files\n"));
}
