use crate::{Error, Result, Topology, VertexSpec};

/// What stored positions must know of a topology to tell that it is still the same one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outline {
    /// The topology's name.
    pub(crate) topology: String,
    /// Number of landmarks.
    pub(crate) landmarks: usize,
    /// The vertices of each shape.
    pub(crate) shapes: Vec<Vec<VertexSpec>>,
}

impl Outline {
    pub(crate) fn of(topology: &Topology) -> Self {
        Self {
            topology: topology.name().to_owned(),
            landmarks: topology.landmarks().len(),
            shapes: topology.shapes().iter().map(|shape| shape.vertices.clone()).collect(),
        }
    }

    /// # Errors
    /// [`Error::Mismatch`] when `what` was made with another topology than `topology`.
    pub(crate) fn check(&self, what: &str, topology: &Topology) -> Result<()> {
        let expected = Self::of(topology);
        match *self == expected {
            true => Ok(()),
            false => Err(Error::Mismatch {
                what: format!("topology of the {what}"),
                expected: expected.to_string(),
                found: self.to_string(),
            }),
        }
    }

    pub(crate) fn check_landmark(&self, landmark: usize) -> Result<()> {
        self.check_index(landmark, self.landmarks, || format!("landmark {landmark}"))
    }

    pub(crate) fn check_shape(&self, shape: usize) -> Result<()> {
        self.check_index(shape, self.shapes.len(), || format!("shape {shape}"))
    }

    /// The vertex at (shape, vertex).
    pub(crate) fn vertex(&self, (shape, vertex): (usize, usize)) -> Result<VertexSpec> {
        self.check_shape(shape)?;
        self.check_index(vertex, self.shapes[shape].len(), || format!("vertex {vertex} of shape {shape}"))?;
        Ok(self.shapes[shape][vertex])
    }

    fn check_index(&self, index: usize, count: usize, what: impl FnOnce() -> String) -> Result<()> {
        match index < count {
            true => Ok(()),
            false => Err(Error::NoSuchPoint { what: what(), topology: self.topology.clone(), count }),
        }
    }
}

impl std::fmt::Display for Outline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let vertices: usize = self.shapes.iter().map(Vec::len).sum();
        let (name, landmarks, shapes) = (&self.topology, self.landmarks, self.shapes.len());
        write!(f, "\"{name}\" with {landmarks} landmarks and {shapes} shapes of {vertices} vertices")
    }
}
