//! An ONNX file's outermost layers, looked at before ONNX Runtime parses it: it says less of a damaged file, and it would
//! fetch weights from files that nobody hashed.
//!
//! Field numbers are those of onnx.proto3.

const GRAPH: u64 = 7;
const FUNCTION: u64 = 25;
const EXTERNAL_DATA: u64 = 13;
const DATA_LOCATION: u64 = 14;

/// Parts within parts: three for each network that is a branch of another.
const MOST_DEPTH: usize = 32;

/// Parts of a model in which a weight may lie.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Graph,
    Node,
    Attribute,
    Function,
    Sparse,
    Tensor,
}

impl Part {
    /// What a field of this part holds, as far as a weight may lie in it.
    fn within(self, field: u64) -> Option<Self> {
        match (self, field) {
            (Self::Graph, 1) | (Self::Function, 7) => Some(Self::Node),
            (Self::Graph, 5) | (Self::Attribute, 5 | 10) | (Self::Sparse, 1 | 2) => Some(Self::Tensor),
            (Self::Graph, 15) | (Self::Attribute, 22 | 23) => Some(Self::Sparse),
            (Self::Node, 5) | (Self::Function, 11) => Some(Self::Attribute),
            (Self::Attribute, 6 | 11) => Some(Self::Graph),
            _ => None,
        }
    }
}

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
        match (number, content) {
            (GRAPH, Content::Bytes(graph)) => {
                graphs += 1;
                check_part(Part::Graph, graph, 0)?;
            }
            (FUNCTION, Content::Bytes(function)) => check_part(Part::Function, function, 0)?,
            _ => {}
        }
    }
    if graphs == 1 { Ok(()) } else { Err("it is no ONNX file: there is no network in it".to_owned()) }
}

fn check_part(part: Part, bytes: &[u8], depth: usize) -> Result<(), String> {
    let damaged = if part == Part::Tensor { "a weight in it is damaged" } else { "the network in it is damaged" };
    if depth > MOST_DEPTH {
        return Err("networks lie in it within networks without end".to_owned());
    }
    for field in Fields(bytes) {
        match (part, field.map_err(|_| damaged.to_owned())?) {
            (Part::Tensor, (EXTERNAL_DATA, _) | (DATA_LOCATION, Content::Number(1..))) => {
                return Err("its weights lie in another file; export it as one file with the weights inside".to_owned());
            }
            (part, (number, Content::Bytes(inner))) => {
                if let Some(within) = part.within(number) {
                    check_part(within, inner, depth + 1)?;
                }
            }
            _ => {}
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

    #[test]
    fn weights_in_other_files_are_refused_wherever_in_the_model_they_are_asked_for() {
        let asks = bytes(13, b"x");
        let attribute = |content: &[u8]| bytes(1, &bytes(5, content));
        let branch = attribute(&bytes(6, &bytes(5, &asks)));
        for graph in [branch, attribute(&bytes(5, &asks)), bytes(15, &bytes(1, &asks))] {
            assert!(check(&bytes(7, &graph)).unwrap_err().contains("another file"), "{graph:?}");
        }
        // The number of a function takes two bytes.
        let nodes = bytes(7, &bytes(5, &bytes(5, &asks)));
        let function = [&[0xca, 1, nodes.len() as u8][..], &nodes].concat();
        assert!(check(&[function, model(&[112, 0])].concat()).unwrap_err().contains("another file"));
        let nested = |times: usize| (0..times).fold(vec![], |graph: Vec<u8>, _| attribute(&bytes(6, &graph)));
        assert_eq!(check(&bytes(7, &nested(10))), Ok(()));
        assert!(check(&bytes(7, &nested(15))).unwrap_err().contains("without end"));
    }
}
