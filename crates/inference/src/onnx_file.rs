//! An ONNX file's outermost layers, looked at before ONNX Runtime parses it: it says less of a damaged file, and it would
//! fetch weights from files that nobody hashed.
//!
//! Field numbers are those of onnx.proto3: a model holds a graph (7), a graph its initializers (5), an initializer its
//! place (14) and the file that it lies in (13).

const GRAPH: u64 = 7;
const INITIALIZER: u64 = 5;
const EXTERNAL_DATA: u64 = 13;
const DATA_LOCATION: u64 = 14;

/// Checks that `bytes` are one whole model with its weights inside.
///
/// # Errors
/// In words, with what to do.
pub fn check(bytes: &[u8]) -> Result<(), String> {
    let mut graphs = 0;
    for field in Fields(bytes) {
        let (number, content) = field.map_err(|fault| match fault {
            Fault::CutOff => "it is truncated, or no ONNX file".to_owned(),
            Fault::Foreign => "it is no ONNX file".to_owned(),
        })?;
        if let (GRAPH, Content::Bytes(graph)) = (number, content) {
            graphs += 1;
            check_graph(graph)?;
        }
    }
    if graphs == 1 { Ok(()) } else { Err("it is no ONNX file: there is no network in it".to_owned()) }
}

fn check_graph(graph: &[u8]) -> Result<(), String> {
    for field in Fields(graph) {
        let (number, content) = field.map_err(|_| "the network in it is damaged".to_owned())?;
        let (INITIALIZER, Content::Bytes(tensor)) = (number, content) else { continue };
        for field in Fields(tensor) {
            match field.map_err(|_| "a weight in it is damaged".to_owned())? {
                (EXTERNAL_DATA, _) | (DATA_LOCATION, Content::Number(1..)) => {
                    return Err(
                        "its weights lie in another file; export it as one file with the weights inside".to_owned()
                    );
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// What a field holds, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Content<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// A length reaches past the end.
    CutOff,
    /// What no protocol buffer holds.
    Foreign,
}

/// The fields of a message in protocol-buffer encoding, one after the other; the first fault is the last item.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Content<'a>), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Result<(u64, Content<'a>), Fault> {
        let tag = self.varint()?;
        let content = match tag & 7 {
            0 => Content::Number(self.varint()?),
            1 => self.take(8).map(|_| Content::Fixed)?,
            2 => {
                let length = self.varint()?;
                Content::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Content::Fixed)?,
            _ => return Err(Fault::Foreign),
        };
        if tag >> 3 == 0 { Err(Fault::Foreign) } else { Ok((tag >> 3, content)) }
    }

    fn varint(&mut self) -> Result<u64, Fault> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (first, rest) = self.0.split_first().ok_or(Fault::CutOff)?;
            self.0 = rest;
            value |= u64::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Fault::Foreign)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Fault> {
        let length = usize::try_from(length).map_err(|_| Fault::CutOff)?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Fault::CutOff)?;
        self.0 = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of bytes.
    fn bytes(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, content.len() as u8][..], content].concat()
    }

    /// A model of one graph with one initializer.
    fn model(tensor: &[u8]) -> Vec<u8> {
        [&[8, 10][..], &bytes(7, &bytes(5, tensor))].concat()
    }

    #[test]
    fn a_whole_model_passes_and_any_part_of_it_does_not() {
        let whole = model(&[16, 1, 0x21, 1, 2, 3, 4, 5, 6, 7, 8, 0x25, 1, 2, 3, 4]);
        assert_eq!(check(&whole), Ok(()));
        for length in 0..whole.len() {
            assert!(check(&whole[..length]).is_err(), "{length} of {} bytes", whole.len());
        }
    }

    #[test]
    fn what_is_no_model_is_told_from_what_was_cut() {
        for foreign in [&b"this is text"[..], &[0; 64], b"\x89PNG\r\n\x1a\n", &[0xff; 32], b"", &[8, 10]] {
            let told = check(foreign).unwrap_err();
            assert!(told.contains("no ONNX file"), "{foreign:?}: {told}");
        }
        assert!(check(&[58, 100, 1, 2]).unwrap_err().contains("truncated"));
        assert!(check(&bytes(7, &[42, 9, 1])).unwrap_err().contains("network in it is damaged"));
        assert!(check(&model(&[42, 9, 1])).unwrap_err().contains("weight in it is damaged"));
    }

    #[test]
    fn weights_in_other_files_are_refused_and_weights_inside_are_not() {
        assert_eq!(check(&model(&[112, 0])), Ok(()));
        assert!(check(&model(&[112, 1])).unwrap_err().contains("another file"));
        assert!(check(&model(&bytes(13, b"x"))).unwrap_err().contains("another file"));
    }
}
