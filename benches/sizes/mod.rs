//! The sizes that ToneSegment is measured at, and what the network sees of each.

/// A size to measure at.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// As in the tables.
    pub name: &'static str,
    /// In pixels.
    pub width: i32,
    /// In pixels.
    pub height: i32,
}

impl Size {
    /// Pixels of the frame.
    #[allow(dead_code)] // not every bench counts them
    pub fn pixels(self) -> f64 {
        f64::from(self.width) * f64::from(self.height)
    }

    /// Width and height of the picture that the network sees, as the node comes: `working_size` 640, at most twice enlarged.
    pub fn network(self) -> (usize, usize) {
        let scale = (640.0 / f64::from(self.width.max(self.height))).min(2.0);
        let scaled = |side: i32| (f64::from(side) * scale).round() as usize;
        (scaled(self.width), scaled(self.height))
    }
}

/// The sizes of the tables.
pub const SIZES: [Size; 3] = [
    Size { name: "512²", width: 512, height: 512 },
    Size { name: "1080p", width: 1920, height: 1080 },
    Size { name: "4K", width: 3840, height: 2160 },
];
