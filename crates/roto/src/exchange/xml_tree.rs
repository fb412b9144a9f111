//! XML as nested elements, by a reader that is not ours, for the tests of what is written.

use std::collections::BTreeMap;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// An element with what is in it.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) children: Vec<Element>,
    pub(super) text: String,
}

impl Element {
    fn begun(start: &BytesStart) -> Self {
        let attributes = start.attributes().map(|found| {
            let found = found.expect("an attribute");
            let value = found.normalized_value(XmlVersion::Implicit1_0).expect("entities");
            (found.key.as_ref().to_owned(), value.into_owned())
        });
        let name = start.name().as_ref().to_owned();
        Self { name, attributes: attributes.collect(), ..Self::default() }
    }

    /// The elements of this name at any depth, in order.
    pub(super) fn all<'e>(&'e self, name: &str) -> Vec<&'e Element> {
        let inner = self.children.iter().flat_map(|child| child.all(name));
        let own = (self.name == name).then_some(self);
        own.into_iter().chain(inner).collect()
    }

    /// An attribute that must be there.
    #[track_caller]
    pub(super) fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).unwrap_or_else(|| panic!("{} has no {name}: {:?}", self.name, self.attributes))
    }
}

/// The root element of a document.
pub(super) fn parse(text: &str) -> Element {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(start) => open.push(Element::begun(&start)),
            Event::Empty(start) => open.last_mut().expect("a root").children.push(Element::begun(&start)),
            Event::End(_) => {
                let done = open.pop().expect("matched by the reader");
                open.last_mut().expect("a root").children.push(done);
            }
            Event::Text(text) => open.last_mut().expect("a root").text.push_str(&text),
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(open.len(), 1, "an element is not closed");
    open.remove(0).children.remove(0)
}
