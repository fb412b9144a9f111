//! What overlays draw, as plain values: lists that tests compare, that [`DrawList::rasterized`] turns into a picture,
//! and that every back end replays.
//!
//! Positions are canonical, y up; line widths and the size of text are pixels of the screen.

mod glyphs;
mod mesh;
mod raster;

#[cfg(feature = "plugin")]
pub(crate) use mesh::{Vertex, mesh};
pub use raster::{Picture, Viewport};

/// A color as it is shown, 0-1, not premultiplied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Color {
    /// Red.
    pub r: f32,
    /// Green.
    pub g: f32,
    /// Blue.
    pub b: f32,
    /// Opacity.
    pub a: f32,
}

impl Color {
    /// Opaque white.
    pub const WHITE: Self = Self::rgb(1.0, 1.0, 1.0);

    /// Opaque black.
    pub const BLACK: Self = Self::rgb(0.0, 0.0, 0.0);

    /// An opaque color.
    pub const fn rgb(r: f32, g: f32, b: f32) -> Self {
        Self { r, g, b, a: 1.0 }
    }

    /// The same color with another opacity, 0-1.
    pub const fn with_alpha(self, a: f32) -> Self {
        Self { a, ..self }
    }

    pub(crate) const fn to_array(self) -> [f32; 4] {
        [self.r, self.g, self.b, self.a]
    }
}

/// One thing that is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Primitive {
    /// A line through points.
    Line {
        /// Canonical positions, at least two.
        points: Vec<[f64; 2]>,
        /// Whether it ends where it began.
        closed: bool,
        /// Pixels of the screen.
        width: f32,
        /// Its color.
        color: Color,
    },
    /// A filled convex polygon.
    Polygon {
        /// Canonical positions, at least three.
        points: Vec<[f64; 2]>,
        /// Its color.
        color: Color,
    },
    /// A line of text.
    Text {
        /// The canonical position of the left end of the baseline.
        at: [f64; 2],
        /// What it says.
        text: String,
        /// How often each pixel of the font is repeated; a character is 8 pixels wide and high.
        scale: u32,
        /// Its color.
        color: Color,
    },
}

impl Primitive {
    /// Its color.
    pub fn color(&self) -> Color {
        match self {
            Self::Line { color, .. } | Self::Polygon { color, .. } | Self::Text { color, .. } => *color,
        }
    }

    /// Its canonical positions.
    pub fn points(&self) -> &[[f64; 2]] {
        match self {
            Self::Line { points, .. } | Self::Polygon { points, .. } => points,
            Self::Text { at, .. } => std::slice::from_ref(at),
        }
    }

    /// The mean of its positions.
    pub fn center(&self) -> [f64; 2] {
        let points = self.points();
        let count = points.len().max(1) as f64;
        [0, 1].map(|axis| points.iter().map(|p| p[axis]).sum::<f64>() / count)
    }
}

/// What was drawn, the lowest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DrawList {
    /// One after the other.
    pub primitives: Vec<Primitive>,
}

impl DrawList {
    /// Every text, in order; shadows are texts too.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.primitives.iter().filter_map(|primitive| match primitive {
            Primitive::Text { text, .. } => Some(text.as_str()),
            Primitive::Line { .. } | Primitive::Polygon { .. } => None,
        })
    }

    /// The primitives of a color, whatever their opacity.
    pub fn of_color(&self, color: Color) -> impl Iterator<Item = &Primitive> {
        self.primitives.iter().filter(move |p| p.color().with_alpha(1.0) == color.with_alpha(1.0))
    }
}
