//! What the program does before and between the runs of libFuzzer.

use std::path::Path;
use std::process::exit;
use std::sync::OnceLock;
use std::{env, fs, io};

use crate::{TARGETS, Target};

static CHOSEN: OnceLock<&Target> = OnceLock::new();

/// Finds the target that ROTOCEL_FUZZ_TARGET names, and writes its seeds and words. Ends the program where there is none,
/// with a list of the names.
pub fn begin() {
    let Ok(name) = env::var("ROTOCEL_FUZZ_TARGET") else {
        TARGETS.iter().for_each(|target| println!("{}", target.name));
        exit(0);
    };
    let Some(target) = Target::of_name(&name) else {
        eprintln!("there is no target {name}; without ROTOCEL_FUZZ_TARGET the program lists them");
        exit(2);
    };
    headless::frames::hush_decoders();
    if let Some(folder) = env::var_os("ROTOCEL_FUZZ_FOLDER") {
        let folder = Path::new(&folder);
        if let Err(error) = write_seeds(target, folder) {
            eprintln!("{}: {error}", folder.display());
            exit(2);
        }
    }
    CHOSEN.get_or_init(|| target);
}

/// The target that [`begin`] found; the first one before that.
pub fn target() -> &'static Target {
    CHOSEN.get().copied().unwrap_or(&TARGETS[0])
}

fn write_seeds(target: &Target, folder: &Path) -> io::Result<()> {
    let seeds = folder.join("seeds");
    fs::create_dir_all(&seeds)?;
    for (index, seed) in (target.seeds)().iter().enumerate() {
        fs::write(seeds.join(format!("{index:02}")), seed)?;
    }
    let words: Vec<String> = target.words.iter().map(|word| quoted(word)).collect();
    fs::write(folder.join("words.dict"), words.concat())
}

/// A line of libFuzzer's dictionaries.
fn quoted(word: &[u8]) -> String {
    let hex: String = word.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    format!("\"{hex}\"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_and_words_are_written_as_libfuzzer_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::of_name("nuke_roto").unwrap();
        write_seeds(target, folder.path()).unwrap();
        let seeds = fs::read_dir(folder.path().join("seeds")).unwrap();
        assert_eq!(seeds.count(), (target.seeds)().len());
        let words = fs::read_to_string(folder.path().join("words.dict")).unwrap();
        assert_eq!(words.lines().next(), Some("\"\\x7b\""));
        assert_eq!(words.lines().count(), target.words.len());
    }
}
